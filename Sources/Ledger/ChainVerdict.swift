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

    /// What was found along the chain and beside it.
    package init(_ walk: ChainWalk, _ rows: BoundRows) {
        (entries, head, expectedAt) = (walk.entries, walk.head, walk.expectedAt)
        (faults, forgotten, self.rows) = (walk.faults, walk.forgotten, rows.faults)
    }
}

/// The way along the audit's chain, from its first entry: what is wrong with each entry by itself and beside the one before it. Entries are
/// taken as they are stored, whatever is in them.
package struct ChainWalk {
    /// An entry as it is stored.
    package struct Stored {
        package var seq: Int64
        package var at: String
        package var actor: String
        package var event: String
        package var subject: String
        package var detail: String?
        package var detailDigest: String
        package var rule: Int
        package var binding: String?
        package var previous: String
        package var hash: String

        package init(
            seq: Int64, at: String, actor: String, event: String, subject: String, detail: String?, detailDigest: String,
            rule: Int,
            binding: String?, previous: String, hash: String
        ) {
            (self.seq, self.at, self.actor, self.event, self.subject) = (seq, at, actor, event, subject)
            (self.detail, self.detailDigest, self.rule, self.binding) = (detail, detailDigest, rule, binding)
            (self.previous, self.hash) = (previous, hash)
        }
    }

    /// What is wrong, the first hundred.
    package private(set) var faults: [ChainVerdict.Fault] = []
    /// How many entries were taken.
    package private(set) var entries: Int64 = 0
    /// The hash of the entry that was taken last; 64 zeros before the first.
    package private(set) var head = AuditEntry.genesisPrevious
    /// The entry whose hash was expected.
    package private(set) var expectedAt: Int64?
    /// The entry that was looked at last.
    private var last: Int64 = 0
    /// Entries whose detail is blank, by subject.
    private var blanks: [String: [Int64]] = [:]
    /// The last entry that says that a subject was forgotten.
    private var proved: [String: Int64] = [:]
    private var rule = 1
    private let expected: String?

    /// - Parameter expected: a hash noted elsewhere, of any entry; the chain must still hold that entry.
    package init(expecting expected: String?) { self.expected = expected }

    /// Entries whose detail was forgotten, and whose hash stands for it.
    package var forgotten: Int { blanks.values.reduce(0) { $0 + $1.count } }

    private mutating func fault(_ problem: String) { fault(last, problem) }

    private mutating func fault(_ seq: Int64, _ problem: String) {
        if faults.count < 100 { faults.append(.init(seq: seq, problem: problem)) }
    }

    /// Takes the next entry, and what it binds.
    package mutating func take(_ entry: Stored, _ rows: inout BoundRows) {
        let before = last
        last = entry.seq
        if entry.seq != before + 1 { fault("entries \(before + 1) to \(entry.seq - 1) are missing") }
        if entry.seq == 1, entry.event != AuditEntry.Event.created.rawValue {
            fault("the first entry is not the ledger's creation")
        }
        if entry.previous != head { fault("it does not follow the entry before it") }
        if entry.rule < rule || entry.rule > AuditEntry.rule {
            fault("its hash has rule \(entry.rule), after one of rule \(rule)")
        }
        rule = min(max(rule, entry.rule), AuditEntry.rule)
        if entry.rule < 2, entry.binding != nil { fault("it binds rows, which its rule does not") }
        let computed = AuditEntry.hash(
            previous: entry.previous, seq: entry.seq, at: entry.at, actor: entry.actor, event: entry.event,
            subject: entry.subject, detailDigest: entry.detailDigest, rule: entry.rule, binding: entry.binding)
        if computed.description != entry.hash { fault("its hash does not match its fields") }
        if let detail = entry.detail {
            if Digest(of: detail.utf8).description != entry.detailDigest { fault("its detail does not match its digest") }
        } else {
            blanks[entry.subject, default: []].append(entry.seq)
        }
        if entry.event == AuditEntry.Event.forgotten.rawValue { proved[entry.subject] = entry.seq }
        if let binding = entry.binding { for problem in rows.take(binding, of: entry.seq) { fault(problem) } }
        if entry.hash == expected { expectedAt = entry.seq }
        head = entry.hash
        entries += 1
    }

    /// Every entry was taken.
    package mutating func end() {
        for (subject, entries) in blanks.sorted(by: { $0.value[0] < $1.value[0] }) {
            for seq in entries where seq >= proved[subject] ?? 0 {
                fault(seq, "its detail is blank, and no later entry says that its subject was forgotten")
            }
        }
        if last == 0 { fault("the chain is empty: not even the ledger's creation is there") }
        if expectedAt == nil, let expected { fault("the expected head \(expected) is not in the chain: it was cut or rebuilt") }
    }
}
