/// Comma-separated values as RFC 4180 has them, safe to open in a spreadsheet.
///
/// A field with a comma, a quotation mark or an end of line is quoted, lines end in CR LF. A field that a spreadsheet would take for a
/// formula, because it begins with `=`, `+`, `-`, `@`, a tab or a carriage return, gets an apostrophe before it, unless it is a number.
public enum CommaSeparated {
    /// One line with its end.
    public static func line(_ fields: [String]) -> String { fields.map(field).joined(separator: ",") + "\r\n" }

    static func field(_ text: String) -> String {
        var text = text
        if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first), !isNumber(text) { text = "'" + text }
        // Scalars, because CR LF is one Character, and a quotation mark with a combining mark is another one.
        guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return text }
        let mark = UInt8(ascii: "\"")
        return "\"" + String(decoding: text.utf8.flatMap { $0 == mark ? [mark, mark] : [$0] }, as: UTF8.self) + "\""
    }

    /// A sign, digits, at most one point and an exponent: what cannot be a formula.
    private static func isNumber(_ text: String) -> Bool {
        Double(text) != nil && text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
    }
}
