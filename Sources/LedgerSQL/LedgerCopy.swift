package import Ledger
package import Screening

/// Copying a ledger from one database into another: every row as it is, so that its bindings and the audit's chain hold there as here.
package enum LedgerCopy {
    /// The tables, each after those that it refers to, with the columns by which rows follow each other.
    private static let tables = [
        ("image", "sha256"), ("model", "id"), ("subject", "number"), ("arrival", "received, id"), ("screening", "id"),
        ("finding", "screening, kind, position, code"), ("decision", "id"), ("correction", "arrival"), ("delivery", "id"),
        ("visit", "number"), ("audit", "seq"), ("setting", "name"),
    ]
    /// Derived from other columns of their row.
    private static let derived: Set<String> = ["suffix"]

    /// Copies every row of `source` into the empty tables of `target`.
    ///
    /// - Parameter copied: told how many rows are copied so far.
    /// - Returns: how many there were.
    @discardableResult
    package static func copy(
        _ source: any SQLDatabase, to target: any SQLDatabase, copied: (Int) -> Void = { _ in }
    ) throws -> Int {
        var count = 0
        for (table, order) in tables {
            var insert: (sql: String, columns: [Int])?
            // Stations are told of in another way in each kind of ledger.
            let kept = table == "setting" ? " WHERE name NOT LIKE '\(StationNotes.name)%'" : ""
            try source.each(sql: "SELECT * FROM \(table)\(kept) ORDER BY \(order)") { row in
                let statement = insert ?? Self.insert(row.columns, into: table)
                insert = statement
                try target.execute(
                    sql: statement.sql, arguments: SQLArguments(values: statement.columns.map { row.values[$0] }))
                count += 1
                if count.isMultiple(of: 1000) { copied(count) }
            }
        }
        try StationNotes.copy(source, to: target)
        copied(count)
        return count
    }

    /// Makes sure that a copy is what was copied.
    ///
    /// - Throws: `damaged` where it is not, or the source was not sound either.
    package static func verify(
        _ copy: LedgerStore, of source: any WholeLedger, rows: Int, before: String? = nil
    ) async throws(PapillaError) -> LedgerCopyResult {
        let head = try await source.head().hash.description
        let chain = try copy.verifyChain(expecting: head)
        let violations = try copy.violatedInvariants().map { "\($0.subject): \($0.invariant)" }
        let problems =
            chain.faults.map { "audit entry \($0.seq): \($0.problem)" } + chain.rows.map { "\($0.row): \($0.problem)" }
            + violations
        guard problems.isEmpty, chain.head == head else {
            var error = PapillaError(
                .damaged, "The copy of the ledger does not verify", place: copy.path,
                hint: "papilla audit verify says whether the ledger that was copied does")
            error.cause = problems.first ?? "its head is \(chain.head), expected \(head)"
            throw error
        }
        return LedgerCopyResult(ledger: copy.path, before: before, rows: rows, entries: chain.entries, head: head)
    }

    private static func insert(_ columns: [String], into table: String) -> (sql: String, columns: [Int]) {
        let kept = columns.indices.filter { !derived.contains(columns[$0]) }
        let names = kept.map { columns[$0] }.joined(separator: ", ")
        let marks = kept.map { _ in "?" }.joined(separator: ", ")
        return ("INSERT INTO \(table) (\(names)) VALUES (\(marks))", kept)
    }
}
