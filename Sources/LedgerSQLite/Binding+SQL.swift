internal import GRDB
internal import Ledger
internal import Screening

extension Binding {
    /// The rows as they are now, inside the transaction that writes the entry.
    init(_ db: Database, _ keys: [Key], detail: String) throws {
        self.init()
        for key in keys {
            let row = try Row.fetchOne(
                db, sql: "SELECT * FROM \(key.table.rawValue) WHERE \(key.table.key) = ?", arguments: [key.databaseValue])
            rows[key.description] = try row.map { try key.table.bound(db, $0, detail: detail) } ?? Bound()
        }
    }
}

extension Binding.Table {
    /// A stored row's digests.
    func bound(_ db: Database, _ row: Row, detail: String) throws -> Binding.Bound {
        guard self == .screening else { return bound(Binding.columns(row), detail: detail) }
        let findings = try Row.fetchCursor(
            db, sql: "SELECT * FROM finding WHERE screening = ? ORDER BY kind, position, code", arguments: [row["id"] as Int64])
        var columns: [Binding.Columns] = []
        while let finding = try findings.next() { columns.append(Binding.columns(finding)) }
        return bound(Binding.columns(row), findings: columns, detail: detail)
    }
}

extension Binding {
    /// What a stored row holds.
    fileprivate static func columns(_ row: Row) -> Columns {
        row.map { (name: $0, value: value($1)) }
    }

    private static func value(_ stored: DatabaseValue) -> Value {
        switch stored.storage {
        case .null: .null
        case .int64(let integer): .integer(integer)
        case .double(let real): .real(real)
        case .string(let string): .text(string)
        case .blob(let data): .blob(Digest(of: data))
        }
    }
}

extension Binding.Key {
    /// The row of a table that has this key.
    init(_ table: Binding.Table, stored value: DatabaseValue) {
        if case .int64(let number) = value.storage {
            self.init(table, .number(number))
        } else {
            self.init(table, .text(String.fromDatabaseValue(value) ?? "\(value)"))
        }
    }

    fileprivate var databaseValue: DatabaseValue {
        switch value {
        case .text(let text): text.databaseValue
        case .number(let number): number.databaseValue
        }
    }

    /// Every row of an arrival that forgetting may blank.
    static func all(_ db: Database, of id: String) throws -> [Binding.Key] {
        let screenings = try Int64.fetchAll(db, sql: "SELECT id FROM screening WHERE arrival = ? ORDER BY id", arguments: [id])
        let decisions = try Int64.fetchAll(
            db,
            sql:
                "SELECT decision.id FROM decision JOIN screening ON screening.id = decision.screening WHERE arrival = ? ORDER BY 1",
            arguments: [id])
        return [Binding.Key(.arrival, .text(id))] + screenings.map(Self.screening) + decisions.map(Self.decision)
    }

    /// The rows of one table, as keys.
    static func all(_ db: Database, in table: Binding.Table) throws -> [Binding.Key] {
        try DatabaseValue.fetchAll(db, sql: "SELECT \(table.key) FROM \(table.rawValue) ORDER BY 1").map {
            Binding.Key(table, stored: $0)
        }
    }
}
