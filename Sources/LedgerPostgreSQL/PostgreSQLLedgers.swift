public import Ledger
package import LedgerSQL
internal import LedgerSQLite
public import Screening

/// Ledgers in PostgreSQL databases, by their URI: `postgresql://papilla@db.example/papilla?sslmode=verify-full`.
public struct PostgreSQLLedgers: LedgerProvider {
    /// All of them.
    public init() {}

    /// Whether a ledger's address means PostgreSQL.
    public static func owns(_ address: String) -> Bool {
        address.hasPrefix("postgresql://") || address.hasPrefix("postgres://")
    }

    /// Opens the ledger in the database that the URI names; a path is that of a file, such as a backup.
    public func open(_ uri: String, _ mode: LedgerMode) throws(PapillaError) -> any WholeLedger {
        guard Self.owns(uri) else { return try SQLiteLedgers().open(uri, mode) }
        return try LedgerStore(uri: uri, mode: mode)
    }

    /// Reads a backup whole: it is an SQLite file.
    public func verify(backup path: String) throws(PapillaError) -> Backup { try SQLiteLedgers().verify(backup: path) }

    /// Copies a ledger into the database that the URI names; to a path: into a file.
    public func copy(
        _ ledger: any WholeLedger, to address: String, replacing: Bool, copied: @escaping (Int) -> Void
    ) async throws(PapillaError) -> LedgerCopyResult {
        guard Self.owns(address) else {
            return try await SQLiteLedgers().copy(ledger, to: address, replacing: replacing, copied: copied)
        }
        guard let source = ledger as? LedgerStore else { throw PapillaError(.internal, "This ledger cannot be copied") }
        let (before, rows) = try source.read { db in
            try PostgresConnection.take(db, into: address, replacing: replacing, copied: copied)
        }
        let copy = try LedgerStore(uri: address, mode: .open)
        let result: LedgerCopyResult
        do throws(PapillaError) {
            result = try await LedgerCopy.verify(copy, of: ledger, rows: rows, before: before)
        } catch {
            try? await copy.close()
            try PostgresConnection.undo(in: address, former: before)
            throw error
        }
        try await copy.close()
        return result
    }

    /// A URI as it may be shown: rather without something else, too, than with a part of a password whose signs were not escaped.
    package static func withoutPassword(_ uri: String) -> String {
        uri.replacing(#/(://[^/@:?\[]*):.*@/#) { "\($0.output.1)@" }
            .replacing(#/([?&][^=&]*(?:password|secret|_key)=)[^&]*/#) { "\($0.output.1)..." }
    }
}

extension LedgerStore {
    /// Opens the ledger in the database that a URI names. See ``PostgresConnection``.
    package init(uri: String, mode: LedgerMode, now: @escaping @Sendable () -> Timestamp = { .now }) throws(PapillaError) {
        self.init(try PostgresConnection(uri: uri, mode: mode, at: now()), now: now)
    }
}
