/// Where an arrival stands. All but `finished` are pending.
public enum ArrivalState: String, Sendable, Codable, CaseIterable {
    /// The row exists; the file is in the inbox, or on its way into the spool.
    case received
    /// The file is in the spool, its content and sidecar are known.
    case claimed
    /// A reading was begun and has not ended: if no reading runs, the process died in it.
    case reading
    /// Something that may come back is missing (space, a folder, the rest of the file): `ArrivalRow.waitsFor` names it.
    case waiting
    /// It has its one outcome.
    case finished

    /// The steps between the states; `ArrivalLedger` has a method for each.
    package enum Step: String {
        case claim, begin, wait, finish
    }

    /// Whether `step` may be taken from here. `isClaimed`: the file is known to be in the spool.
    package func allows(_ step: Step, isClaimed: Bool) -> Bool {
        switch (self, step) {
        case (.finished, _): false
        case (_, .wait), (_, .finish): true
        case (.received, .claim), (.waiting, .claim): true
        // From `reading` too: the process died in the attempt before.
        case (.claimed, .begin), (.reading, .begin): true
        case (.waiting, .begin): isClaimed
        case (.received, .begin), (.claimed, .claim), (.reading, .claim): false
        }
    }
}
