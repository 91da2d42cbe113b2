internal import GRDB
public import Screening

/// One entry of the audit: who did what to which subject, chained to the entry before it.
///
/// The hash is SHA-256 over its fields, each written as a netstring (its length in UTF-8 bytes in decimal, `:`, the bytes, `,`), which
/// no two lists of fields share: previous hash, seq in decimal, at, actor, event, subject, SHA-256 of the detail, and, in entries of rule 2,
/// the binding. Digests are written in lower-case hexadecimal; `at` as RFC 3339 in UTC with milliseconds; detail and binding are canonical
/// JSON (sorted keys, no spaces) in UTF-8. The first entry's previous hash is 64 zeros. In Python:
///
/// ```python
/// fields = [previous, str(seq), at, actor, event, subject, sha256(detail)] + ([binding or ""] if rule == 2 else [])
/// hash = sha256(b"".join(b"%d:%b," % (len(f.encode()), f.encode()) for f in fields))
/// ```
///
/// Rule 1 is that of 0.1.0, whose entries bound no rows. A chain goes over to rule 2 once, and never back.
public struct AuditEntry: Sendable, Codable, Hashable {
    /// 1, 2, 3, ... without a gap.
    public var seq: Int64
    /// When.
    public var at: Timestamp
    /// `service`, or `user@uid`.
    public var actor: String
    /// What happened: `received`, `finished`, `promoted`, ...
    public var event: String
    /// To what: an arrival's ID, a model, `service`.
    public var subject: String
    /// Canonical JSON; null where it was forgotten.
    @Nullable public var detail: String?
    /// Of the detail; it stays when the detail is forgotten.
    public var detailDigest: Digest
    /// The rule of its hash: 1 (of 0.1.0) or 2.
    public var rule: Int
    /// Which rows were written with it, as digests of what it left in them; null where none were. See the ledger's `Binding`.
    @Nullable public var binding: String?
    /// The hash of the entry before.
    public var previous: Digest
    /// Of all the fields above.
    public var hash: Digest

    enum CodingKeys: String, CodingKey {
        case seq, at, actor, event, subject, detail, rule, binding, previous, hash
        case detailDigest = "detail_sha256"
    }

    /// What the ledger itself writes; the service adds its own events by name.
    enum Event: String {
        case created, received, claimed, begun, waiting, finished, expired, forgotten, decided, correcting, corrected, abandoned,
            delivered, migrated, bound
    }

    /// The hash before the first entry.
    static let genesisPrevious = String(repeating: "0", count: 64)

    /// The chain's hash of an entry, from its fields as they are stored.
    static func hash(
        previous: String, seq: Int64, at: String, actor: String, event: String, subject: String, detailDigest: String, rule: Int,
        binding: String?
    ) -> Digest {
        var fields = Netstrings()
        for field in [previous, "\(seq)", at, actor, event, subject, detailDigest] { fields.add(field) }
        if rule >= 2 { fields.add(binding ?? "") }
        return fields.digest
    }

    static func append(
        _ db: Database, at: Timestamp, actor: String, event: Event, subject: String, detail: some Encodable,
        rows: [Binding.Key] = []
    ) throws {
        try append(db, at: at, actor: actor, event: event.rawValue, subject: subject, detail: detail, rows: rows)
    }

    /// Adds an entry at the end of the chain, inside the caller's transaction.
    ///
    /// - Parameter rows: those that the transaction made, changed or removed, as it leaves them.
    static func append(
        _ db: Database, at: Timestamp, actor: String, event: String, subject: String, detail: some Encodable,
        rows: [Binding.Key] = []
    ) throws {
        let last = try Row.fetchOne(db, sql: "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
        let seq: Int64 = (last?["seq"] ?? 0) + 1
        let previous: String = last?["hash"] ?? genesisPrevious
        // A detail that goes with a forgotten arrival, and what its names were bound with, must not be guessed from a digest that stays.
        let detail = try rows.isEmpty ? CanonicalJSON.line(detail) : CanonicalJSON.line(Salted(detail: detail))
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

    /// The rule of new entries.
    static let rule = 2

    /// A detail with a salt beside its own fields.
    private struct Salted<Detail: Encodable>: Encodable {
        let detail: Detail
        private enum CodingKeys: CodingKey { case salt }

        func encode(to encoder: any Encoder) throws {
            try detail.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(AuditEntry.randomHexadecimal(), forKey: .salt)
        }
    }

    /// 128 random bits.
    static func randomHexadecimal() -> String {
        (0..<2).map { _ in
            let word = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - word.count) + word
        }.joined()
    }
}

extension AuditEntry {
    /// Reads a stored entry.
    init(_ row: Row) throws {
        let seq: Int64 = row["seq"]
        guard let at = Timestamp(row["at"] as String), let detailDigest = Digest(row["detail_sha256"] as String),
            let previous = Digest(row["previous"] as String), let hash = Digest(row["hash"] as String)
        else {
            throw PapillaError(
                .damaged, "An audit entry cannot be read", place: "audit entry \(seq)", hint: "Run papilla audit verify")
        }
        (self.seq, self.at, self.detailDigest, self.previous, self.hash) = (seq, at, detailDigest, previous, hash)
        (actor, event, subject) = (row["actor"], row["event"], row["subject"])
        (detail, rule, binding) = (row["detail"], row["rule"], row["binding"])
    }
}
