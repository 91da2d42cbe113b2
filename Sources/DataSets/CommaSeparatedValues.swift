internal import Screening

/// Rows of a text with separated values after RFC 4180: quoted fields, doubled quotes, separators and line breaks inside quotes, LF or
/// CRLF. Commas, semicolons or tabs separate, whichever the first row has most of; a byte order mark is passed over, and UTF-16 with one is
/// read as well, as spreadsheets write it. An apostrophe that keeps a spreadsheet from running a text is taken away. The first row names the columns, in any case; every other row must have as many fields. Rows
/// without any text are left out.
struct CommaSeparatedValues: Sendable {
    /// One row: its fields by column, without white space at their ends, and the line where it begins (from 1).
    struct Row: Sendable {
        let line: Int
        let fields: [String: String]
    }

    /// The first row, in lower case.
    let columns: [String]
    /// All rows after the first.
    let rows: [Row]

    /// Reads a text; `place` names it in errors.
    init(_ file: [UInt8], place: String) throws(PapillaError) {
        let bytes = try Self.decoded(file, place: place)
        let separator = Self.separator(bytes)
        var records: [(line: Int, fields: [String])] = []
        var fields: [String] = []
        var field: [UInt8] = []
        var line = 1
        var recordLine = 1
        var isQuoted = false
        var wasQuoted = false
        func refuse(_ message: String, _ line: Int, _ hint: String) -> PapillaError {
            PapillaError(.badInput, message, place: "\(place):\(line)", hint: hint)
        }
        func endField() throws(PapillaError) {
            guard let text = String(validating: field, as: UTF8.self) else {
                throw refuse("field \(fields.count + 1) is not UTF-8", line, "Save the table as UTF-8 text")
            }
            fields.append(CommaSeparated.unguarded(text.trimmed))
            field.removeAll(keepingCapacity: true)
            wasQuoted = false
        }
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if isQuoted {
                if byte == UInt8(ascii: "\"") {
                    if at < bytes.count, bytes[at] == byte {
                        field.append(byte)
                        at += 1
                    } else {
                        isQuoted = false
                        wasQuoted = true
                    }
                } else {
                    if byte == UInt8(ascii: "\n") { line += 1 }
                    field.append(byte)
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                guard field.isEmpty, !wasQuoted else {
                    throw refuse(
                        "a quote stands inside field \(fields.count + 1), which does not begin with one", line,
                        "Put the whole field in quotes, and double those inside")
                }
                isQuoted = true
            case separator: try endField()
            case UInt8(ascii: "\r"):
                guard at == bytes.count || bytes[at] == UInt8(ascii: "\n") else {
                    throw refuse("a carriage return without a line feed", line, "End lines with LF or CRLF")
                }
            case UInt8(ascii: "\n"):
                try endField()
                if fields.contains(where: { !$0.isEmpty }) { records.append((recordLine, fields)) }
                fields = []
                line += 1
                recordLine = line
            default:
                guard !wasQuoted else {
                    throw refuse(
                        "text follows the closing quote of field \(fields.count + 1)", line,
                        "Put the whole field in quotes, and double those inside")
                }
                field.append(byte)
            }
        }
        guard !isQuoted else { throw refuse("a quote is never closed", recordLine, "Close it, or leave it away") }
        if !field.isEmpty || !fields.isEmpty || wasQuoted {
            try endField()
            if fields.contains(where: { !$0.isEmpty }) { records.append((recordLine, fields)) }
        }
        guard let header = records.first else {
            throw refuse("the table is empty", 1, "Begin it with a row of column names")
        }
        let columns = header.fields.map { $0.lowercased() }
        var names = Set<String>()
        for name in columns where !name.isEmpty && !names.insert(name).inserted {
            throw refuse("column '\(name)' stands twice", header.line, "Rename or remove one of them")
        }
        var rows: [Row] = []
        for record in records.dropFirst() {
            guard record.fields.count == header.fields.count else {
                throw refuse(
                    "\(record.fields.count) fields; the first row has \(header.fields.count)", record.line,
                    "Put fields that hold a \(Self.words(separator)) in quotes, and give every row as many")
            }
            rows.append(
                Row(line: record.line, fields: Dictionary(zip(columns, record.fields), uniquingKeysWith: { first, _ in first })))
        }
        self.columns = columns
        self.rows = rows
    }

    /// The text in UTF-8, without its byte order mark.
    private static func decoded(_ file: [UInt8], place: String) throws(PapillaError) -> [UInt8] {
        if file.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(file.dropFirst(3)) }
        guard file.starts(with: [0xFF, 0xFE]) || file.starts(with: [0xFE, 0xFF]) else { return file }
        let isLittle = file[0] == 0xFF
        let units = stride(from: 2, to: file.count - 1, by: 2).map { at in
            isLittle ? UInt16(file[at]) | UInt16(file[at + 1]) << 8 : UInt16(file[at]) << 8 | UInt16(file[at + 1])
        }
        guard file.count.isMultiple(of: 2), let text = String(validating: units, as: UTF16.self) else {
            throw PapillaError(.badInput, "the table is no UTF-16 text", place: place, hint: "Save the table as UTF-8 text")
        }
        return Array(text.utf8)
    }

    /// What the first row separates its names by: the one that it has most of, outside of quotes.
    private static func separator(_ bytes: [UInt8]) -> UInt8 {
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for byte in bytes.drop(while: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if isQuoted { continue }
            if byte == UInt8(ascii: "\n") { break }
            if [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")].contains(byte) { counts[byte, default: 0] += 1 }
        }
        return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? UInt8(ascii: ",")
    }

    private static func words(_ separator: UInt8) -> String {
        switch separator {
        case UInt8(ascii: ";"): "semicolon"
        case UInt8(ascii: "\t"): "tab"
        default: "comma"
        }
    }
}
