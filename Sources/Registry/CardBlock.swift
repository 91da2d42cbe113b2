/// A piece of a model's card, in Markdown and in HTML.
enum CardBlock {
    case heading(Int, String)
    case paragraph(String)
    case list([String])
    case table([String], [[String]])

    var markdown: String {
        switch self {
        case .heading(let level, let text): String(repeating: "#", count: level) + " " + text
        case .paragraph(let text): Self.plain(text)
        case .list(let items): items.map { "- " + Self.plain($0) }.joined(separator: "\n")
        case .table(let head, let rows):
            ([head, head.map { _ in "---" }] + rows).map { "| " + $0.map(Self.plain).joined(separator: " | ") + " |" }.joined(
                separator: "\n")
        }
    }

    var html: String {
        switch self {
        case .heading(let level, let text): "<h\(level)>\(Self.escaped(text))</h\(level)>"
        case .paragraph(let text): "<p>\(Self.escaped(text))</p>"
        case .list(let items): "<ul>\n" + items.map { "<li>\(Self.escaped($0))</li>\n" }.joined() + "</ul>"
        case .table(let head, let rows):
            "<table>\n" + (head.allSatisfy(\.isEmpty) ? "" : Self.row(head, "th"))
                + rows.map { Self.row($0, "td") }.joined() + "</table>"
        }
    }

    /// Text of HTML.
    static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            default: String(character)
            }
        }.joined()
    }

    /// Text of Markdown, on one line, in which nothing starts a cell or a tag.
    private static func plain(_ text: String) -> String {
        text.map { character in
            switch character {
            case "|", "<", "\\", "`": "\\\(character)"
            case _ where character.isNewline: " "
            default: String(character)
            }
        }.joined()
    }

    private static func row(_ cells: [String], _ tag: String) -> String {
        "<tr>" + cells.map { "<\(tag)>\(escaped($0))</\(tag)>" }.joined() + "</tr>\n"
    }
}
