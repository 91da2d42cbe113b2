public import Screening

/// An original that may be removed once it was kept long enough, if no report that names it stands.
public struct Expirable: Sendable, Hashable {
    /// The arrival.
    public var id: ScreeningID
    /// `archive/…` or `quarantine/…`.
    public var original: String
    /// Its size.
    public var bytes: Int
    /// When the arrival ended.
    public var finished: Timestamp
    /// Whether it ended before the limit that was asked for, by its own time and in the order of the audit.
    public var isOld: Bool
    /// Bundles, relative to the outbox, in whose place the original must stay while one of them is there: its own newest one if it
    /// measured something or found nothing, and those of such arrivals that used its reading again.
    public var standing: [String]

    /// As a database has it.
    package init(
        id: ScreeningID, original: String, bytes: Int, finished: Timestamp, isOld: Bool, standing: [String]
    ) {
        self.id = id
        self.original = original
        self.bytes = bytes
        self.finished = finished
        self.isOld = isOld
        self.standing = standing
    }
}

/// A piece of the originals that may be removed, in the order in which their arrivals ended.
public struct ExpirablePiece: Sendable, Hashable {
    /// None, where every end in this piece keeps its original.
    public var originals: [Expirable]
    /// The number of the audit's entry up to which was looked: the next piece is after it. Nil: there is no other.
    public var last: Int64?

    /// As a database has it.
    package init(originals: [Expirable], last: Int64?) { (self.originals, self.last) = (originals, last) }
}

/// What is old: what ended before a time by its own row, and in the order of the audit before the first entry that was written after that
/// time. A clock that stood in the past for a while makes nothing old.
public struct AgeLimit: Sendable, Hashable {
    /// By the rows.
    public var time: Timestamp
    /// The first entry that is younger.
    public var entry: Int64

    /// As a database has it.
    package init(time: Timestamp, entry: Int64) { (self.time, self.entry) = (time, entry) }
}

/// The folders of originals.
public enum OriginalsFolder: String, Sendable, CaseIterable {
    case archive, quarantine
}
