package import Ledger
internal import Screening

extension Binding {
    /// The rows as they are now, inside the transaction that writes the entry.
    init(_ db: any SQLDatabase, _ keys: [Key], detail: String) throws {
        self.init()
        for key in keys {
            let row = try SQLRow.fetchOne(
                db, sql: "SELECT * FROM \(key.table.rawValue) WHERE \(key.table.key) = ?", arguments: [key.argument])
            rows[key.description] = try row.map { try key.table.bound(db, $0, detail: detail) } ?? Bound()
        }
    }
}

extension Binding.Table {
    /// A stored row's digests.
    func bound(_ db: any SQLDatabase, _ row: SQLRow, detail: String) throws -> Binding.Bound {
        guard self == .screening else { return bound(try Binding.columns(db, row), detail: detail) }
        let findings = try SQLRow.fetchAll(
            db, sql: "SELECT * FROM finding WHERE screening = ? ORDER BY kind, position, code", arguments: [row["id"] as Int64])
        let columns = findings.map { Binding.columns($0) }
        return bound(Binding.columns(row), findings: columns, detail: detail)
    }
}

extension Binding {
    /// What a stored row holds, with whom it is of in the place of a subject's number.
    fileprivate static func columns(_ db: any SQLDatabase, _ row: SQLRow) throws -> Columns {
        var columns = Self.columns(row)
        // A ledger that is being migrated from schema 1 has it in the row itself.
        guard let place = columns.firstIndex(where: { $0.name == "subject" }) else { return columns }
        columns.remove(at: place)
        guard let number = row["subject"] as Int64? else { return columns }
        let subject = try SQLRow.fetchOne(
            db, sql: "SELECT identifier AS patient, issuer FROM subject WHERE number = ?", arguments: [number])
        return columns + (subject.map { Self.columns($0) } ?? [])
    }

    /// What a stored row holds.
    fileprivate static func columns(_ row: SQLRow) -> Columns {
        zip(row.columns, row.values).map { (name: $0, value: value($1)) }
    }

    private static func value(_ stored: SQLValue) -> Value {
        switch stored {
        case .null: .null
        case .integer(let integer): .integer(integer)
        case .real(let real): .real(real)
        case .text(let string): .text(string)
        case .blob(let bytes): .blob(Digest(of: bytes))
        }
    }
}

extension Binding.Key {
    /// The row of a table that has this key.
    init(_ table: Binding.Table, stored value: SQLValue) {
        if let number = Int64(value) {
            self.init(table, .number(number))
        } else {
            self.init(table, .text(String(value) ?? "\(value)"))
        }
    }

    fileprivate var argument: any SQLConvertible {
        switch value {
        case .text(let text): text
        case .number(let number): number
        }
    }

    /// Every row of an arrival that forgetting may blank.
    package static func all(_ db: any SQLDatabase, of id: String) throws -> [Binding.Key] {
        let screenings = try Int64.fetchAll(db, sql: "SELECT id FROM screening WHERE arrival = ? ORDER BY id", arguments: [id])
        let decisions = try Int64.fetchAll(
            db,
            sql:
                "SELECT decision.id FROM decision JOIN screening ON screening.id = decision.screening WHERE arrival = ? ORDER BY 1",
            arguments: [id])
        return [Binding.Key(.arrival, .text(id))] + screenings.map(Self.screening) + decisions.map(Self.decision)
    }

    /// The rows of one table, as keys.
    package static func all(_ db: any SQLDatabase, in table: Binding.Table) throws -> [Binding.Key] {
        try SQLRow.fetchAll(db, sql: "SELECT \(table.key) FROM \(table.rawValue) ORDER BY 1").map {
            Binding.Key(table, stored: $0.values[0])
        }
    }
}
