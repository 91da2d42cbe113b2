internal import GRDB
public import Ledger
public import Screening
internal import Synchronization

/// The SQLite file that knows every arrival, image, screening, decision and audit entry.
///
/// The service is its only writer; every change of state shares a transaction with its audit entry, and a change that cannot be
/// written to disk did not happen. Commands that only read open the file read-only, also while the service writes (write-ahead log).
public actor LedgerStore: ArrivalLedger, DecisionLedger, AuditLedger, MaintenanceLedger, DeliveryLedger, VisitLedger, RereadLedger
{
    /// How to open the file.
    public typealias Mode = LedgerMode

    /// Where the file is.
    public nonisolated let path: String
    /// The one connection, nil once closed. Reads that stream (export, verification) use it without the actor; GRDB serialises them.
    private nonisolated let connection: Mutex<DatabaseQueue?>
    /// The clock of `received`, `finished` and audit entries.
    let now: @Sendable () -> Timestamp

    /// Opens the ledger at `path`.
    ///
    /// - Throws: `notFound` where there is no file (unless `mode` is `.create`), `damaged` for a file that is not a ledger or, to write,
    ///   that SQLite's quick check finds corrupt, `refused` for one that a newer Papilla wrote, `system` where the system refuses.
    ///   A file that is there is never recreated.
    public init(path: String, mode: Mode, now: @escaping @Sendable () -> Timestamp = { .now }) throws(PapillaError) {
        if mode == .create { try LedgerFile.createIfMissing(path, at: now()) }
        connection = Mutex(try LedgerFile.open(path, readOnly: mode == .readOnly, at: now()))
        self.path = path
        self.now = now
    }

    /// Folds the write-ahead log into the file and closes it, once a reading in progress has ended. Every later call throws.
    ///
    /// - Throws: `internal` where it is closed already.
    public func close() throws(PapillaError) {
        _ = try open()
        fold()
        // SQLite's connection closes with its last reference.
        connection.withLock { $0 = nil }
    }

    /// Folds the write-ahead log into the file. A reader in another process may hold it up: the log stays then, which loses nothing.
    func fold() {
        guard let connection = try? open(), !connection.configuration.readonly else { return }
        try? connection.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
    }

    /// One transaction: all of `changes`, or nothing.
    func write<Value>(_ changes: (Database) throws -> Value) throws(PapillaError) -> Value {
        do { return try open().write(changes) } catch { throw .ledger(error, "The ledger could not be written", path: path) }
    }

    /// One consistent view.
    nonisolated func read<Value>(_ query: (Database) throws -> Value) throws(PapillaError) -> Value {
        do { return try open().read(query) } catch { throw .ledger(error, "The ledger could not be read", path: path) }
    }

    private nonisolated func open() throws(PapillaError) -> DatabaseQueue {
        guard let connection = connection.withLock({ $0 }) else {
            throw PapillaError(.internal, "The ledger is closed", place: path)
        }
        return connection
    }
}
