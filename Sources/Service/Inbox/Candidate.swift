internal import Files
internal import Screening

/// An entry of the inbox whose turn it is.
struct Candidate: Sendable, Hashable {
    /// In the inbox.
    let path: RelativePath
    /// What the file system says; nil where a pending arrival's file is there no more.
    let status: FileStatus?
    /// Its row in the ledger, where there is one already.
    let id: ScreeningID?
    /// When it was first seen.
    let received: Timestamp
    /// It is judged as it is: nothing more is waited for.
    let isLast: Bool
    /// What lies beside it; nil where that was not all seen.
    var beside: Beside?
    /// Someone may still write to it, and has for too long to be waited for.
    var isHeldOpen = false

    /// Whether it lies under `urgent/`.
    var isUrgent: Bool { Inbox.isUrgent(path) }
}
