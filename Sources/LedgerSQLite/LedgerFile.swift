internal import GRDB
internal import GRDBSQLite
internal import Glibc
internal import Ledger
internal import LedgerSQL
internal import Screening

/// Making and opening the file: what stands between a path and a connection that can be trusted.
enum LedgerFile {
    /// Makes a complete, empty ledger at `path` unless something is there.
    ///
    /// It is built beside its place and linked in when complete, so a crash leaves no half-made ledger and two processes never make two.
    static func createIfMissing(_ path: String, at time: Timestamp) throws(PapillaError) {
        if try exists(path) { return }
        if try exists(path + "-wal") {
            throw PapillaError(
                .damaged, "There is a write-ahead log, but the ledger that it belongs to is gone", place: path,
                hint:
                    "The ledger was moved or deleted without it. Put it back, or move the -wal and -shm files away to begin anew")
        }
        let draft = path + ".new"
        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(draft + suffix) }
        let file = Glibc.open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard file >= 0 else {
            throw .system(
                "The ledger could not be made", errno: errno, place: path,
                hint: "Its folder must exist and let the service write to it")
        }
        defer { Glibc.close(file) }
        do {
            let connection = try DatabaseQueue(path: draft)
            try Schema.migrator(at: time).migrate(connection)
            try connection.write { db in
                let identity = AuditEntry.randomHexadecimal()
                try db.execute(
                    sql: "INSERT INTO setting (name, value, at) VALUES ('identity', ?, ?)",
                    arguments: [identity, time.description])
                try AuditEntry.append(
                    SQLiteDatabase(db), at: time, actor: "service", event: .created, subject: identity,
                    detail: ["schema": Schema.version])
            }
            try connection.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = WAL") }
            try connection.close()
        } catch { throw .ledger(error, "The ledger could not be made", path: path) }
        guard fsync(file) == 0 else { throw .system("The ledger could not be made", errno: errno, place: path) }
        // link refuses to replace: whoever was first has made the ledger.
        if link(draft, path) != 0, errno != EEXIST { throw .system("The ledger could not be made", errno: errno, place: path) }
        unlink(draft)
        try LedgerDraft.syncFolder(of: path)
    }

    /// Opens the ledger at `path` and checks that it is one, that this Papilla knows its schema, and, to write, that SQLite finds it whole.
    ///
    /// Reading the whole file is left to who will write to it, and to verification: a question must not take longer the more is kept.
    /// - Parameter time: noted in the audit where a migration is.
    static func open(_ path: String, readOnly: Bool, at time: Timestamp) throws(PapillaError) -> DatabaseQueue {
        try checkHeader(path)
        do {
            // Only looked at first: not a byte of what is not ours changes, not even its journal mode.
            let reader = try reader(path)
            let version = try reader.read { db in try check(db, path) }
            if readOnly { return version == Schema.version ? reader : try migratedCopy(of: reader) }
            try reader.read { db in try checkPages(SQLiteDatabase(db), path) }
            let writer = try DatabaseQueue(path: path, configuration: configuration(readOnly: false))
            try Schema.migrator(at: time).migrate(writer)
            return writer
        } catch { throw .ledger(error, "The ledger could not be opened", path: path) }
    }

    /// The file as it is, whatever its schema.
    static func reader(_ path: String) throws -> DatabaseQueue {
        try DatabaseQueue(path: path, configuration: configuration(readOnly: true))
    }

    /// An older ledger in memory, as the service will make it at its next start: who only reads may not change the file.
    private static func migratedCopy(of reader: DatabaseQueue) throws -> DatabaseQueue {
        let copy = try DatabaseQueue()
        try reader.backup(to: copy)
        try Schema.migrator(at: nil).migrate(copy)
        return copy
    }

    private static func configuration(readOnly: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.label = "ledger"
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            guard !readOnly else { return }
            let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
            guard mode == "wal" else {
                throw PapillaError(
                    .badConfiguration, "The ledger's file system cannot hold a write-ahead log",
                    hint: "Put the ledger on a local file system, not on a network share")
            }
            // FULL: a commit is on disk when it returns. recursive_triggers: REPLACE cannot go round the triggers that refuse DELETE.
            // secure_delete: what `forget` blanks does not live on in free pages.
            try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA recursive_triggers = ON; PRAGMA secure_delete = ON")
            // The log stays when the last writer closes: commands that may not write to the folder can still open the ledger.
            var keep: CInt = 1
            let code = sqlite3_file_control(db.sqliteConnection, nil, SQLITE_FCNTL_PERSIST_WAL, &keep)
            guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        }
        return configuration
    }

    /// SQLite takes an empty file for an empty database, and makes a missing one: both would be a lost ledger that nobody notices.
    private static func checkHeader(_ path: String) throws(PapillaError) {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT {
                throw PapillaError(
                    .notFound, "There is no ledger", place: path,
                    hint: "papilla serve makes it at its first start; look at paths.ledger in the configuration")
            }
            throw .system("The ledger could not be opened", errno: errno, place: path)
        }
        defer { Glibc.close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .system("The ledger could not be opened", errno: errno, place: path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw PapillaError(
                .damaged, "The ledger is not a file", place: path, hint: "Look at paths.ledger in the configuration")
        }
        var header = [UInt8](repeating: 0, count: 16)
        let count = Glibc.read(file, &header, 16)
        guard count >= 0 else { throw .system("The ledger could not be read", errno: errno, place: path) }
        guard count == 16, header == Array("SQLite format 3\0".utf8) else { throw notALedger(path) }
    }

    /// - Returns: the schema that the file has.
    private static func check(_ db: Database, _ path: String) throws -> Int {
        guard try Int32.fetchOne(db, sql: "PRAGMA application_id") == Schema.applicationID else { throw notALedger(path) }
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let migrator = Schema.migrator(at: nil)
        guard version <= Schema.version, try !migrator.hasBeenSuperseded(db) else {
            throw PapillaError(
                .refused,
                "The ledger was written by a newer Papilla (schema \(version)); this one knows schema \(Schema.version)",
                place: path, hint: "Install that version again, or restore a backup made before it")
        }
        guard try migrator.appliedMigrations(db).count == version else {
            throw PapillaError(
                .damaged, "The ledger's list of migrations does not fit its schema \(version)", place: path,
                hint: LedgerDamage.hint)
        }
        return version
    }

    /// Has SQLite read the whole file.
    static func checkPages(_ db: any SQLDatabase, _ path: String) throws {
        let findings = try db.rows(sql: "PRAGMA quick_check(10)", arguments: [], limit: .max).compactMap { String($0.values[0]) }
        guard findings == ["ok"] else {
            var error = PapillaError(
                .damaged, "The ledger is damaged: SQLite's quick check failed", place: path, hint: LedgerDamage.hint)
            error.cause = findings.joined(separator: "; ")
            throw error
        }
    }

    private static func notALedger(_ path: String) -> PapillaError {
        PapillaError(
            .damaged, "The file is not a Papilla ledger", place: path,
            hint: "Look at paths.ledger in the configuration; if it is right, restore the last backup. It is never overwritten")
    }

    private static func exists(_ path: String) throws(PapillaError) -> Bool {
        var status = stat()
        if lstat(path, &status) == 0 { return true }
        if errno == ENOENT { return false }
        throw .system("The ledger's folder could not be looked at", errno: errno, place: path)
    }
}
