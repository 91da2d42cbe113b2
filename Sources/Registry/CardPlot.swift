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
            ##"<text x="\##(number(left + side / 2))" y="\##(number(top + side + 40))" text-anchor="middle">\##(CardBlock.escaped(plot.across))</text>"##
            + ##"<text transform="translate(16 \##(number(top + side / 2))) rotate(-90)" text-anchor="middle">\##(CardBlock.escaped(plot.up))</text>"##
        return """
            <figure>
            <svg viewBox="0 0 400 384" width="400" height="384" role="img" font-size="13" font-family="system-ui, sans-serif">
            \(([frame] + marks + [words] + guides + curves + points).joined(separator: "\n"))
            </svg>
            <figcaption>\(CardBlock.escaped(plot.title))</figcaption>
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
                ##"<text x="\##(number(right + 34))" y="\##(number(height + 4))">\##(CardBlock.escaped(curve.name))</text>"##,
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
