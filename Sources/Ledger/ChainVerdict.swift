internal import GRDB
public import Screening

/// What recomputing the audit's chain found.
public struct ChainVerdict: Sendable, Codable, Hashable {
    /// One thing that is wrong, and the entry it is wrong in.
    public struct Fault: Sendable, Codable, Hashable {
        /// The entry.
        public var seq: Int64
        /// What is wrong.
        public var problem: String
    }

    /// Whether nothing is wrong.
    public var isIntact: Bool { faults.isEmpty }
    /// Entries in the chain.
    public var entries: Int64
    /// The last entry's hash; 64 zeros for an empty chain.
    public var head: String
    /// Entries whose detail was forgotten, and whose hash stands for it.
    public var forgotten: Int
    /// The entry whose hash was expected; null where none was, or where it is not in the chain.
    @Nullable public var expectedAt: Int64?
    /// What is wrong, the first hundred.
    public var faults: [Fault]

    enum CodingKeys: String, CodingKey {
        case entries, head, forgotten, faults
        case expectedAt = "expected_at"
    }

    /// Recomputes the chain from its first entry, on the values as they are stored.
    init(_ db: Database, expecting expected: String?) throws {
        (entries, head, forgotten, faults) = (0, AuditEntry.genesisPrevious, 0, [])
        var found: [Fault] = []
        var last: Int64 = 0
        let rows = try Row.fetchCursor(db, sql: "SELECT * FROM audit ORDER BY seq")
        while let row = try rows.next() {
            let seq: Int64 = row["seq"]
            func fault(_ problem: String) { if found.count < 100 { found.append(Fault(seq: seq, problem: problem)) } }
            if seq != last + 1 { fault("entries \(last + 1) to \(seq - 1) are missing") }
            if seq == 1, row["event"] as String != AuditEntry.Event.created.rawValue {
                fault("the first entry is not the ledger's creation")
            }
            let (previous, hash, detailDigest) = (
                row["previous"] as String, row["hash"] as String, row["detail_sha256"] as String
            )
            if previous != head { fault("it does not follow the entry before it") }
            let computed = AuditEntry.hash(
                previous: previous, seq: seq, at: row["at"], actor: row["actor"], event: row["event"], subject: row["subject"],
                detailDigest: detailDigest)
            if computed.description != hash { fault("its hash does not match its fields") }
            if let detail = row["detail"] as String? {
                if Digest(of: detail.utf8).description != detailDigest { fault("its detail does not match its digest") }
            } else {
                forgotten += 1
            }
            if hash == expected { expectedAt = seq }
            (last, head) = (seq, hash)
            entries += 1
        }
        if entries == 0 { found.append(Fault(seq: 0, problem: "the chain is empty: not even the ledger's creation is there")) }
        if let expected, expectedAt == nil {
            found.append(Fault(seq: last, problem: "the expected head \(expected) is not in the chain: it was cut or rebuilt"))
        }
        faults = found
    }
}
