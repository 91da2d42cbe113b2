package import Custody
public import Ledger
internal import LedgerPostgreSQL
internal import LedgerSQLite
public import Screening
public import Settings

extension Configuration.Paths {
    /// The kind of database that `paths.ledger` names. The rest of the program knows ledgers by their roles.
    public var ledgers: any LedgerProvider { PostgreSQLLedgers.owns(ledger) ? PostgreSQLLedgers() : SQLiteLedgers() }

    /// Where the ledger is, as it may be shown: without a password.
    package var shownLedger: String { PostgreSQLLedgers.withoutPassword(ledger) }

    /// Opens the ledger.
    ///
    /// - Throws: what ``LedgerProvider`` throws.
    public func openLedger(_ mode: LedgerMode = .readOnly) async throws(PapillaError) -> any WholeLedger {
        try await ledgers.open(ledger, mode)
    }
}

extension ServiceFolders {
    /// Opens the service's ledger. One that is missing while our folders hold what it should know of is never made anew.
    package func ledger(_ paths: Configuration.Paths) async throws(PapillaError) -> any WholeLedger {
        do { return try await paths.openLedger(.open) } catch {
            guard error.code == .notFound else { throw error }
            try checkUnused(paths.shownLedger)
            return try await paths.openLedger(.create)
        }
    }
}
