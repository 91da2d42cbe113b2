internal import CPostgres
internal import LedgerSQL
internal import Screening

/// A connection to PostgreSQL.
// Unchecked, since libpq's pointer and the statements' names have no lock: PostgresConnection takes a session out of its lists for as long
// as one transaction uses it, so that two threads never have the same one.
final class PostgresSession: SQLDatabase, @unchecked Sendable {
    private let connection: OpaquePointer
    /// Names of prepared statements, by their SQL.
    private var statements: [String: String] = [:]
    /// Cursors that are open: one more for each question that is asked while another is answered.
    private var cursors = 0

    /// Connects.
    ///
    /// - Throws: `system` where libpq is not installed; `badConfiguration` where the address is malformed; `PostgresError` where the server
    ///   cannot be reached or does not let us in.
    init(_ uri: String) throws {
        if let missing = papilla_pg_open() {
            throw PapillaError(
                .system, "PostgreSQL's client library is not installed", place: String(cString: missing),
                hint: "Install it: apt install libpq5")
        }
        // What libpq says of it quotes it, the password, too; and so would the place.
        guard papilla_pg_understands(uri) else {
            throw PapillaError(
                .badConfiguration, "The ledger's address is not one that PostgreSQL understands",
                hint: """
                    Write postgresql://USER@HOST/DATABASE?OPTION=VALUE, with %25, %40, %3A, %2F and %3F for the signs %, @, :, / and ? \
                    in a user's name or password
                    """)
        }
        guard let connection = papilla_pg_connect(uri) else { throw PapillaError(.system, "No memory is left for a connection") }
        self.connection = connection
        // Finished by `deinit`, which also runs where a whole object's initialiser throws.
        guard papilla_pg_stands(connection) else {
            throw PostgresError(state: nil, message: String(cString: papilla_pg_error(connection)), isLost: true)
        }
    }

    deinit { papilla_pg_finish(connection) }

    /// Whether it still stands, as far as is known.
    var stands: Bool { papilla_pg_stands(connection) }

    var hasStations: Bool { true }

    /// Runs SQL without arguments, also several statements.
    func run(_ sql: String) throws { try PostgresResult(papilla_pg_run(connection, sql), self).check() }

    @discardableResult
    func execute(sql: String, arguments: SQLArguments) throws -> Int {
        try result(sql, arguments).changes
    }

    func rows(sql: String, arguments: SQLArguments, limit: Int) throws -> [SQLRow] {
        try result(sql, arguments).rows(limit: limit)
    }

    func each(sql: String, arguments: SQLArguments, _ body: (SQLRow) throws -> Void) throws {
        cursors += 1
        defer { cursors -= 1 }
        let name = "each_\(cursors)"
        _ = try result("DECLARE \(name) NO SCROLL CURSOR FOR \(sql)", arguments)
        while true {
            let rows = try result("FETCH 500 FROM \(name)", []).rows(limit: .max)
            for row in rows { try body(row) }
            if rows.isEmpty { break }
        }
        try run("CLOSE \(name)")
    }

    private func result(_ sql: String, _ arguments: SQLArguments) throws -> PostgresResult {
        let name = try prepare(sql)
        let texts = arguments.values.map(Self.text)
        let result = withCStrings(texts) { values in
            papilla_pg_execute(connection, name, Int32(texts.count), values)
        }
        return try PostgresResult(result, self).check()
    }

    private func prepare(_ sql: String) throws -> String {
        if let name = statements[sql] { return name }
        // What is asked with figures in its text is asked once: such statements do not stay.
        if statements.count >= 500 {
            try run("DEALLOCATE ALL")
            statements = [:]
        }
        let name = "s\(statements.count)"
        try PostgresResult(papilla_pg_prepare(connection, name, Self.numbered(sql)), self).check()
        statements[sql] = name
        return name
    }

    /// `$1`, `$2`, ... for each `?` outside of quotes.
    static func numbered(_ sql: String) -> String {
        var result = ""
        var (count, isQuoted) = (0, false)
        for character in sql.unicodeScalars {
            if character == "'" { isQuoted.toggle() }
            if character == "?", !isQuoted {
                count += 1
                result += "$\(count)"
            } else {
                result.unicodeScalars.append(character)
            }
        }
        return result
    }

    private static func text(_ value: SQLValue) -> String? {
        switch value {
        case .null: nil
        case .integer(let integer): "\(integer)"
        case .real(let real): "\(real)"
        case .text(let text): text
        case .blob(let bytes): "\\x" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    private func withCStrings<Value>(
        _ texts: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value
    ) -> Value {
        // One buffer for all, each with its zero byte.
        var (bytes, starts): ([CChar], [Int?]) = ([], [])
        for text in texts {
            starts.append(text == nil ? nil : bytes.count)
            if let text { bytes += text.utf8CString }
        }
        return bytes.withUnsafeBufferPointer { buffer in
            let pointers = starts.map { start in start.flatMap { start in buffer.baseAddress.map { $0 + start } } }
            return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }

    fileprivate func error(_ result: OpaquePointer?) -> PostgresError {
        let state = result.flatMap { papilla_pg_state($0) }.map { String(cString: $0) }
        let message = result.flatMap { papilla_pg_message($0) }.map { String(cString: $0) }
        return PostgresError(
            state: state, message: message ?? String(cString: papilla_pg_error(connection)), isLost: !stands)
    }
}

/// What PostgreSQL said. Its message holds no values of the ledger: details, which may, are left out.
struct PostgresError: Error, CustomStringConvertible {
    /// SQLSTATE; nil where the server said nothing.
    var state: String?
    var message: String
    /// The connection is gone.
    var isLost: Bool

    var description: String {
        let words = message.trimming()
        return state.map { "\(words) (SQLSTATE \($0))" } ?? words
    }
}

extension String {
    fileprivate func trimming() -> String {
        String(reversed().drop { $0.isNewline || $0 == " " }.reversed()).replacing("\n", with: "; ")
    }
}

/// An answer of libpq, freed with it.
private final class PostgresResult {
    private let result: OpaquePointer?
    private let session: PostgresSession

    init(_ result: OpaquePointer?, _ session: PostgresSession) { (self.result, self.session) = (result, session) }

    deinit { if let result { papilla_pg_clear(result) } }

    @discardableResult
    func check() throws -> PostgresResult {
        guard let result, papilla_pg_went_through(result) else { throw session.error(result) }
        return self
    }

    var changes: Int { Int(papilla_pg_changes(result)) }

    func rows(limit: Int) throws -> [SQLRow] {
        let columns = (0..<papilla_pg_columns(result)).map { column in
            (name: String(cString: papilla_pg_column(result, column)), type: papilla_pg_type(result, column))
        }
        let names = columns.map(\.name)
        return (0..<min(papilla_pg_rows(result), Int32(clamping: limit))).map { row in
            SQLRow(
                columns: names,
                values: columns.enumerated().map { index, column in
                    guard let text = papilla_pg_value(result, row, Int32(index)) else { return .null }
                    return Self.value(String(cString: text), type: column.type)
                })
        }
    }

    /// A value by the number of its type in pg_type.
    private static func value(_ text: String, type: UInt32) -> SQLValue {
        switch type {
        case 16: .integer(text == "t" ? 1 : 0)
        case 20, 21, 23, 1700: Int64(text).map(SQLValue.integer) ?? Double(text).map(SQLValue.real) ?? .text(text)
        case 700, 701: Double(text).map(SQLValue.real) ?? .text(text)
        default: .text(text)
        }
    }
}
