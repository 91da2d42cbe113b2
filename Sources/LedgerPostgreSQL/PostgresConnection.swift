internal import Glibc
package import Ledger
package import LedgerSQL
internal import LedgerSQLite
package import Screening
internal import Synchronization

/// A ledger in a PostgreSQL database, in its schema `papilla`.
///
/// Changes follow each other, whoever makes them: each transaction holds one advisory lock of the database, so that the audit is one chain.
/// Readings have connections of their own. A connection that breaks is made anew at the next question; where it broke while a transaction was
/// being committed, the server is asked what became of it.
package final class PostgresConnection: LedgerConnection {
    /// The URI, without a password.
    package let path: String
    private let uri: String
    private let state = Mutex(State())

    private struct State {
        var isClosed = false
        /// Connections that no reading uses.
        var idle: [PostgresSession] = []
        /// The connection of changes, while none is under way.
        var writer: PostgresSession?
        /// The station that this process is, once it has entered.
        var station: StationFence?
    }

    /// Opens the ledger that is there, or makes one.
    ///
    /// - Throws: as ``LedgerProvider`` says.
    package init(uri: String, mode: LedgerMode, at time: Timestamp) throws(PapillaError) {
        self.uri = uri
        path = PostgreSQLLedgers.withoutPassword(uri)
        do {
            let session = try Self.connect(uri)
            if mode == .create { try PostgresSchema.createIfMissing(session, at: time) }
            if mode != .readOnly { try PostgresSchema.migrate(session, at: time) }
            try PostgresSchema.check(session, path: path, mode)
            state.withLock { $0.idle.append(session) }
        } catch { throw .ledger(error, "The ledger could not be opened", path: path) }
    }

    private static func connect(_ uri: String) throws -> PostgresSession {
        let session = try PostgresSession(uri)
        // Who stops in the middle of a change must not hold up the others for long. A commit is on disk when it returns. Plans are made for
        // the values that are asked for: one that must do for all of them may read a whole table.
        try session.run(
            """
            SET search_path TO papilla; SET synchronous_commit TO on; SET lock_timeout TO '30s';
            SET idle_in_transaction_session_timeout TO '5s'; SET standard_conforming_strings TO on;
            SET plan_cache_mode TO force_custom_plan
            """)
        return session
    }

    /// Changes are refused from now on where the station's lease is not its own any more.
    package func fence(_ fence: StationFence?) { state.withLock { $0.station = fence } }

    package func write<Value>(_ changes: (any SQLDatabase) throws -> Value) throws(PapillaError) -> Value {
        do {
            let (kept, fence) = try state.withLock { state in
                guard !state.isClosed else { throw PapillaError(.internal, "The ledger is closed", place: path) }
                return (state.writer.take(), state.station)
            }
            let session = try kept.flatMap { $0.stands ? $0 : nil } ?? Self.connect(uri)
            defer { state.withLock { if !$0.isClosed, session.stands { $0.writer = session } } }
            return try change(session, fence, changes)
        } catch { throw .ledger(error, "The ledger could not be written", path: path) }
    }

    private func change<Value>(
        _ session: PostgresSession, _ fence: StationFence?, _ changes: (any SQLDatabase) throws -> Value
    ) throws -> Value {
        try session.run("BEGIN")
        let (value, number): (Value, String)
        do {
            let rows = try session.rows(
                sql: "SELECT pg_advisory_xact_lock(\(PostgresSchema.lock))::text, pg_current_xact_id()::text AS number",
                arguments: [], limit: 1)
            number = rows.first?["number"] ?? ""
            try fence?.hold(session)
            value = try changes(session)
        } catch {
            if session.stands { try? session.run("ROLLBACK") }
            throw error
        }
        do { try session.run("COMMIT") } catch  where !session.stands {
            guard try isCommitted(number) else { throw error }
        }
        return value
    }

    /// What became of a transaction whose connection broke while it was being committed. The server is asked until it answers: who does not
    /// know what was done cannot go on.
    ///
    /// - Throws: an error that says so, where it does not answer for longer than a station's lease lasts: what was in hand is dropped by then.
    private func isCommitted(_ number: String) throws -> Bool {
        let end = ContinuousClock.now + Self.patience
        while true {
            do {
                let session = try Self.connect(uri)
                while ContinuousClock.now < end {
                    let status: String? = try session.rows(
                        sql: "SELECT pg_xact_status(CAST(? AS xid8)) AS status", arguments: [number], limit: 1
                    ).first?["status"]
                    if status != "in progress" { return status == "committed" }
                    usleep(50000)
                }
            } catch {}
            guard ContinuousClock.now < end else {
                throw PapillaError(
                    .system, "The database went away while a change was being written, and does not say whether it was",
                    place: path,
                    hint: "Look whether it was before you ask for it again.", isRetryable: true)
            }
            usleep(500_000)
        }
    }

    private static let patience = Duration.seconds(20)

    package func change<Value>(_ change: (any SQLDatabase) throws -> Value) throws(PapillaError) -> Value {
        do {
            let session = try apart() ?? Self.connect(uri)
            defer { putBack(session) }
            return try change(session)
        } catch { throw .ledger(error, "The ledger could not be written", path: path) }
    }

    package var isShared: Bool { true }

    /// A connection that stands and that nobody uses.
    private func apart() throws(PapillaError) -> PostgresSession? {
        try state.withLock { state throws(PapillaError) in
            guard !state.isClosed else { throw PapillaError(.internal, "The ledger is closed", place: path) }
            return state.idle.popLast()
        }
    }

    private func putBack(_ session: PostgresSession) {
        state.withLock { state in
            if !state.isClosed, session.stands, state.idle.count < 4 { state.idle.append(session) }
        }
    }

    package func read<Value>(_ query: (any SQLDatabase) throws -> Value) throws(PapillaError) -> Value {
        do {
            if let idle = try apart(), idle.stands {
                do { try idle.run(Self.beginReading) } catch  where !idle.stands {
                    // The server went away since: nothing was asked yet.
                    return try look(try Self.connect(uri), isBegun: false, query)
                }
                return try look(idle, isBegun: true, query)
            }
            return try look(try Self.connect(uri), isBegun: false, query)
        } catch { throw .ledger(error, "The ledger could not be read", path: path) }
    }

    private static let beginReading =
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout TO '1h'"

    private func look<Value>(
        _ session: PostgresSession, isBegun: Bool, _ query: (any SQLDatabase) throws -> Value
    ) throws -> Value {
        if !isBegun { try session.run(Self.beginReading) }
        defer {
            if session.stands, (try? session.run("ROLLBACK")) != nil { putBack(session) }
        }
        return try query(session)
    }

    /// Nothing: PostgreSQL checks the pages that it reads, where the cluster was made with checksums.
    package func checkPages(_ db: any SQLDatabase) throws {}

    /// None: PostgreSQL refuses them.
    package func brokenReferences(_ db: any SQLDatabase) throws -> [String] { [] }

    /// Nothing: what was blanked is gone from the tables with the next vacuum, and from the server's log files as the server keeps them.
    package func fold() {}

    package func backUp(to path: String) throws(PapillaError) -> Backup {
        _ = try read { db in try SQLiteLedgers.copy(of: db, to: path) }
        return try SQLiteLedgers().verify(backup: path)
    }

    /// Makes the tables in a database, with every row of the ledger whose transaction `source` is, in one transaction.
    ///
    /// - Parameter replacing: a ledger that is there is kept as a schema of another name.
    /// - Returns: the name of that schema, and how many rows there were.
    static func take(
        _ source: any SQLDatabase, into uri: String, replacing: Bool, copied: (Int) -> Void
    ) throws -> (before: String?, rows: Int) {
        let path = PostgreSQLLedgers.withoutPassword(uri)
        do {
            let session = try connect(uri)
            try session.run(
                "BEGIN; SET LOCAL idle_in_transaction_session_timeout TO 0; SELECT pg_advisory_xact_lock(\(PostgresSchema.lock))")
            var before: String?
            if try PostgresSchema.isThere(session) {
                guard replacing else {
                    throw PapillaError(
                        .refused, "A ledger is in this database already", place: path, hint: "Name another database")
                }
                let lives = try session.rows(
                    sql: "SELECT name FROM station WHERE lease_until > clock_timestamp() LIMIT 1", arguments: [], limit: 1)
                if let station = lives.first {
                    throw PapillaError(
                        .refused, "The station \(station["name"] as String) works on this ledger", place: path,
                        hint: "Stop every station first")
                }
                let name = "papilla_before_\(Timestamp.now.milliseconds)"
                try session.run("ALTER SCHEMA papilla RENAME TO \(name)")
                before = name
            }
            try PostgresSchema.create(session)
            let rows = try LedgerCopy.copy(source, to: session, copied: copied)
            try PostgresSchema.continueNumbers(session)
            try session.run("COMMIT")
            return (before, rows)
        } catch { throw PapillaError.ledger(error, "The ledger could not be copied", path: path) }
    }

    /// Takes away a ledger that was copied and does not verify; what was there before is there again.
    static func undo(in uri: String, former: String?) throws(PapillaError) {
        do {
            let back = former.map { "ALTER SCHEMA \($0) RENAME TO papilla; " } ?? ""
            try connect(uri).run("BEGIN; DROP SCHEMA papilla CASCADE; \(back)COMMIT")
        } catch {
            throw PapillaError.ledger(
                error, "A copy that does not verify could not be removed", path: PostgreSQLLedgers.withoutPassword(uri))
        }
    }

    package func close() throws(PapillaError) {
        let wasOpen = state.withLock { state in
            defer { state = State(isClosed: true) }
            return !state.isClosed
        }
        guard wasOpen else { throw PapillaError(.internal, "The ledger is closed", place: path) }
    }
}

extension StationFence {
    /// Makes sure that a station writes only while its lease is its own, and the tables are those that it knows: inside the transaction, by
    /// the server's clock.
    fileprivate func hold(_ db: any SQLDatabase) throws {
        if let refusal = try self.refusal(db) { throw refusal }
    }
}

extension PapillaError {
    private static let refusals = [
        "authentication failed", "no password supplied", "does not exist", "no pg_hba.conf entry", "not permitted to log in",
    ]

    /// What PostgreSQL said, as ours. An error of ours passes through.
    static func ledger(_ error: any Error, _ message: String, path: String) -> PapillaError {
        if let error = error as? PapillaError { return error }
        guard let database = error as? PostgresError else { return PapillaError(.internal, message, place: path, cause: error) }
        let state = database.state ?? ""
        // A server that refuses a connection gives no state, only words.
        let isRefused = state.isEmpty && Self.refusals.contains(where: database.message.contains)
        if isRefused || state.hasPrefix("28") || state == "42501" || state == "3D000" {
            return PapillaError(
                .system, "\(message): PostgreSQL does not let this user in", place: path,
                hint: "Look at the ledger's address, at pg_hba.conf, and at what the manual says of credentials.",
                cause: database,
                isRetryable: true)
        }
        if state.hasPrefix("53") {
            return PapillaError(
                .system, "\(message): the database has no space or no room left", place: path, hint: "Make room.",
                cause: database, isRetryable: true)
        }
        if state.hasPrefix("XX") {
            return PapillaError(
                .damaged, "\(message): PostgreSQL finds it damaged", place: path, hint: LedgerDamage.hint, cause: database)
        }
        if database.isLost || state.isEmpty || ["08", "57", "58", "40", "55", "25"].contains(String(state.prefix(2))) {
            return PapillaError(
                .system, "\(message): the database is away", place: path,
                hint: "Look whether PostgreSQL runs and can be reached.", cause: database, isRetryable: true)
        }
        return PapillaError(.internal, message, place: path, cause: database)
    }
}
