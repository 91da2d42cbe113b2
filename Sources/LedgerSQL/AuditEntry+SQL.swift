package import Ledger
package import Screening

extension AuditEntry {
    /// What an audit entry's detail says of something, as SQL over a table `audit`; null where the detail is no JSON any more.
    static func told(_ path: String) -> String {
        "json_extract(CASE WHEN json_valid(detail) THEN detail ELSE '{}' END, '$.\(path)')"
    }

    package static func append(
        _ db: any SQLDatabase, at: Timestamp, actor: String, event: Event, subject: String, detail: some Encodable,
        rows: [Binding.Key] = []
    ) throws {
        try append(db, at: at, actor: actor, event: event.rawValue, subject: subject, detail: detail, rows: rows)
    }

    /// Adds an entry at the end of the chain, inside the caller's transaction.
    ///
    /// - Parameter rows: those that the transaction made, changed or removed, as it leaves them.
    package static func append(
        _ db: any SQLDatabase, at: Timestamp, actor: String, event: String, subject: String, detail: some Encodable,
        rows: [Binding.Key] = []
    ) throws {
        let last = try SQLRow.fetchOne(db, sql: "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
        let seq: Int64 = (last?["seq"] ?? 0) + 1
        let previous: String = last?["hash"] ?? genesisPrevious
        let detail = try line(detail, isBound: !rows.isEmpty)
        let binding = try Binding(db, rows, detail: detail).text()
        let detailDigest = Digest(of: detail.utf8).description
        let hash = hash(
            previous: previous, seq: seq, at: at.description, actor: actor, event: event, subject: subject,
            detailDigest: detailDigest, rule: rule, binding: binding
        ).description
        try db.execute(
            sql: """
                INSERT INTO audit (seq, at, actor, event, subject, detail, detail_sha256, rule, binding, previous, hash)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [seq, at.description, actor, event, subject, detail, detailDigest, rule, binding, previous, hash])
        try db.execute(
            sql: """
                INSERT INTO setting (name, value, at) VALUES ('head', ?, ?)
                ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at
                """, arguments: [hash, at.description])
    }
}

extension AuditEntry {
    /// Reads a stored entry.
    init(_ row: SQLRow) throws {
        let seq: Int64 = row["seq"]
        guard let at = Timestamp(row["at"] as String), let detailDigest = Digest(row["detail_sha256"] as String),
            let previous = Digest(row["previous"] as String), let hash = Digest(row["hash"] as String)
        else {
            throw PapillaError(
                .damaged, "An audit entry cannot be read", place: "audit entry \(seq)", hint: "Run papilla audit verify")
        }
        self.init(
            seq: seq, at: at, actor: row["actor"], event: row["event"], subject: row["subject"], detail: row["detail"],
            detailDigest: detailDigest, rule: row["rule"], binding: row["binding"], previous: previous, hash: hash)
    }
}
