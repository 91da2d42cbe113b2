internal import Ledger
internal import Screening

extension ChainVerdict {
    /// Recomputes the chain from its first entry, on the values as they are stored, and holds every row against the entries that bind it.
    init(_ db: any SQLDatabase, expecting expected: String?) throws {
        var walk = ChainWalk(expecting: expected)
        var rows = BoundRows()
        try db.each(sql: "SELECT * FROM audit ORDER BY seq") { row in
            walk.take(
                ChainWalk.Stored(
                    seq: row["seq"], at: row["at"], actor: row["actor"], event: row["event"], subject: row["subject"],
                    detail: row["detail"], detailDigest: row["detail_sha256"], rule: row["rule"], binding: row["binding"],
                    previous: row["previous"], hash: row["hash"]),
                &rows)
        }
        walk.end()
        try rows.hold(db, head: walk.head)
        self.init(walk, rows)
    }
}

extension BoundRows {
    /// Holds every row against its binding. A ledger of 0.1.0 that the service has not migrated yet binds none.
    fileprivate mutating func hold(_ db: any SQLDatabase, head: String) throws {
        let isOld = try Bool.fetchOne(
            db,
            sql:
                "SELECT NOT EXISTS (SELECT 1 FROM audit WHERE rule > 1) AND NOT EXISTS (SELECT 1 FROM setting WHERE name = 'head')"
        )
        if isOld == true { return }
        for table in Binding.Table.allCases {
            try db.each(sql: "SELECT * FROM \(table.rawValue) ORDER BY \(table.key)") { row in
                try hold(Binding.Key(table, stored: row.value(table.key))) { seq in
                    // A detail that is blank although the row still names somebody cannot prove it.
                    let detail = try String.fetchOne(db, sql: "SELECT detail FROM audit WHERE seq = ?", arguments: [seq])
                    return try table.bound(db, row, detail: detail ?? "")
                }
            }
        }
        endOfRows()
        let created = try SQLRow.fetchOne(db, sql: "SELECT subject, at FROM audit WHERE seq = 1")
        let newest = try SQLRow.fetchOne(db, sql: "SELECT at FROM audit ORDER BY seq DESC LIMIT 1")
        try LedgerStore.eachNote(db) { name, isExplained in hold(note: name, isExplained: isExplained) }
        let settings = try SQLRow.fetchAll(
            db,
            sql: """
                SELECT name, value, at FROM setting
                WHERE name NOT LIKE '\(LedgerStore.dueName)%' AND name NOT LIKE '\(StationNotes.name)%' ORDER BY name
                """)
        hold(
            settings: settings.map { ($0["name"], [$0["value"], $0["at"]]) }, created: (created?["subject"], created?["at"]),
            newest: newest?["at"], head: head)
    }
}
