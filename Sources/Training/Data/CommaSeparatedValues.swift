internal import Screening

/// Rows of a text with comma separated values after RFC 4180: quoted fields, doubled quotes, commas and line breaks inside quotes,
/// LF or CRLF. The first row names the columns; every other row must have as many fields.
struct CommaSeparatedValues: Sendable {
    /// One row: its fields by column, and the line where it begins (from 1).
    struct Row: Sendable {
        let line: Int
        let fields: [String: String]
    }

    /// The first row.
    let columns: [String]
    /// All rows after the first.
    let rows: [Row]

    /// Reads a text; `place` names it in errors.
    init(_ bytes: [UInt8], place: String) throws(PapillaError) {
        var records: [(line: Int, fields: [String])] = []
        var fields: [String] = []
        var field: [UInt8] = []
        var line = 1
        var recordLine = 1
        var isQuoted = false
        var wasQuoted = false
        func refuse(_ message: String, _ line: Int) -> PapillaError {
            PapillaError(.badInput, message, place: "\(place):\(line)", hint: "Write the table as RFC 4180 has it")
        }
        func endField() throws(PapillaError) {
            guard let text = String(validating: field, as: UTF8.self) else { throw refuse("a field is not UTF-8", line) }
            fields.append(text)
            field.removeAll(keepingCapacity: true)
            wasQuoted = false
        }
        var at = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if isQuoted {
                if byte == UInt8(ascii: "\"") {
                    if at < bytes.count, bytes[at] == byte {
                        field.append(byte)
                        at += 1
                    } else {
                        (isQuoted, wasQuoted) = (false, true)
                    }
                } else {
                    if byte == UInt8(ascii: "\n") { line += 1 }
                    field.append(byte)
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                guard field.isEmpty, !wasQuoted else { throw refuse("a quote stands inside an unquoted field", line) }
                isQuoted = true
            case UInt8(ascii: ","): try endField()
            case UInt8(ascii: "\r"):
                guard at == bytes.count || bytes[at] == UInt8(ascii: "\n") else {
                    throw refuse("a carriage return without a line feed", line)
                }
            case UInt8(ascii: "\n"):
                try endField()
                if fields != [""] { records.append((recordLine, fields)) }
                fields = []
                line += 1
                recordLine = line
            default:
                guard !wasQuoted else { throw refuse("text follows a closing quote", line) }
                field.append(byte)
            }
        }
        guard !isQuoted else { throw refuse("a quote is never closed", recordLine) }
        if !field.isEmpty || !fields.isEmpty || wasQuoted {
            try endField()
            records.append((recordLine, fields))
        }
        guard let header = records.first else { throw refuse("the table is empty: a row of column names was expected", 1) }
        var names = Set<String>()
        for name in header.fields where !names.insert(name).inserted {
            throw refuse("column '\(name)' stands twice", header.line)
        }
        var rows: [Row] = []
        for record in records.dropFirst() {
            guard record.fields.count == header.fields.count else {
                throw refuse("\(record.fields.count) fields; the first row has \(header.fields.count)", record.line)
            }
            rows.append(Row(line: record.line, fields: Dictionary(uniqueKeysWithValues: zip(header.fields, record.fields))))
        }
        columns = header.fields
        self.rows = rows
    }
}
