package import Custody
public import Ledger
internal import LedgerSQLite
public import Screening
public import Settings

extension Configuration.Paths {
    /// The kind of database that `paths.ledger` names. The rest of the program knows ledgers by their roles.
    public var ledgers: any LedgerProvider { SQLiteLedgers() }

    /// Opens the ledger.
    ///
    /// - Throws: what ``LedgerProvider`` throws.
    public func openLedger(_ mode: LedgerMode = .readOnly) async throws(PapillaError) -> any WholeLedger {
        try await ledgers.open(ledger, mode)
    }
}

extension ServiceFolders {
    /// Opens the service's ledger. One that is missing while our folders hold what it should know of is never made anew.
    package func ledger(_ path: String) throws(PapillaError) -> any WholeLedger {
        try ledger(path) { (mode) throws(PapillaError) in try SQLiteLedgers().open(path, mode) }
    }
}
