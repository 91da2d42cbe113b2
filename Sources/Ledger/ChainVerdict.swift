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

    /// A row that the audit cannot prove.
    public struct RowFault: Sendable, Codable, Hashable {
        /// Its table and key: `arrival 20261124-k7q2m9xd`, `screening 12`.
        public var row: String
        /// What is wrong.
        public var problem: String
    }

    /// Whether nothing is wrong.
    public var isIntact: Bool { faults.isEmpty && rows.isEmpty }
    /// Entries in the chain.
    public var entries: Int64
    /// The last entry's hash; 64 zeros for an empty chain.
    public var head: String
    /// Entries whose detail was forgotten, and whose hash stands for it.
    public var forgotten: Int
    /// The entry whose hash was expected; null where none was, or where it is not in the chain.
    @Nullable public var expectedAt: Int64?
    /// What is wrong with the chain, the first hundred.
    public var faults: [Fault]
    /// Rows that are not as the audit's entries left them, the first hundred.
    public var rows: [RowFault]

    enum CodingKeys: String, CodingKey {
        case entries, head, forgotten, faults, rows
        case expectedAt = "expected_at"
    }

    /// Recomputes the chain from its first entry, on the values as they are stored, and holds every row against the entries that bind it.
    init(_ db: Database, expecting expected: String?) throws {
        (entries, head, forgotten, faults, rows) = (0, AuditEntry.genesisPrevious, 0, [], [])
        var walk = Walk()
        var bindings = BoundRows()
        let cursor = try Row.fetchCursor(db, sql: "SELECT * FROM audit ORDER BY seq")
        while let row = try cursor.next() {
            walk.take(row, after: head)
            let hash: String = row["hash"]
            if let binding = row["binding"] as String? {
                for problem in bindings.take(binding, of: walk.last) { walk.fault(problem) }
            }
            if hash == expected { expectedAt = walk.last }
            head = hash
            entries += 1
        }
        walk.end(expecting: expectedAt == nil ? expected : nil)
        (faults, forgotten) = (walk.faults, walk.blanks.values.reduce(0) { $0 + $1.count })
        rows = try bindings.faults(db, head: head)
    }
}

/// The way along the chain: what is wrong with each entry by itself and beside the one before it.
private struct Walk {
    private(set) var faults: [ChainVerdict.Fault] = []
    /// The entry that was looked at last.
    private(set) var last: Int64 = 0
    /// Entries whose detail is blank and not proved yet, and those that are, by subject.
    private(set) var blanks: [String: [Int64]] = [:]
    private var proved: [String: Int64] = [:]
    private var rule = 1

    init() {}

    mutating func fault(_ problem: String) { fault(last, problem) }

    private mutating func fault(_ seq: Int64, _ problem: String) {
        if faults.count < 100 { faults.append(.init(seq: seq, problem: problem)) }
    }

    mutating func take(_ row: Row, after head: String) {
        let seq: Int64 = row["seq"]
        let before = last
        last = seq
        if seq != before + 1 { fault("entries \(before + 1) to \(seq - 1) are missing") }
        let (event, subject) = (row["event"] as String, row["subject"] as String)
        if seq == 1, event != AuditEntry.Event.created.rawValue { fault("the first entry is not the ledger's creation") }
        let (previous, detailDigest) = (row["previous"] as String, row["detail_sha256"] as String)
        if previous != head { fault("it does not follow the entry before it") }
        let rule: Int = row["rule"]
        if rule < self.rule || rule > AuditEntry.rule { fault("its hash has rule \(rule), after one of rule \(self.rule)") }
        self.rule = min(max(self.rule, rule), AuditEntry.rule)
        if rule < 2, row["binding"] as String? != nil { fault("it binds rows, which its rule does not") }
        let computed = AuditEntry.hash(
            previous: previous, seq: seq, at: row["at"], actor: row["actor"], event: event, subject: subject,
            detailDigest: detailDigest, rule: rule, binding: row["binding"])
        if computed.description != row["hash"] as String { fault("its hash does not match its fields") }
        if let detail = row["detail"] as String? {
            if Digest(of: detail.utf8).description != detailDigest { fault("its detail does not match its digest") }
        } else {
            blanks[subject, default: []].append(seq)
        }
        if event == AuditEntry.Event.forgotten.rawValue { proved[subject] = seq }
    }

    mutating func end(expecting missing: String?) {
        for (subject, entries) in blanks.sorted(by: { $0.value[0] < $1.value[0] }) {
            for seq in entries where seq >= proved[subject] ?? 0 {
                fault(seq, "its detail is blank, and no later entry says that its subject was forgotten")
            }
        }
        if last == 0 { fault("the chain is empty: not even the ledger's creation is there") }
        if let missing { fault("the expected head \(missing) is not in the chain: it was cut or rebuilt") }
    }
}
