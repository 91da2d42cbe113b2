public import Ledger
public import Screening

/// Ledgers in SQLite files.
public struct SQLiteLedgers: LedgerProvider {
    /// All of them.
    public init() {}

    /// Opens the file at `path`.
    public func open(_ path: String, _ mode: LedgerMode) throws(PapillaError) -> any WholeLedger {
        try LedgerStore(path: path, mode: mode)
    }

    /// Reads a backup whole: SQLite's integrity check, the audit's chain, and what must hold between the rows.
    public func verify(backup path: String) throws(PapillaError) -> Backup { try LedgerStore.verify(backup: path) }
}
