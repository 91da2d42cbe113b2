internal import Imaging
internal import Screening

/// Sets a caption in lines of a given width and draws them below the picture, where they hide nothing.
struct CaptionPanel {
    private struct Line {
        var text: String
        var style: TextStyle
        /// A sample of a line of the picture before the text.
        var sample: Caption.Line?
        /// Room above, px.
        var gap = 0.0
    }

    /// Height of plain text, px.
    let size: Double
    private let lines: [Line]
    private let padding: Double

    static let background = Colour(0x14171A)
    private static let quiet = Colour(0xB9C0C8)
    private static let warning = Colour(0xFFC845)

    /// - Parameters:
    ///   - width: px that the text may take.
    ///   - scale: width of the whole overlay, px, which the letters' size follows.
    ///   - measure: knows how wide text is.
    init(_ caption: Caption, isPhantom: Bool, width: Double, scale: Double, measure: TextMeasure) {
        let size = min(30, max(15, scale / 50))
        self.size = size
        padding = size * 0.9
        let room = width - 2 * padding
        var lines: [Line] = []
        func add(_ text: String, _ colour: Colour, size: Double, bold: Bool = false, gap: Double = 0, sample: Caption.Line? = nil)
        {
            let style = TextStyle(size: size, colour: colour, isBold: bold)
            let indent = sample == nil ? 0 : size * 3
            for (index, part) in measure.wrap(text, to: room - indent, style).enumerated() {
                lines.append(Line(text: part, style: style, sample: index == 0 ? sample : nil, gap: index == 0 ? gap : 0))
            }
        }
        let phantom = isPhantom ? "PHANTOM · " : ""
        add(phantom + caption.headline, caption.isMeasured ? .white : Self.warning, size: size * 1.35, bold: true)
        for reason in caption.reasons { add(reason, .white, size: size) }
        for (index, figure) in caption.figures.enumerated() {
            let isFirst = index == 0 && caption.isMeasured && !caption.legend.isEmpty
            add(figure, isFirst ? .white : Self.quiet, size: isFirst ? size * 1.15 : size, bold: isFirst)
        }
        for (index, entry) in caption.legend.enumerated() {
            add(entry.words, .white, size: size, gap: index == 0 ? size * 0.3 : 0, sample: entry.line)
        }
        for (index, attention) in caption.attention.enumerated() {
            add("Look: " + attention, Self.warning, size: size, gap: index == 0 ? size * 0.3 : 0)
        }
        add("research use · not a medical device · Papilla \(Version.current)", Self.quiet, size: size * 0.75, gap: size * 0.4)
        self.lines = lines
    }

    /// Room that the text takes, px.
    var height: Double { lines.reduce(2 * padding) { $0 + $1.gap + Self.height($1) } }

    /// Draws the text, its top left corner at the canvas's.
    func draw(on canvas: Canvas) {
        var top = padding
        for line in lines {
            top += line.gap
            let base = top + line.style.size
            var left = padding
            if let sample = line.sample {
                let middle = base - line.style.size * 0.35
                let points = [Point(x: left, y: middle), Point(x: left + size * 2.4, y: middle)]
                canvas.stroke(points, closed: false, OverlayLine.stroke(sample, width: size / 6))
                left += size * 3
            }
            canvas.text(line.text, at: Point(x: left, y: base), line.style)
            top += Self.height(line)
        }
    }

    private static func height(_ line: Line) -> Double { line.style.size * 1.35 }
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

    private func width(of text: String, _ style: TextStyle) -> Double {
        let key = style.isBold ? "b" + text : "r" + text
        if let width = widths[key] { return width * style.size }
        let width = canvas.extents(of: text, style).width
        widths[key] = width / style.size
        return width
    }
}
