/// The boundaries between the steps of an arrival's way: after each of them everything may stop.
package enum Stage: String, Sendable, CaseIterable {
    /// The ledger has its row; the file is in the inbox.
    case received
    /// The file is in the spool; the ledger does not say so yet.
    case spooled
    /// The ledger says so.
    case claimed
    /// The ledger says that a reading begins.
    case begun
    /// The bundle is in memory.
    case read
    /// The bundle is complete in the staging folder.
    case staged
    /// The bundle is in the outbox.
    case published
    /// The original is in archive or quarantine.
    case stored
    /// The ledger has its end.
    case finished
}

/// Called at each boundary. The tests stop there; the service does not.
package typealias Checkpoint = @Sendable (Stage) throws -> Void
