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
