public import Ledger
public import Screening

/// Subjects whose visits are to be looked at, each a row of `setting`: no fact of the ledger, but work that is still to be done. The row is
/// written by the very transaction that makes it necessary, so that no stop loses it, and is taken away by whoever has looked; no entry binds
/// it, since bindings stay and name no subject.
extension LedgerStore {
    /// What the rows are called, before the number of a subject.
    static let dueName = "visits due "

    /// Subjects whose visits are to be looked at, who waits longest first.
    public nonisolated func dueSubjects(settledBy time: Timestamp?) throws(PapillaError) -> [DueSubject] {
        // What a clock wrote down that has been set back since would wait for long.
        let future = Timestamp(milliseconds: now().milliseconds + 60_000)
        let settled = time == nil ? "" : " AND (at <= ? OR at > ? OR value LIKE '% last')"
        return try read { db in
            try SQLRow.fetchAll(
                db, sql: "SELECT name, value FROM setting WHERE name LIKE '\(Self.dueName)%'\(settled) ORDER BY at, name",
                arguments: time.map { [$0.description, future.description] } ?? []
            ).compactMap { row in
                guard let number = Int64((row["name"] as String).dropFirst(Self.dueName.count)),
                    let subject = try SQLRow.fetchOne(
                        db, sql: "SELECT identifier, issuer FROM subject WHERE number = ?", arguments: [number])
                else { return nil }
                return DueSubject(
                    subject: Subject(identifier: subject["identifier"], issuer: subject["issuer"]), number: number,
                    mark: row["value"])
            }
        }
    }

    /// Takes the note away that was found, unless another one took its place.
    public func looked(at due: DueSubject) throws(PapillaError) {
        try write { db in
            _ = try db.execute(
                sql: "DELETE FROM setting WHERE name = ? AND value = ?", arguments: ["\(Self.dueName)\(due.number)", due.mark])
        }
    }

    /// Has the visits of some subjects looked at, in the caller's transaction.
    ///
    /// - Parameter isLast: nothing more is to come.
    static func noteVisits(_ db: any SQLDatabase, of numbers: [Int64], at time: Timestamp, isLast: Bool = false) throws {
        // The first entry of the transaction, which is still to come, tells its notes from all others.
        let seq = (try Int64.fetchOne(db, sql: "SELECT max(seq) FROM audit") ?? 0) + 1
        for number in numbers {
            try db.execute(
                sql: """
                    INSERT INTO setting (name, value, at) VALUES (?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at
                    """, arguments: ["\(dueName)\(number)", isLast ? "\(seq) last" : "\(seq)", time.description])
        }
    }

    /// Hands every note to `body`, and whether it is as the transaction of an audit entry wrote it, of a subject that is there.
    static func eachNote(_ db: any SQLDatabase, _ body: (String, Bool) throws -> Void) throws {
        try db.each(sql: "SELECT name, value, at FROM setting WHERE name LIKE '\(dueName)%'") { row in
            let (name, value): (String, String) = (row["name"], row["value"])
            let number = Int64(name.dropFirst(dueName.count)) ?? 0
            let seq = value.hasSuffix(" last") ? Int64(value.dropLast(5)) : Int64(value)
            let written = try String.fetchOne(
                db,
                sql: "SELECT audit.at FROM audit WHERE seq = ? AND EXISTS (SELECT 1 FROM subject WHERE number = ?)",
                arguments: [seq ?? 0, number])
            try body(name, written != nil && written == row["at"])
        }
    }

    /// Has the visits looked at of whom an arrival is, and of all of whom its content was said to be before: it stands in theirs no more.
    static func noteVisits(_ db: any SQLDatabase, with id: ScreeningID, at time: Timestamp, isLast: Bool = false) throws {
        let numbers = try Int64.fetchAll(
            db,
            sql: """
                SELECT arrival.subject FROM arrival WHERE id = ? AND subject IS NOT NULL
                UNION SELECT earlier.subject FROM arrival JOIN arrival AS earlier ON earlier.sha256 = arrival.sha256
                    AND (earlier.received, earlier.id) < (arrival.received, arrival.id)
                WHERE arrival.id = ? AND arrival.subject IS NOT NULL AND earlier.subject IS NOT NULL
                """, arguments: [id.description, id.description])
        try noteVisits(db, of: numbers, at: time, isLast: isLast)
    }
}
