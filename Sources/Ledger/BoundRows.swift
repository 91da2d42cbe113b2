internal import GRDB
internal import Screening

/// The rows as the audit's entries left them, against the rows as they are.
struct BoundRows {
    private struct Last {
        var seq: Int64
        var bound: Binding.Bound
    }

    /// By table and key.
    private var last: [String: Last] = [:]

    /// Takes note of an entry's binding.
    ///
    /// - Returns: what is wrong with it.
    mutating func take(_ text: String, of seq: Int64) -> [String] {
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

    /// The rows that are not as they were left, the first hundred. A ledger of 0.1.0 that the service has not migrated yet binds none.
    func faults(_ db: Database, head: String) throws -> [ChainVerdict.RowFault] {
        let isOld = try Bool.fetchOne(
            db,
            sql:
                "SELECT NOT EXISTS (SELECT 1 FROM audit WHERE rule > 1) AND NOT EXISTS (SELECT 1 FROM setting WHERE name = 'head')"
        )
        if isOld == true { return [] }
        var faults: [ChainVerdict.RowFault] = []
        func fault(_ row: String, _ problem: String) {
            if faults.count < 100 { faults.append(.init(row: row, problem: problem)) }
        }
        var rest = last
        for table in Binding.Table.allCases {
            let rows = try Row.fetchCursor(db, sql: "SELECT * FROM \(table.rawValue) ORDER BY \(table.key)")
            while let row = try rows.next() {
                let key = Binding.Key(table: table, value: row[table.key]).description
                guard let last = rest.removeValue(forKey: key) else {
                    fault(key, "no audit entry binds this row")
                    continue
                }
                // A detail that is blank although the row still names somebody cannot prove it.
                let detail = try String.fetchOne(db, sql: "SELECT detail FROM audit WHERE seq = ?", arguments: [last.seq])
                let bound = try table.bound(db, row, detail: detail ?? "")
                if bound != last.bound {
                    fault(key, "the row is not as audit entry \(last.seq) left it")
                }
            }
        }
        for (key, last) in rest.sorted(by: { $0.key < $1.key }) where last.bound.kept != nil {
            fault(key, "the row that audit entry \(last.seq) binds is gone")
        }
        for (name, problem) in try settings(db, head: head) { fault("setting \(name)", problem) }
        return faults
    }

    /// What the ledger keeps of itself follows from the audit: which ledger it is, and where its chain ends.
    private func settings(_ db: Database, head: String) throws -> [(String, String)] {
        let created = try Row.fetchOne(db, sql: "SELECT subject, at FROM audit WHERE seq = 1")
        let newest = try Row.fetchOne(db, sql: "SELECT at FROM audit ORDER BY seq DESC LIMIT 1")
        var expected: [String: [String?]] = [
            "identity": [created?["subject"], created?["at"]], "head": [head, newest?["at"]],
        ]
        var problems: [(String, String)] = []
        for row in try Row.fetchAll(db, sql: "SELECT name, value, at FROM setting ORDER BY name") {
            let name: String = row["name"]
            guard let facts = expected.removeValue(forKey: name) else {
                problems.append((name, "nothing in the audit explains it"))
                continue
            }
            if facts != [row["value"], row["at"]] {
                problems.append((name, "it is not what the audit says: entries were cut off, or it was changed"))
            }
        }
        for name in expected.keys.sorted() { problems.append((name, "it is missing")) }
        return problems
    }
}
