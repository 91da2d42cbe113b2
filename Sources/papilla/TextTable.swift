/// Rows in columns, for a terminal.
struct TextTable {
    private let rows: [[String]]
    private let right: Set<Int>

    /// - Parameters:
    ///   - rows: as many cells each as `head` has.
    ///   - right: columns of numbers, set flush right.
    init(_ head: [String], _ rows: [[String]], right: Set<Int> = []) { (self.rows, self.right) = ([head] + rows, right) }

    /// The table, without an end of line.
    var text: String {
        let widths = rows.reduce([]) { widths, row in row.indices.map { max($0 < widths.count ? widths[$0] : 0, row[$0].count) } }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                line += (column > 0 ? "  " : "") + (right.contains(column) ? space + cell : cell + space)
            }
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    /// A file's name may hold anything, and a terminal obeys some of it.
    static func printable(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }

    /// Two decimals.
    static func decimal(_ value: Double) -> String {
        let hundredths = Int((abs(value) * 100).rounded())
        let sign = value < 0 && hundredths > 0 ? "-" : ""
        return "\(sign)\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
