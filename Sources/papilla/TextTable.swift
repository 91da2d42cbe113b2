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
}
