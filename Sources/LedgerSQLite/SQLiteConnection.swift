internal import Foundation
internal import GRDB
package import Ledger
package import LedgerSQL
package import Screening
internal import Synchronization

/// A ledger's file.
///
/// The service is its only writer. Commands that only read open the file read-only, also while the service writes (write-ahead log).
package final class SQLiteConnection: LedgerConnection {
    package let path: String
    /// The one connection, nil once closed; GRDB serialises those who use it.
    private let queue: Mutex<DatabaseQueue?>

    /// Opens the ledger at `path`.
    ///
    /// - Throws: `notFound` where there is no file (unless `mode` is `.create`), `damaged` for a file that is not a ledger or, to write,
    ///   that SQLite's quick check finds corrupt, `refused` for one that a newer Papilla wrote, `system` where the system refuses.
    ///   A file that is there is never recreated.
    package init(path: String, mode: LedgerMode, at time: Timestamp) throws(PapillaError) {
        if mode == .create { try LedgerFile.createIfMissing(path, at: time) }
        queue = Mutex(try LedgerFile.open(path, readOnly: mode == .readOnly, at: time))
        self.path = path
    }

    package func write<Value>(_ changes: (any SQLDatabase) throws -> Value) throws(PapillaError) -> Value {
        do { return try open().write { db in try changes(SQLiteDatabase(db)) } } catch {
            throw .ledger(error, "The ledger could not be written", path: path)
        }
    }

    package func change<Value>(_ change: (any SQLDatabase) throws -> Value) throws(PapillaError) -> Value { try write(change) }

    /// One service writes to a file.
    package var isShared: Bool { false }
    package func fence(_ fence: StationFence?) {}

    package func read<Value>(_ query: (any SQLDatabase) throws -> Value) throws(PapillaError) -> Value {
        do { return try open().read { db in try query(SQLiteDatabase(db)) } } catch {
            throw .ledger(error, "The ledger could not be read", path: path)
        }
    }

    /// Has SQLite read the whole file.
    package func checkPages(_ db: any SQLDatabase) throws { try LedgerFile.checkPages(db, path) }

    package func brokenReferences(_ db: any SQLDatabase) throws -> [String] {
        try db.rows(sql: "SELECT DISTINCT \"table\" FROM pragma_foreign_key_check LIMIT 20", arguments: [], limit: .max)
            .compactMap { String($0.values[0]) }
    }

    /// Folds the write-ahead log into the file: until then it holds the pages as they were. A reader in another process may hold it up: the
    /// log stays then, which loses nothing.
    package func fold() {
        guard let queue = try? open(), !queue.configuration.readonly else { return }
        try? queue.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
    }

    package func backUp(to path: String) throws(PapillaError) -> Backup {
        do {
            let copy = try DatabaseQueue(path: path)
            try LedgerFile.reader(self.path).backup(to: copy)
            // A file by itself, without a log beside it.
            try copy.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
            try copy.close()
        } catch { throw .ledger(error, "The backup could not be written", path: path) }
        return try SQLiteLedgers().verify(backup: path)
    }

    package func close() throws(PapillaError) {
        _ = try open()
        fold()
        // SQLite's connection closes with its last reference.
        queue.withLock { $0 = nil }
    }

    private func open() throws(PapillaError) -> DatabaseQueue {
        guard let queue = queue.withLock({ $0 }) else { throw PapillaError(.internal, "The ledger is closed", place: path) }
        return queue
    }
}

extension LedgerStore {
    /// Opens the ledger at `path`. See ``SQLiteConnection``.
    package init(path: String, mode: LedgerMode, now: @escaping @Sendable () -> Timestamp = { .now }) throws(PapillaError) {
        self.init(try SQLiteConnection(path: path, mode: mode, at: now()), now: now)
    }
}

/// SQLite inside one transaction.
struct SQLiteDatabase: SQLDatabase {
    private let db: Database

    init(_ db: Database) { self.db = db }

    func execute(sql: String, arguments: SQLArguments) throws -> Int {
        try db.cachedStatement(sql: sql).execute(arguments: Self.stored(arguments))
        return db.changesCount
    }

    func each(sql: String, arguments: SQLArguments, _ body: (SQLRow) throws -> Void) throws {
        // A statement of its own: the same question may be asked again meanwhile.
        let statement = try db.makeStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: Self.stored(arguments))
        let columns = Array(statement.columnNames)
        while let row = try rows.next() { try body(SQLRow(columns: columns, values: row.databaseValues.map(SQLValue.init))) }
    }

    func rows(sql: String, arguments: SQLArguments, limit: Int) throws -> [SQLRow] {
        let statement = try db.cachedStatement(sql: sql)
        let cursor = try Row.fetchCursor(statement, arguments: Self.stored(arguments))
        let columns = Array(statement.columnNames)
        var rows: [SQLRow] = []
        while rows.count < limit, let row = try cursor.next() {
            rows.append(SQLRow(columns: columns, values: row.databaseValues.map(SQLValue.init)))
        }
        return rows
    }

    private static func stored(_ arguments: SQLArguments) -> StatementArguments {
        StatementArguments(
            arguments.values.map { value -> DatabaseValue in
                switch value {
                case .null: .null
                case .integer(let integer): integer.databaseValue
                case .real(let real): real.databaseValue
                case .text(let text): text.databaseValue
                case .blob(let bytes): Data(bytes).databaseValue
                }
            })
    }
}

extension SQLValue {
    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let integer): self = .integer(integer)
        case .double(let real): self = .real(real)
        case .string(let text): self = .text(text)
        case .blob(let data): self = .blob([UInt8](data))
        }
    }
}
