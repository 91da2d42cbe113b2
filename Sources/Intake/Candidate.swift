package import Files
package import Screening

/// An entry of the inbox whose turn it is.
package struct Candidate: Sendable, Hashable {
    /// In the inbox.
    package let path: RelativePath
    /// What the file system says; nil where a pending arrival's file is there no more.
    package let status: FileStatus?
    /// Its row in the ledger, where there is one already.
    package let id: ScreeningID?
    /// When it was first seen.
    package let received: Timestamp
    /// It is judged as it is: nothing more is waited for.
    package let isLast: Bool
    /// What lies beside it; nil where that was not all seen.
    package var beside: Beside?
    /// Someone may still write to it, and has for too long to be waited for.
    package var isHeldOpen = false

    /// Whether it lies under `urgent/`.
    package var isUrgent: Bool { Inbox.isUrgent(path) }

    package init(
        path: RelativePath, status: FileStatus?, id: ScreeningID?, received: Timestamp, isLast: Bool, beside: Beside? = nil,
        isHeldOpen: Bool = false
    ) {
        self.path = path
        self.status = status
        self.id = id
        self.received = received
        self.isLast = isLast
        self.beside = beside
        self.isHeldOpen = isHeldOpen
    }
}
