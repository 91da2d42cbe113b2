internal import Imaging
internal import Screening

/// Sets a caption in lines of a given width, in one column or in two, and draws them below the picture, where they hide nothing.
struct CaptionPanel {
    private struct Line {
        var text: String
        var style: TextStyle
        /// A sample of a line of the picture before the text.
        var sample: Caption.Line?
        /// Room above, px.
        var gap = 0.0
        /// Room to the left, px; more than none beside another text of the same line.
        var indent = 0.0
        /// Whether it stands beside the text before it.
        var isBeside = false

        /// Room that it takes, px.
        var height: Double { isBeside ? 0 : gap + style.size * 1.35 }
    }

    /// Height of plain text, px.
    let size: Double
    private let columns: [(left: Double, lines: [Line])]
    private let padding: Double

    static let background = Colour(0x14171A)
    private static let quiet = Colour(0xB9C0C8)
    private static let warning = Colour(0xFFC845)

    /// - Parameters:
    ///   - width: px that the text may take.
    ///   - scale: width of the whole overlay, px, which the letters' size follows.
    ///   - isWide: in two columns: what was found, and beside it the legend and what to look at.
    ///   - measure: knows how wide text is.
    init(_ caption: Caption, isPhantom: Bool, width: Double, scale: Double, isWide: Bool = false, measure: TextMeasure) {
        let size = min(30, max(13, scale / 50))
        self.size = size
        let padding = (size * 0.9).rounded()
        self.padding = padding
        let gap = isWide ? 2 * padding : 0
        let whole = width - 2 * padding - gap
        // Figures have longer lines than the legend.
        var room = isWide ? (whole * 0.59).rounded() : whole
        var lines: [Line] = []
        func add(_ text: String, _ colour: Colour, size: Double, bold: Bool = false, gap: Double = 0) {
            let style = TextStyle(size: size, colour: colour, isBold: bold)
            for (index, part) in measure.wrap(text, to: room, style).enumerated() {
                lines.append(Line(text: part, style: style, gap: index == 0 ? gap : 0))
            }
        }
        let phantom = isPhantom ? "PHANTOM · " : ""
        add(phantom + caption.headline, caption.isMeasured ? .white : Self.warning, size: size * 1.35, bold: true)
        for reason in caption.reasons { add(reason, .white, size: size) }
        for (index, figure) in caption.figures.enumerated() {
            let isFirst = index == 0 && caption.isMeasured && !caption.legend.isEmpty
            add(figure, isFirst ? .white : Self.quiet, size: isFirst ? size * 1.15 : size, bold: isFirst)
        }
        let first = lines
        if isWide { (lines, room) = ([], whole - room) }
        lines += Self.legend(caption, size: size, room: room, isFirst: lines.isEmpty, measure)
        for (index, attention) in caption.attention.enumerated() {
            add("Look: " + attention, Self.warning, size: size, gap: index == 0 && !lines.isEmpty ? size * 0.3 : 0)
        }
        add(
            "research use · not a medical device · Papilla \(Version.current)", Self.quiet, size: size * 0.75,
            gap: lines.isEmpty ? 0 : size * 0.4)
        columns = isWide ? [(padding, first), (width - padding - room, lines)] : [(padding, lines)]
    }

    /// The lines of the picture and what they are, beside each other where there is room.
    private static func legend(
        _ caption: Caption, size: Double, room: Double, isFirst: Bool, _ measure: TextMeasure
    ) -> [Line] {
        let style = TextStyle(size: size, colour: .white)
        var lines: [Line] = []
        var end = room
        for entry in caption.legend {
            let width = size * 3 + measure.width(of: entry.words, style)
            let indent = end + size * 1.5
            let isBeside = indent + width <= room
            lines.append(
                Line(
                    text: entry.words, style: style, sample: entry.line, gap: lines.isEmpty && !isFirst ? size * 0.3 : 0,
                    indent: isBeside ? indent : 0, isBeside: isBeside))
            end = (isBeside ? indent : 0) + width
        }
        return lines
    }

    /// Room that the text takes, px.
    var height: Double { 2 * padding + (columns.map { $0.lines.reduce(0) { $0 + $1.height } }.max() ?? 0) }

    /// Draws the text, its top left corner at the canvas's.
    func draw(on canvas: Canvas) {
        for (start, lines) in columns {
            var bottom = padding
            for line in lines {
                bottom += line.height
                let base = bottom - line.style.size * 0.35
                var left = start + line.indent
                if let sample = line.sample {
                    let middle = base - line.style.size * 0.35
                    let points = [Point(x: left, y: middle), Point(x: left + size * 2.4, y: middle)]
                    canvas.stroke(points, closed: false, OverlayLine.stroke(sample, width: size / 6))
                    left += size * 3
                }
                canvas.text(line.text, at: Point(x: left, y: base), line.style)
            }
        }
    }
}

/// Knows how wide text is, and remembers it: a layout is tried at several sizes, and text is as wide as it is high.
final class TextMeasure {
    private let canvas: Canvas
    /// Of what was measured, px at an em square of 1 px.
    private var widths: [String: Double] = [:]

    init() throws(PapillaError) { canvas = try Canvas(width: 1, height: 1) }

    /// Breaks a text between words into lines that fit; a single word that does not is left as it is.
    func wrap(_ text: String, to room: Double, _ style: TextStyle) -> [String] {
        if width(of: text, style) <= room { return [text] }
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, width(of: "\(last) \(word)", style) <= room {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    /// Width of a text, px.
    func width(of text: String, _ style: TextStyle) -> Double {
        let key = style.isBold ? "b" + text : "r" + text
        if let width = widths[key] { return width * style.size }
        let width = canvas.extents(of: text, style).width
        widths[key] = width / style.size
        return width
    }
}
