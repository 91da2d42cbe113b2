public import Ledger
internal import Screening

extension VisitReport {
    /// Images that a reader decides on, since the visit's result rests on them: of each eye the photograph that counts, or else the best
    /// one; photographs of an eye that nobody knows; frames with polyps, the largest first; and whatever else draws attention. What a reader
    /// rejected is none.
    public var counting: [ExaminedImage] {
        let ofEyes = eyes.compactMap { eye in eye.counts?.image ?? eye.others.map(\.image).first { $0.decision != .reject } }
        let others =
            unplaced + (endoscopy?.withPolyps ?? []) + ((endoscopy?.without ?? []) + rest).filter { !$0.attention.isEmpty }
        return ofEyes + others.filter { $0.decision != .reject }
    }
}

extension VisitRow {
    /// What a published visit has become: of its subject's visits as they are now, the one that shares most images with it. Nil where all of
    /// them went to another subject.
    public func current(among visits: [VisitGroup]) -> VisitGroup? {
        let own = Set(members.map(\.id))
        func shared(_ visit: VisitGroup) -> Int { visit.images.count { own.contains($0.id) } }
        return visits.max { shared($0) < shared($1) }.flatMap { shared($0) > 0 ? $0 : nil }
    }
}
