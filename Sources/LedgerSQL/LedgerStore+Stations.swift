public import Ledger
public import Screening

/// A process among those that work on one ledger.
package struct StationFence: Sendable, Hashable {
    /// The station's name.
    package var station: String
    /// Counts its starts: who started later under the same name shuts out who started before.
    package var epoch: Int64

    package init(station: String, epoch: Int64) { (self.station, self.epoch) = (station, epoch) }

    /// Why it may change nothing, by the server's clock; nil where its lease is its own and the tables are those that it knows.
    package func refusal(_ db: any SQLDatabase) throws -> PapillaError? {
        let fits = try Bool.fetchOne(
            db,
            sql: """
                SELECT coalesce(schema = (SELECT version FROM schema_version), FALSE) FROM station
                WHERE name = ? AND epoch = ? AND lease_until > clock_timestamp()
                """, arguments: [station, epoch])
        guard let fits else { return .leaseLost(station) }
        return fits ? nil : .tablesChanged(station)
    }
}

extension LedgerStore: StationLedger {
    /// Begins to work as a station. See ``StationLedger``.
    public func enter(_ name: String, spool: String, lease: Duration) throws(PapillaError) {
        try mustBeShared()
        guard Self.isName(name) else {
            throw PapillaError(.badInput, "A station's name is of letters, digits, dots and hyphens", place: name)
        }
        connection.fence(nil)
        let epoch = try write { db in
            let living = try SQLRow.fetchOne(
                db, sql: "SELECT spool FROM station WHERE name = ? AND lease_until > clock_timestamp()", arguments: [name])
            if let living, living["spool"] as String != spool {
                throw PapillaError(
                    .refused, "Another station is called \(name), and it works with the spool \(living["spool"] as String)",
                    hint: "Give this one a name of its own: station in the configuration", isRetryable: true)
            }
            let row = try SQLRow.fetchOne(
                db,
                sql: """
                    INSERT INTO station (name, epoch, spool, version, schema, started, lease_until)
                    VALUES (?, 1, ?, ?, (SELECT version FROM schema_version), clock_timestamp(), \(Self.end(lease)))
                    ON CONFLICT (name) DO UPDATE SET epoch = station.epoch + 1, spool = excluded.spool, version = excluded.version,
                        schema = excluded.schema, started = excluded.started, lease_until = excluded.lease_until
                    RETURNING epoch
                    """, arguments: [name, spool, Version.current])
            try db.execute(
                sql: """
                    INSERT INTO claim (arrival, station)
                    SELECT id, ? FROM arrival
                    WHERE state <> 'finished' AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.arrival = arrival.id)
                    """, arguments: [name])
            // Of what is half forgotten, too: a ledger that was copied here has no claims.
            try db.execute(
                sql: """
                    INSERT INTO claim (arrival, station)
                    SELECT DISTINCT arrival.id, CAST(? AS TEXT) FROM audit JOIN arrival ON arrival.id = audit.subject
                    WHERE event = 'forgetting' AND forgotten IS NULL
                        AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.arrival = arrival.id)
                    """, arguments: [name])
            // Nor has it for versions that were under way.
            try db.execute(
                sql: """
                    INSERT INTO claim (arrival, station)
                    SELECT correction.arrival, CAST(? AS TEXT) FROM correction
                    WHERE NOT EXISTS (SELECT 1 FROM claim WHERE claim.arrival = correction.arrival)
                    """, arguments: [name])
            return row?["epoch"] as Int64? ?? 0
        }
        station = StationFence(station: name, epoch: epoch)
        connection.fence(station)
    }

    /// Says that the station lives, for as long again.
    public func renew(lease: Duration) throws(PapillaError) {
        let station = try entered()
        let refusal = try connection.change { db -> PapillaError? in
            let renewed = try db.execute(
                sql: """
                    UPDATE station SET lease_until = \(Self.end(lease))
                    WHERE name = ? AND epoch = ? AND lease_until > clock_timestamp()
                        AND schema = (SELECT version FROM schema_version)
                    """, arguments: [station.station, station.epoch])
            guard renewed != 1 else { return nil }
            return try station.refusal(db) ?? .leaseLost(station.station)
        }
        if let refusal { throw refusal }
    }

    /// Says that the station ends: others may have its arrivals at once.
    public func leave() throws(PapillaError) {
        let station = try entered()
        _ = try connection.change { db in
            try db.execute(
                sql: "UPDATE station SET lease_until = clock_timestamp() WHERE name = ? AND epoch = ?",
                arguments: [station.station, station.epoch])
        }
    }

    /// Every station that ever entered, by name; of a file those of the database that it was copied from.
    public nonisolated func stations() throws(PapillaError) -> [StationRow] {
        guard connection.isShared else { return try read { db in try StationNotes.read(db) } }
        return try read { db in
            try SQLRow.fetchAll(db, sql: Self.stationRows + " ORDER BY name").map { StationRow($0) }
        }
    }

    /// Whether what is done once for all stations is this one's.
    public func isKeeper() throws(PapillaError) -> Bool {
        guard let station else { return true }
        return try read { db in
            try String.fetchOne(
                db, sql: "SELECT name FROM station WHERE lease_until > clock_timestamp() ORDER BY started, name LIMIT 1")
                == station.station
        }
    }

    /// Makes sure that a station whose lease ran out cannot have it back, and finds its spool; nil where it lives, or left nothing.
    public func shutOut(_ name: String) throws(PapillaError) -> StationRow? {
        _ = try entered()
        return try write { db in
            let shut = try db.execute(
                sql: """
                    UPDATE station SET epoch = epoch + 1 WHERE name = ? AND lease_until <= clock_timestamp()
                        AND (EXISTS (SELECT 1 FROM claim WHERE claim.station = station.name)
                            OR EXISTS (SELECT 1 FROM reservation WHERE reservation.station = station.name))
                    """, arguments: [name])
            guard shut == 1 else { return nil }
            return try SQLRow.fetchOne(db, sql: Self.stationRows + " WHERE name = ?", arguments: [name]).map { StationRow($0) }
        }
    }

    /// Makes the arrivals of a station that was shut out this one's.
    public func inherit(from name: String) throws(PapillaError) -> [ScreeningID] {
        let (own, time) = (try entered(), now())
        return try write { db in
            guard
                try SQLRow.fetchOne(
                    db, sql: "SELECT 1 AS found FROM station WHERE name = ? AND lease_until <= clock_timestamp()",
                    arguments: [name]) != nil
            else { return [] }
            let arrivals = try String.fetchAll(
                db, sql: "UPDATE claim SET station = ? WHERE station = ? RETURNING arrival", arguments: [own.station, name])
            // A path is held for a row that is there; one for which none was written yet is free again.
            try db.execute(
                sql: """
                    DELETE FROM reservation WHERE station = ?
                        AND NOT EXISTS (SELECT 1 FROM arrival WHERE arrival.path = reservation.path AND \(Self.unclaimed))
                    """, arguments: [name])
            try db.execute(
                sql: "UPDATE reservation SET station = ? WHERE station = ?", arguments: [own.station, name])
            struct Detail: Encodable {
                var station: String
                var arrivals: Int
            }
            try AuditEntry.append(
                db, at: time, actor: service, event: "took_over", subject: "service",
                detail: Detail(station: name, arrivals: arrivals.count))
            return arrivals.compactMap { ScreeningID($0) }
        }
    }

    /// Takes hold of a path in the inbox until the arrival is claimed. See ``StationLedger``.
    public func reserve(_ path: String, for known: ScreeningID? = nil) throws(PapillaError) -> Bool {
        let own = try entered()
        return try write { db in
            let held = try String.fetchOne(db, sql: "SELECT station FROM reservation WHERE path = ?", arguments: [path])
            guard held == nil || held == own.station else { return false }
            // Whoever has a row for it will fetch it: this station, too, as soon as its inbox knows of what it took over.
            let expected = try String.fetchOne(
                db,
                sql: """
                    SELECT arrival.id FROM arrival JOIN claim ON claim.arrival = arrival.id
                    WHERE arrival.path = ? AND arrival.id <> ? AND \(Self.unclaimed) LIMIT 1
                    """, arguments: [path, known?.description ?? ""])
            guard expected == nil else { return false }
            guard held == nil else { return true }
            try db.execute(
                sql: "INSERT INTO reservation (path, station) VALUES (?, ?)", arguments: [path, own.station])
            return true
        }
    }

    /// Lets go of a path where nothing lay any more.
    public func release(_ path: String) throws(PapillaError) {
        _ = try entered()
        try write { db in try release(db, path) }
    }

    // MARK: - What other changes call

    /// How the audit calls this service.
    var service: String { station.map { "service@\($0.station)" } ?? "service" }

    /// Whether an arrival that has not ended, or whose later version is under way, is this service's, as SQL over a table `arrival`.
    var ownArrivals: String {
        station.map { "EXISTS (SELECT 1 FROM claim WHERE claim.arrival = arrival.id AND claim.station = '\($0.station)')" }
            ?? "TRUE"
    }

    /// Takes an arrival, in the caller's transaction.
    func take(_ db: any SQLDatabase, _ id: ScreeningID) throws {
        guard let station else { return }
        try db.execute(
            sql:
                "INSERT INTO claim (arrival, station) VALUES (?, ?) ON CONFLICT (arrival) DO UPDATE SET station = excluded.station",
            arguments: [id.description, station.station])
    }

    /// Lets go of an arrival, in the caller's transaction.
    func letGo(_ db: any SQLDatabase, _ id: ScreeningID) throws {
        guard station != nil else { return }
        try db.execute(sql: "DELETE FROM claim WHERE arrival = ?", arguments: [id.description])
    }

    /// Lets go of a path, in the caller's transaction.
    func release(_ db: any SQLDatabase, _ path: String) throws {
        guard let station else { return }
        try db.execute(
            sql: "DELETE FROM reservation WHERE path = ? AND station = ?", arguments: [path, station.station])
    }

    /// Whether an arrival's file is still to be fetched from the inbox, as SQL over a table `arrival`.
    private static let unclaimed = "arrival.state <> 'finished' AND arrival.spool IS NULL"

    private static let stationRows = """
        SELECT name, spool, version, epoch, lease_until > clock_timestamp() AS lives,
            CAST(extract(epoch FROM started) * 1000 AS BIGINT) AS entered,
            (SELECT count(*) FROM claim WHERE claim.station = station.name) AS arrivals
        FROM station
        """

    private static func end(_ lease: Duration) -> String {
        "clock_timestamp() + INTERVAL '\(lease / .milliseconds(1)) milliseconds'"
    }

    private static func isName(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789.-".unicodeScalars.contains($0))
            }
    }

    private nonisolated func mustBeShared() throws(PapillaError) {
        guard connection.isShared else {
            throw PapillaError(.refused, "A ledger in a file has one service, and no stations", place: path)
        }
    }

    private func entered() throws(PapillaError) -> StationFence {
        guard let station else { throw PapillaError(.refused, "No station has entered here", place: path) }
        return station
    }
}

extension StationRow {
    fileprivate init(_ row: SQLRow) {
        self.init(
            name: row["name"], spool: row["spool"], version: row["version"], entered: Timestamp(milliseconds: row["entered"]),
            lives: row["lives"], arrivals: row["arrivals"], epoch: row["epoch"])
    }
}
