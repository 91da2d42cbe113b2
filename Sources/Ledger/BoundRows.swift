internal import Screening

/// The rows as the audit's entries left them, against the rows as they are: whoever reads a database hands over its bindings in their
/// order, then its rows.
package struct BoundRows {
    private struct Last {
        var seq: Int64
        var bound: Binding.Bound
    }

    /// By table and key; a row that was held is taken out.
    private var last: [String: Last] = [:]
    /// What is wrong with the rows, the first hundred.
    package private(set) var faults: [ChainVerdict.RowFault] = []

    package init() {}

    /// Takes note of an entry's binding.
    ///
    /// - Returns: what is wrong with it.
    package mutating func take(_ text: String, of seq: Int64) -> [String] {
        guard let binding = try? Binding(text) else { return ["its binding cannot be read"] }
        var problems: [String] = []
        for (row, bound) in binding.rows.sorted(by: { $0.key < $1.key }) {
            if let before = last[row], let kept = before.bound.kept, kept != bound.kept, Self.isFixed(row) {
                problems.append("it changes \(row), which stays as it was made")
            }
            last[row] = Last(seq: seq, bound: bound)
        }
        return problems
    }

    private static func isFixed(_ row: String) -> Bool {
        row.split(separator: " ").first.flatMap { Binding.Table(rawValue: String($0)) }?.isFixed ?? false
    }

    private mutating func fault(_ row: String, _ problem: String) {
        if faults.count < 100 { faults.append(.init(row: row, problem: problem)) }
    }

    /// Holds a row against the entry that bound it last.
    ///
    /// - Parameter bound: the row's digests as it is, with the detail of the entry of that number.
    package mutating func hold(_ key: Binding.Key, bound: (Int64) throws -> Binding.Bound) rethrows {
        let key = key.description
        guard let last = last.removeValue(forKey: key) else { return fault(key, "no audit entry binds this row") }
        if try bound(last.seq) != last.bound { fault(key, "the row is not as audit entry \(last.seq) left it") }
    }

    /// Every row was held: what is left of the bindings has none.
    package mutating func endOfRows() {
        for (key, last) in last.sorted(by: { $0.key < $1.key }) where last.bound.kept != nil {
            fault(key, "the row that audit entry \(last.seq) binds is gone")
        }
    }

    /// A note of what is still to be done was written with an entry of the audit.
    package mutating func hold(note name: String, isExplained: Bool) {
        if !isExplained { fault("setting \(name)", "nothing in the audit explains it") }
    }

    /// What the ledger keeps of itself follows from the audit: which ledger it is, and where its chain ends.
    ///
    /// - Parameters:
    ///   - settings: as they are, by name.
    ///   - created: the subject and time of the first entry.
    ///   - newest: the time of the last entry.
    ///   - head: its hash.
    package mutating func hold(
        settings: [(name: String, facts: [String?])], created: (subject: String?, at: String?), newest: String?, head: String
    ) {
        var expected: [String: [String?]] = ["identity": [created.subject, created.at], "head": [head, newest]]
        for (name, found) in settings {
            guard let facts = expected.removeValue(forKey: name) else {
                fault("setting \(name)", "nothing in the audit explains it")
                continue
            }
            if facts != found {
                fault("setting \(name)", "it is not what the audit says: entries were cut off, or it was changed")
            }
        }
        for name in expected.keys.sorted() { fault("setting \(name)", "it is missing") }
    }
}
