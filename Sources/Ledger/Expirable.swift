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

/// The folders of originals.
public enum OriginalsFolder: String, Sendable, CaseIterable {
    case archive, quarantine
}
