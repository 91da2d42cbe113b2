internal import FoundationEssentials

/// A piece of a model's card or of a study's report, in Markdown and in HTML.
public enum CardBlock: Sendable {
    /// A heading of a level, 1 to 6.
    case heading(Int, String)
    /// Running text.
    case paragraph(String)
    /// Items.
    case list([String])
    /// The head's cells and the rows'.
    case table([String], [[String]])
    /// A picture, PNG or JPEG: inside the HTML page, beside the Markdown as `figures/NAME.png`.
    case figure(name: String, image: [UInt8], caption: String)
    /// A diagram, drawn in the HTML page.
    case plot(ModelManifest.Plot)

    var markdown: String {
        switch self {
        case .heading(let level, let text): String(repeating: "#", count: level) + " " + text
        case .paragraph(let text): Self.plain(text)
        case .list(let items): items.map { "- " + Self.plain($0) }.joined(separator: "\n")
        case .table(let head, let rows):
            ([head, head.map { _ in "---" }] + rows).map { "| " + $0.map(Self.plain).joined(separator: " | ") + " |" }.joined(
                separator: "\n")
        case .figure(let name, _, let caption): "![](figures/\(name).png)\n\n*\(Self.plain(caption))*"
        case .plot(let plot): "*\(Self.plain(plot.title)): see card.html.*"
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
        case .figure(_, let image, let caption):
            "<figure>\n<img alt=\"\(Self.escaped(caption))\" src=\"data:image/\(image.first == 0x89 ? "png" : "jpeg");base64,"
                + "\(Data(image).base64EncodedString())\">\n"
                + "<figcaption>\(Self.escaped(caption))</figcaption>\n</figure>"
        case .plot(let plot): CardPlot(plot).html
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
