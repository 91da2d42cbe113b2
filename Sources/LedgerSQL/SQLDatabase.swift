internal import Screening

/// An SQL database inside one transaction, which commits all of its changes or none.
///
/// Statements are of the SQL that SQLite 3.39 and PostgreSQL 15 both understand, with `?` for each argument; besides, every database
/// knows `json_valid(text)`, `json_extract(text, path)`, `json_each(text)` with its column `value`, and `instr`, as SQLite has them.
package protocol SQLDatabase {
    /// Runs a statement that returns no rows.
    ///
    /// - Returns: how many rows it changed.
    @discardableResult
    func execute(sql: String, arguments: SQLArguments) throws -> Int

    /// Hands every row of a query to `body`, without holding them all in memory; `body` may ask other questions meanwhile.
    func each(sql: String, arguments: SQLArguments, _ body: (SQLRow) throws -> Void) throws

    /// The rows of a query or of a statement with RETURNING, at most so many.
    func rows(sql: String, arguments: SQLArguments, limit: Int) throws -> [SQLRow]

    /// Whether it has a table of the stations that share it.
    var hasStations: Bool { get }
}

extension SQLDatabase {
    /// A file has none.
    package var hasStations: Bool { false }

    /// The same, without arguments.
    @discardableResult
    package func execute(sql: String) throws -> Int { try execute(sql: sql, arguments: []) }

    /// Adds a row.
    ///
    /// - Parameter key: the column that numbers the table's rows.
    /// - Returns: its number.
    package func insert(sql: String, arguments: SQLArguments, key: String = "id") throws -> Int64 {
        guard let number = try Int64.fetchOne(self, sql: "\(sql) RETURNING \(key)", arguments: arguments) else {
            throw PapillaError(.internal, "A row was added and has no number")
        }
        return number
    }

    /// The same, without arguments.
    package func each(sql: String, _ body: (SQLRow) throws -> Void) throws { try each(sql: sql, arguments: [], body) }
}

/// What a column holds.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// A value that statements take and columns give.
package protocol SQLConvertible {
    var sqlValue: SQLValue { get }
    /// Nil for a column that holds something else.
    init?(_ value: SQLValue)
}

extension String: SQLConvertible {
    package var sqlValue: SQLValue { .text(self) }
    package init?(_ value: SQLValue) {
        guard case .text(let text) = value else { return nil }
        self = text
    }
}

extension Int64: SQLConvertible {
    package var sqlValue: SQLValue { .integer(self) }
    package init?(_ value: SQLValue) {
        guard case .integer(let integer) = value else { return nil }
        self = integer
    }
}

extension Int: SQLConvertible {
    package var sqlValue: SQLValue { .integer(Int64(self)) }
    package init?(_ value: SQLValue) {
        guard let integer = Int64(value) else { return nil }
        self.init(exactly: integer)
    }
}

extension Bool: SQLConvertible {
    package var sqlValue: SQLValue { .integer(self ? 1 : 0) }
    package init?(_ value: SQLValue) {
        guard let integer = Int64(value) else { return nil }
        self = integer != 0
    }
}

extension Double: SQLConvertible {
    package var sqlValue: SQLValue { .real(self) }
    package init?(_ value: SQLValue) {
        switch value {
        case .real(let real): self = real
        case .integer(let integer): self = Double(integer)
        case .null, .text, .blob: return nil
        }
    }
}

/// The values of a statement's `?`, in their order.
package struct SQLArguments: ExpressibleByArrayLiteral, Sendable {
    package var values: [SQLValue]

    package init(arrayLiteral elements: (any SQLConvertible)?...) { values = elements.map { $0?.sqlValue ?? .null } }
    package init(_ values: some Sequence<String>) { self.values = values.map(SQLValue.text) }
    package init(values: [SQLValue]) { self.values = values }

    static func += (one: inout SQLArguments, other: SQLArguments) { one.values += other.values }
    static func + (one: SQLArguments, other: SQLArguments) -> SQLArguments { SQLArguments(values: one.values + other.values) }
}

/// A row of an answer.
package struct SQLRow: Sendable {
    /// Names of the columns, in their order.
    package let columns: [String]
    /// What each of them holds.
    package let values: [SQLValue]

    package init(columns: [String], values: [SQLValue]) { (self.columns, self.values) = (columns, values) }

    /// What a column holds; the first one of that name.
    package func value(_ column: String) -> SQLValue {
        guard let index = columns.firstIndex(of: column) else { preconditionFailure("the answer has no column \(column)") }
        return values[index]
    }

    /// What a column holds; nil for null.
    package subscript<Value: SQLConvertible>(_ column: String) -> Value? { Value(value(column)) }

    /// What a column holds that cannot be null.
    package subscript<Value: SQLConvertible>(_ column: String) -> Value {
        guard let value = Value(value(column)) else { preconditionFailure("the column \(column) holds no \(Value.self)") }
        return value
    }

    static func fetchAll(_ db: any SQLDatabase, sql: String, arguments: SQLArguments = []) throws -> [SQLRow] {
        try db.rows(sql: sql, arguments: arguments, limit: .max)
    }

    static func fetchOne(_ db: any SQLDatabase, sql: String, arguments: SQLArguments = []) throws -> SQLRow? {
        try db.rows(sql: sql, arguments: arguments, limit: 1).first
    }
}

extension SQLConvertible {
    /// The first column of every row.
    static func fetchAll(_ db: any SQLDatabase, sql: String, arguments: SQLArguments = []) throws -> [Self] {
        try SQLRow.fetchAll(db, sql: sql, arguments: arguments).map { row in
            guard let value = Self(row.values[0]) else {
                throw PapillaError(.damaged, "A column of the ledger holds what it should not", hint: LedgerDamage.hint)
            }
            return value
        }
    }

    /// The first column of the first row; nil where it is null or there is none.
    static func fetchOne(_ db: any SQLDatabase, sql: String, arguments: SQLArguments = []) throws -> Self? {
        try SQLRow.fetchOne(db, sql: sql, arguments: arguments).flatMap { Self($0.values[0]) }
    }
}

/// What a person does about a ledger that is damaged.
package enum LedgerDamage {
    package static let hint =
        "Stop the service and run papilla restore with the last backup, or --from-bundles; the damaged ledger is kept. It is never recreated by itself"
}
