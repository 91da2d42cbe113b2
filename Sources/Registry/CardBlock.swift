internal import FoundationEssentials
internal import Screening

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
        case .heading(let level, let text): "<h\(level)>\(text.escapedForMarkup)</h\(level)>"
        case .paragraph(let text): "<p>\(text.escapedForMarkup)</p>"
        case .list(let items): "<ul>\n" + items.map { "<li>\($0.escapedForMarkup)</li>\n" }.joined() + "</ul>"
        case .table(let head, let rows):
            "<table>\n" + (head.allSatisfy(\.isEmpty) ? "" : Self.row(head, "th"))
                + rows.map { Self.row($0, "td") }.joined() + "</table>"
        case .figure(_, let image, let caption):
            "<figure>\n<img alt=\"\(caption.escapedForMarkup)\" src=\"data:image/\(image.first == 0x89 ? "png" : "jpeg");base64,"
                + "\(Data(image).base64EncodedString())\">\n"
                + "<figcaption>\(caption.escapedForMarkup)</figcaption>\n</figure>"
        case .plot(let plot): CardPlot(plot).html
        }
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
        "<tr>" + cells.map { "<\(tag)>\($0.escapedForMarkup)</\(tag)>" }.joined() + "</tr>\n"
    }
}

extension CardBlock {
    /// A document in Markdown.
    public static func markdown(title: String, _ blocks: [CardBlock]) -> String {
        ([.heading(1, title)] + blocks).map(\.markdown).joined(separator: "\n\n") + "\n"
    }

    /// A document as one HTML page, without scripts or links.
    /// - Parameter width: of the text at the most, rem.
    public static func page(title: String, width: Int, _ blocks: [CardBlock]) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>\(title.escapedForMarkup)</title>
        <style>
        body { font: 16px/1.5 system-ui, sans-serif; max-width: \(width)rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
        table { border-collapse: collapse; width: 100% }
        th, td { border-bottom: 1px solid #ccc; padding: 0.25rem 0.75rem 0.25rem 0; text-align: left; vertical-align: top; overflow-wrap: break-word }
        figure { margin: 1rem 0 } figcaption { color: #444; font-size: 0.9rem } img { max-width: 100% }
        </style>
        </head>
        <body>
        \(([.heading(1, title)] + blocks).map(\.html).joined(separator: "\n"))
        </body>
        </html>

        """
    }
}

/// A diagram as SVG inside of a page: a frame, axes with five marks each, dashed guides, named curves, points.
struct CardPlot {
    private let plot: ModelManifest.Plot
    private static let frame = (left: 64.0, top: 12.0, side: 320.0)

    private var left: Double { Self.frame.left }
    private var top: Double { Self.frame.top }
    private var side: Double { Self.frame.side }

    init(_ plot: ModelManifest.Plot) { self.plot = plot }

    /// A figure with its caption.
    var html: String {
        let guides = plot.guides.map { guide in
            let path = guide.filter { $0.count == 2 }.map { "\(number(x($0[0]))),\(number(y($0[1])))" }.joined(separator: " ")
            return ##"<polyline points="\##(path)" fill="none" stroke="#888" stroke-dasharray="5 4"/>"##
        }
        let points = plot.points.filter { $0.count == 2 }.map {
            ##"<circle cx="\##(number(x($0[0])))" cy="\##(number(y($0[1])))" r="3.5" fill="#1f5f99" fill-opacity="0.7"/>"##
        }
        let frame =
            ##"<rect x="\##(number(left))" y="\##(number(top))" width="\##(number(side))" height="\##(number(side))" fill="none" stroke="#333"/>"##
        let words =
            ##"<text x="\##(number(left + side / 2))" y="\##(number(top + side + 40))" text-anchor="middle">\##(plot.across.escapedForMarkup)</text>"##
            + ##"<text transform="translate(16 \##(number(top + side / 2))) rotate(-90)" text-anchor="middle">\##(plot.up.escapedForMarkup)</text>"##
        return """
            <figure>
            <svg viewBox="0 0 400 384" width="400" height="384" role="img" font-size="13" font-family="system-ui, sans-serif">
            \(([frame] + marks + [words] + guides + curves + points).joined(separator: "\n"))
            </svg>
            <figcaption>\(plot.title.escapedForMarkup)</figcaption>
            </figure>
            """
    }

    /// Told apart by their dashes too.
    private static let styles = [("#1f5f99", ""), ("#b3541e", "7 3"), ("#2c7a3f", "2 3"), ("#7a3f8f", "9 3 2 3")]

    /// The lines, and their names in the lower right corner.
    private var curves: [String] {
        let curves = plot.curves ?? []
        return zip(curves.indices, curves).flatMap { index, curve -> [String] in
            let (colour, dashes) = Self.styles[index % Self.styles.count]
            let style = ##"fill="none" stroke="\##(colour)" stroke-width="2" stroke-dasharray="\##(dashes)""##
            let path = curve.points.filter { $0.count == 2 }.map { "\(number(x($0[0]))),\(number(y($0[1])))" }
            let (right, height) = (left + side - 150, top + side - 16 * Double(curves.count - index))
            return [
                ##"<polyline points="\##(path.joined(separator: " "))" \##(style)/>"##,
                ##"<polyline points="\##(number(right)),\##(number(height)) \##(number(right + 28)),\##(number(height))" \##(style)/>"##,
                ##"<text x="\##(number(right + 34))" y="\##(number(height + 4))">\##(curve.name.escapedForMarkup)</text>"##,
            ]
        }
    }

    private var marks: [String] {
        (0...4).flatMap { index -> [String] in
            let share = Double(index) / 4
            let across = plot.width[0] + share * (plot.width[1] - plot.width[0])
            let up = plot.height[0] + share * (plot.height[1] - plot.height[0])
            return [
                ##"<text x="\##(number(x(across)))" y="\##(number(top + side + 18))" text-anchor="middle">\##(CardFigures.decimal(across, 2))</text>"##,
                ##"<text x="\##(number(left - 6))" y="\##(number(y(up) + 4))" text-anchor="end">\##(CardFigures.decimal(up, 2))</text>"##,
            ]
        }
    }

    private func x(_ value: Double) -> Double { left + side * (value - plot.width[0]) / (plot.width[1] - plot.width[0]) }
    private func y(_ value: Double) -> Double {
        top + side * (1 - (value - plot.height[0]) / (plot.height[1] - plot.height[0]))
    }
    private func number(_ value: Double) -> String { CardFigures.decimal(value, 1) }
}
