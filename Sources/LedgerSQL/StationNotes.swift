internal import Ledger
internal import Screening

/// The stations of a ledger, where it is kept in a file: each a row of `setting`. They are no fact of the ledger, but say in which spools files
/// of it may lie; no entry of the audit binds them. A database that the file is copied into has them as its own again, every one silent.
enum StationNotes {
    /// What the rows are called, before the name of a station.
    static let name = "station "

    private struct Note: Codable {
        var spool: String
        var version: String
        var epoch: Int64
    }

    /// The stations that a file tells of, by name.
    static func read(_ db: any SQLDatabase) throws -> [StationRow] {
        try SQLRow.fetchAll(
            db, sql: "SELECT name, value, at FROM setting WHERE name LIKE '\(name)%' ORDER BY name"
        ).compactMap { row in
            let (title, value, at): (String, String, String) = (row["name"], row["value"], row["at"])
            guard let note = try? CanonicalJSON.decode(Note.self, from: value.utf8) else { return nil }
            return StationRow(
                name: String(title.dropFirst(name.count)), spool: note.spool, version: note.version,
                entered: Timestamp(at) ?? Timestamp(milliseconds: 0), lives: false, arrivals: 0, epoch: note.epoch)
        }
    }

    /// Copies them between ledgers of either kind.
    static func copy(_ source: any SQLDatabase, to target: any SQLDatabase) throws {
        for station in try source.hasStations ? rows(source) : read(source) {
            if target.hasStations {
                try target.execute(
                    sql: """
                        INSERT INTO station (name, epoch, spool, version, schema, started, lease_until)
                        VALUES (?, ?, ?, ?, (SELECT version FROM schema_version), CAST(? AS TIMESTAMPTZ), clock_timestamp())
                        """,
                    arguments: [station.name, station.epoch, station.spool, station.version, station.entered.description])
            } else {
                let note = Note(spool: station.spool, version: station.version, epoch: station.epoch)
                try target.execute(
                    sql: "INSERT INTO setting (name, value, at) VALUES (?, ?, ?)",
                    arguments: ["\(name)\(station.name)", try CanonicalJSON.line(note), station.entered.description])
            }
        }
    }

    /// The stations of a database.
    private static func rows(_ db: any SQLDatabase) throws -> [StationRow] {
        try SQLRow.fetchAll(
            db,
            sql: """
                SELECT name, spool, version, epoch, CAST(extract(epoch FROM started) * 1000 AS BIGINT) AS entered
                FROM station ORDER BY name
                """
        ).map { row in
            StationRow(
                name: row["name"], spool: row["spool"], version: row["version"],
                entered: Timestamp(milliseconds: row["entered"]), lives: false, arrivals: 0, epoch: row["epoch"])
        }
    }
}
