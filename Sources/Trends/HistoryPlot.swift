internal import Screening

/// A drawing of an eye's ratio over the years, as SVG: intervals, models' changes, readers' decisions and gaps. It says in shapes, not only in
/// colours, what it says: a filled circle is the networks' ratio, a square one that a reader accepted, a diamond one that a reader drew; a
/// cross at the foot is a visit without a ratio; a dashed line is a change of networks; a triangle points the way of a change beyond error.
public struct HistoryPlot: Sendable {
    private let history: History
    private let scale: TimeScale

    private static let width = 860.0
    private static let panel = 250.0
    private static let left = 56.0
    private static let right = 16.0
    private static let top = 34.0
    private static let foot = 30.0
    /// Width of a letter of the key, on average, in a wide typeface.
    private static let letter = 6.5

    /// A drawing of a history.
    public init(_ history: History) {
        self.history = history
        let times = history.eyes.flatMap { $0.points.map(\.milliseconds) }
        scale = TimeScale(times, from: Self.left + 18, to: Self.width - Self.right - 18)
    }

    /// The drawing, a whole SVG document. It names no subject unless asked to: a plot is handed on more easily than a table.
    public func svg(naming: Bool = false) -> String {
        let legend = 46.0
        let height = Self.panel * Double(max(1, history.eyes.count)) + legend
        let whose = naming ? " of \(history.subject.identifier)" : ""
        var content = Markup.element("title", text: "Vertical cup-to-disc ratio\(whose) over time. \(Report.notice)")
        content += Markup.element("rect", [("width", number(Self.width)), ("height", number(height)), ("fill", "#fff")])
        if history.eyes.isEmpty {
            content += words("No visit has a photograph of an eye that is known.", Self.left, 60)
        }
        for (place, eye) in history.eyes.enumerated() {
            let shift = "translate(0 \(number(Self.panel * Double(place))))"
            content += Markup.element("g", [("transform", shift)], content: panel(eye))
        }
        content += key(at: height - legend)
        let box = "0 0 \(number(Self.width)) \(number(height))"
        return Markup.element(
            "svg",
            [
                ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", box), ("role", "img"),
                ("font-family", "system-ui, sans-serif"), ("font-size", "12"),
            ], content: content) + "\n"
    }

    // MARK: - One eye

    private func panel(_ eye: History.OfEye) -> String {
        let (low, high) = (y(0), y(1))
        var content = words(
            eye.eye == .right ? "Right eye" : "Left eye", Self.left, 20, [("font-size", "14"), ("font-weight", "600")])
        let edge = Self.width - Self.right
        content += Markup.element(
            "rect",
            [
                ("x", number(Self.left)), ("y", number(high)), ("width", number(edge - Self.left)),
                ("height", number(low - high)), ("fill", "none"), ("stroke", "#333"),
            ])
        for step in 0...5 {
            let value = Double(step) / 5
            content += line((Self.left, y(value)), (edge, y(value)), [("stroke", "#ddd")])
            content += words(Markup.fixed(value, 1), Self.left - 8, y(value) + 4, [("text-anchor", "end")])
        }
        for mark in scale.marks {
            content += line((mark.x, low), (mark.x, low + 5), [("stroke", "#333")])
            content += words(mark.label, mark.x, low + 18, [("text-anchor", "middle")])
        }
        content += lines(eye)
        for point in eye.points { content += marks(point) }
        return content + beyond(eye)
    }

    /// A line through what can be compared; where the networks changed it is broken.
    private func lines(_ eye: History.OfEye) -> String {
        var content = ""
        var segment: [String] = []
        var last: HistoryPoint?
        func end() {
            if segment.count > 1 {
                content += Markup.element(
                    "polyline", [("points", segment.joined(separator: " ")), ("fill", "none"), ("stroke", "#1f5f99")])
            }
            segment = []
        }
        for point in eye.points {
            guard let value = point.value else { continue }
            let x = scale.x(point.milliseconds)
            if let last, last.interval != nil, point.interval != nil, last.model != point.model {
                end()
                let middle = (scale.x(last.milliseconds) + x) / 2
                content += line(
                    (middle, y(1)), (middle, y(0)), [("class", "model"), ("stroke", "#b3541e"), ("stroke-dasharray", "6 4")],
                    title: "Networks changed: \(point.model.cup ?? "")")
            }
            segment.append("\(number(x)),\(number(y(value)))")
            last = point
        }
        end()
        return content
    }

    private func marks(_ point: HistoryPoint) -> String {
        let x = scale.x(point.milliseconds)
        let day = point.visit
        guard let value = point.value else {
            let why = point.missing == .rejected ? "rejected" : "not fit to measure"
            return path(
                "M\(number(x - 4)) \(number(y(0) - 11))l8 8m0 -8l-8 8",
                [("class", "gap"), ("stroke", "#777"), ("stroke-width", "2")], title: "\(day): \(why)")
        }
        var content = ""
        if let interval = point.interval, interval.count == 2 {
            let (a, b, side) = (number(y(interval[0])), number(y(interval[1])), number(x - 4))
            content += path(
                "M\(number(x)) \(a)V\(b)M\(side) \(a)h8M\(side) \(b)h8", [("stroke", "#1f5f99"), ("fill", "none")])
        }
        for other in point.repeats {
            content += circle(x, y(other), 2, [("fill", "none"), ("stroke", "#777")])
        }
        let title = "\(day): \(Markup.ratio(value, point.interval))"
        let height = y(value)
        if point.interval == nil {
            let shape = "M\(number(x)) \(number(height - 6))l6 6l-6 6l-6 -6z"
            return content + path(shape, [("class", "drawn"), ("fill", "#2c7a3f")], title: title)
        }
        if point.decision == .accept {
            let shape = "M\(number(x - 4.5)) \(number(height - 4.5))h9v9h-9z"
            return content + path(shape, [("class", "accepted"), ("fill", "#1f5f99")], title: title)
        }
        return content + circle(x, height, 4, [("class", "read"), ("fill", "#1f5f99")], title: title)
    }

    /// A triangle at each visit whose ratio changed beyond error, pointing the way it went.
    private func beyond(_ eye: History.OfEye) -> String {
        let changed = Dictionary(grouping: eye.changes.filter { $0.verdict == .change }, by: \.to.id)
        var content = ""
        for point in eye.points {
            guard let value = point.value, let changes = changed[point.id],
                let change = changes.first(where: { $0.against == .first }) ?? changes.first
            else { continue }
            let x = scale.x(point.milliseconds)
            let isUp = change.direction == .wider
            let base = isUp ? y(value) - 14 : y(value) + 14
            let size = Markup.signed(change.value ?? 0, 3), limit = Markup.fixed(change.limit ?? 0, 3)
            content += path(
                "M\(number(x - 5)) \(number(base))h10l-5 \(isUp ? "-8" : "8")z", [("class", "change"), ("fill", "#b00020")],
                title: "Since \(change.from.visit): \(size), limit \(limit)")
        }
        return content
    }

    private func key(at top: Double) -> String {
        let dark = [("fill", "#1f5f99")], thin = [("stroke", "#777"), ("stroke-width", "2")]
        let items: [(shape: String, words: String)] = [
            (circle(6, -4, 4, dark), "networks"),
            (path("M1.5 -8.5h9v9h-9z", dark), "accepted"),
            (path("M6 -10l6 6l-6 6l-6 -6z", [("fill", "#2c7a3f")]), "drawn by a reader"),
            (circle(6, -4, 2, [("fill", "none"), ("stroke", "#777")]), "repeat"),
            (path("M2 -8l8 8m0 -8l-8 8", thin), "no ratio"),
            (line((6, -12), (6, 4), [("stroke", "#b3541e"), ("stroke-dasharray", "6 4")]), "networks changed"),
            (path("M1 0h10l-5 -8z", [("fill", "#b00020")]), "change beyond error"),
        ]
        var content = ""
        var left = Self.left
        for item in items {
            let shift = "translate(\(number(left)) \(number(top + 18)))"
            content += Markup.element(
                "g", [("transform", shift)], content: item.shape + words(item.words, 16, 0, [("font-size", "11")]))
            left += 16 + Self.letter * Double(item.words.count) + 18
        }
        return content + words(Report.notice, Self.left, top + 38, [("font-size", "10"), ("fill", "#555")])
    }

    // MARK: - Shapes

    private func words(_ text: String, _ x: Double, _ y: Double, _ style: [(String, String)] = []) -> String {
        Markup.element("text", [("x", number(x)), ("y", number(y))] + style, text: text)
    }

    private func line(
        _ from: (x: Double, y: Double), _ to: (x: Double, y: Double), _ style: [(String, String)], title: String? = nil
    ) -> String {
        let ends = [("x1", number(from.x)), ("y1", number(from.y)), ("x2", number(to.x)), ("y2", number(to.y))]
        return Markup.element("line", style + ends, title: title)
    }

    private func circle(_ x: Double, _ y: Double, _ radius: Double, _ style: [(String, String)], title: String? = nil) -> String {
        Markup.element("circle", style + [("cx", number(x)), ("cy", number(y)), ("r", number(radius))], title: title)
    }

    private func path(_ shape: String, _ style: [(String, String)], title: String? = nil) -> String {
        Markup.element("path", style + [("d", shape)], title: title)
    }

    private func y(_ ratio: Double) -> Double {
        let (top, bottom) = (Self.top, Self.panel - Self.foot)
        return bottom - (bottom - top) * min(max(ratio, 0), 1)
    }

    /// A length, without the typographer's minus that SVG does not read.
    private func number(_ value: Double) -> String { Markup.fixed(value, 1).replacing("−", with: "-") }
}

extension HistoryPoint {
    /// Milliseconds since 1970.
    var milliseconds: Double { Double(ExaminationDate.milliseconds(of: taken) ?? 0) }
}

/// The places of times on a line, with a mark at each year, or each month where there is but a year.
private struct TimeScale {
    let marks: [(x: Double, label: String)]
    private let first: Double
    private let span: Double
    private let left: Double
    private let length: Double

    private static let day = 86_400_000.0

    init(_ times: [Double], from left: Double, to right: Double) {
        let low = times.min() ?? 0, high = times.max() ?? 0
        // A single visit stands in the middle of two months.
        let isNarrow = high - low < 60 * Self.day
        let first = isNarrow ? (low + high) / 2 - 30 * Self.day : low
        let span = isNarrow ? 60 * Self.day : high - low
        let length = right - left
        self.first = first
        self.span = span
        self.left = left
        self.length = length
        let beginning = Timestamp(milliseconds: Int64(first)).day, end = Timestamp(milliseconds: Int64(first + span)).day
        let years = (Int(beginning.prefix(4)) ?? 0)...max(Int(beginning.prefix(4)) ?? 0, Int(end.prefix(4)) ?? 0)
        let byMonth = span < 730 * Self.day
        let step = byMonth ? max(1, Int(span / Self.day / 30 / 8)) : max(1, years.count / 12 + 1)
        var marks: [(x: Double, label: String)] = []
        for year in years where byMonth || year % step == 0 {
            for month in byMonth ? Array(stride(from: 1, through: 12, by: step)) : [1] {
                let name = "\(year)-" + (month < 10 ? "0" : "") + "\(month)"
                guard let time = Timestamp("\(name)-01T00:00:00Z")?.milliseconds else { continue }
                let share = (Double(time) - first) / span
                if (-0.02...1.02).contains(share) { marks.append((left + length * share, byMonth ? name : "\(year)")) }
            }
        }
        self.marks = marks
    }

    func x(_ time: Double) -> Double { left + length * (time - first) / span }
}
