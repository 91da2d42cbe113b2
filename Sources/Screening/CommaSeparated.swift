/// Comma-separated values as RFC 4180 has them, safe to open in a spreadsheet.
///
/// A field with a comma, a quotation mark or an end of line is quoted, lines end in CR LF. A field that a spreadsheet would take for a
/// formula, because it begins with a tab or an end of line, or with `=`, `+`, `-` or `@` (of full width, too) behind any number of blanks,
/// gets an apostrophe before it, unless it is a number. `unguarded` takes that apostrophe away again.
public enum CommaSeparated {
    /// The byte order mark by which Excel knows that a file is UTF-8: before the first line, where it is asked for.
    public static let byteOrderMark = "\u{FEFF}"

    /// One line with its end. Tables that shells and other programs read line by line end lines in LF alone.
    public static func line(_ fields: [String], end: String = "\r\n") -> String {
        fields.map(field).joined(separator: ",") + end
    }

    /// A field's text as it was before it was written.
    public static func unguarded(_ text: String) -> String {
        guard text.utf8.first == apostrophe else { return text }
        let rest = String(decoding: text.utf8.dropFirst(), as: UTF8.self)
        return needsGuard(rest) ? rest : text
    }

    private static let apostrophe = UInt8(ascii: "'")

    static func field(_ text: String) -> String {
        var text = text
        if needsGuard(text) { text = "'" + text }
        // Scalars, because CR LF is one Character, and a quotation mark with a combining mark is another one.
        guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return text }
        let mark = UInt8(ascii: "\"")
        return "\"" + String(decoding: text.utf8.flatMap { $0 == mark ? [mark, mark] : [$0] }, as: UTF8.self) + "\""
    }

    /// Whether an apostrophe belongs before a text: also before one that begins like a guarded one, so that every text can be read back.
    private static func needsGuard(_ text: String) -> Bool {
        // Bytes, because an apostrophe with a combining mark is another Character.
        let rest = String(decoding: text.utf8.drop { $0 == apostrophe }, as: UTF8.self)
        return isFormula(rest) && (rest.utf8.count < text.utf8.count || !isNumber(rest))
    }

    private static func isFormula(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard let first = scalars.first else { return false }
        if first.properties.generalCategory == .control { return true }
        // Blanks of every kind and what cannot be seen: spreadsheets trim them.
        let visible = scalars.first {
            !$0.properties.isWhitespace && $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
        }
        return visible.map { "=+-@\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}\u{2212}".unicodeScalars.contains($0) } ?? false
    }

    /// A sign, digits, at most one point and an exponent: what cannot be a formula.
    private static func isNumber(_ text: String) -> Bool {
        Double(text) != nil && text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
    }
}
