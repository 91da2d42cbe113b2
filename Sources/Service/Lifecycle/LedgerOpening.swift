package import Custody
internal import Files
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

    /// Where the ledger's files are: in the folders of the configuration, and in the spools of other stations.
    public func folders(of ledger: any StationLedger) async throws(PapillaError) -> Folders {
        var folders = folders
        folders.otherSpools = Spool.places(of: try await ledger.stations(), but: spool)
        return folders
    }

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

/// A ledger by its address alone: a path, or a URI of PostgreSQL.
public struct LedgerAddress: Sendable {
    private let address: String
    private let ledgers: any LedgerProvider

    /// - Parameter text: as a person wrote it.
    public init(_ text: String) {
        let isDatabase = PostgreSQLLedgers.owns(text)
        address = isDatabase ? text : AbsolutePath.of(text)
        ledgers = isDatabase ? PostgreSQLLedgers() : SQLiteLedgers()
    }

    /// Copies this ledger to another address, and verifies the copy. No service may work on it meanwhile.
    ///
    /// - Parameter copied: told how many rows are copied so far.
    /// - Throws: `refused` where a service or a station works on it, or something is at the other address; what ``LedgerProvider`` throws.
    public func copy(to other: LedgerAddress, copied: @escaping (Int) -> Void) async throws -> LedgerCopyResult {
        let lock = PostgreSQLLedgers.owns(address) ? nil : try await LedgerLock.take(beside: address, patience: .zero)
        defer { withExtendedLifetime(lock) {} }
        let ledger = try await ledgers.open(address, .readOnly)
        if let station = try await ledger.stations().first(where: \.lives) {
            throw PapillaError(
                .refused, "The station \(station.name) works on this ledger",
                place: PostgreSQLLedgers.withoutPassword(address), hint: "Stop every station first")
        }
        return try await other.ledgers.copy(ledger, to: other.address, replacing: false, copied: copied)
    }
}
