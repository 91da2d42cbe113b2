internal import Files
internal import Intake
internal import Ledger
internal import Screening

/// One file name that appeared in the inbox, on its way to its one end.
struct Arrival: Sendable {
    let id: ScreeningID
    /// In the inbox.
    let path: RelativePath
    let received: Timestamp
    /// Readings begun without an end in earlier lives of the process.
    var attempts = 0
    /// It is judged as it is: nothing more is waited for.
    var isLast = false
    /// What lies beside it in the inbox; nil where that is not known.
    var beside: Beside?
    /// Someone may still write to it in the inbox.
    var isHeldOpen = false
    /// When this life of the process first took it up, on the monotonic clock: a clock that is set makes nothing older.
    var since: Duration?

    /// The day whose folders it belongs to.
    var day: String { received.day }
}

extension Arrival {
    /// A pending arrival of the ledger; nil where its path cannot be one (only after `forget`, which never touches what is pending).
    init?(_ row: ArrivalRow) {
        guard let path = row.path.flatMap(RelativePath.init(escaped:)) else { return nil }
        self.init(id: row.id, path: path, received: row.received, attempts: row.attempts)
    }
}
