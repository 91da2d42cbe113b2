internal import Glibc
internal import Imaging
internal import Screening

/// A run as a picture: training and validation loss (left, logarithmic) and the validation score (right, 0 to 1) over the steps.
struct LossPlot {
    private static let (width, height) = (960, 540)
    private static let frame = Rectangle(x: 70, y: 46, width: 820, height: 440)
    private static let ink = Colour(0x30_3030)
    private static let (training, validation, score) = (Colour(0x1F_77B4), Colour(0xD6_5F00), Colour(0x2C_8A3C))

    private let record: TrainingRecord
    /// Decades of the left axis.
    private let decades: ClosedRange<Int>
    private let steps: Double

    /// The picture, PNG.
    static func png(_ record: TrainingRecord) throws(PapillaError) -> [UInt8] {
        try ImageEncoder.png(try LossPlot(record).draw())
    }

    private init(_ record: TrainingRecord) {
        self.record = record
        let losses = record.epochs.flatMap { [$0.losses["total"], $0.validationLoss] }.compactMap(\.self).filter {
            $0 > 0 && $0.isFinite
        }
        let low = Int(log10(losses.min() ?? 0.1).rounded(.down))
        decades = low...max(low + 1, Int(log10(losses.max() ?? 1).rounded(.up)))
        steps = Double(max(1, record.epochs.last?.step ?? 1))
    }

    private func draw() throws(PapillaError) -> Raster {
        let canvas = try Canvas(width: Self.width, height: Self.height, fill: .white)
        axes(canvas)
        curve(
            canvas, record.epochs.compactMap { line in line.losses["total"].map { (line.step, $0) } }, place: lossY,
            .init(Self.training, width: 2))
        curve(
            canvas, record.epochs.compactMap { line in line.validationLoss.map { (line.step, $0) } }, place: lossY,
            .init(Self.validation, width: 2))
        curve(
            canvas, record.epochs.compactMap { line in line.validationScore.map { (line.step, $0) } }, place: scoreY,
            .init(Self.score, width: 2, dashes: [7, 4]))
        if let best = record.best {
            canvas.fill(Ellipse(cx: x(best.step), cy: scoreY(best.score), a: 5, b: 5, angle: 0), Self.score)
        }
        legend(canvas)
        return try canvas.raster()
    }

    private func axes(_ canvas: Canvas) {
        let grid = Stroke(Colour(0xD8_D8D8), width: 1)
        let small = TextStyle(size: 13, colour: Self.ink)
        let frame = Self.frame
        for decade in decades {
            let y = lossY(pow(10, Double(decade)))
            canvas.stroke([Point(x: frame.x, y: y), Point(x: frame.x + frame.width, y: y)], closed: false, grid)
            let label =
                decade >= 0
                ? "1" + String(repeating: "0", count: decade) : "0." + String(repeating: "0", count: -decade - 1) + "1"
            write(label, endingAt: Point(x: frame.x - 8, y: y + 4), small, canvas)
        }
        for tenth in stride(from: 0, through: 10, by: 2) {
            let label = tenth == 10 ? "1.0" : "0.\(tenth)"
            canvas.text(
                label, at: Point(x: frame.x + frame.width + 8, y: scoreY(Double(tenth) / 10) + 4),
                TextStyle(size: 13, colour: Self.score))
        }
        for part in 0...4 {
            let step = Int((steps * Double(part) / 4).rounded())
            let text = "\(step)"
            let width = canvas.extents(of: text, small).width
            canvas.text(text, at: Point(x: x(step) - width / 2, y: frame.y + frame.height + 20), small)
        }
        canvas.text("steps", at: Point(x: frame.x + frame.width / 2 - 16, y: frame.y + frame.height + 40), small)
        canvas.stroke(frame, .init(Self.ink, width: 1))
    }

    private func legend(_ canvas: Canvas) {
        var at = Self.frame.x
        for (text, colour) in [
            ("training loss, all terms", Self.training), ("validation loss, the paper's terms", Self.validation),
            ("validation score (right)", Self.score),
        ] {
            let style = TextStyle(size: 15, colour: colour, isBold: true)
            canvas.text(text, at: Point(x: at, y: 30), style)
            at += canvas.extents(of: text, style).width + 32
        }
    }

    private func curve(_ canvas: Canvas, _ values: [(step: Int, value: Double)], place: (Double) -> Double, _ stroke: Stroke) {
        let points = values.filter(\.value.isFinite).map { Point(x: x($0.step), y: place($0.value)) }
        if points.count > 1 { canvas.stroke(points, closed: false, stroke) }
    }

    private func write(_ text: String, endingAt point: Point, _ style: TextStyle, _ canvas: Canvas) {
        canvas.text(text, at: Point(x: point.x - canvas.extents(of: text, style).width, y: point.y), style)
    }

    private func x(_ step: Int) -> Double { Self.frame.x + Self.frame.width * Double(step) / steps }

    private func scoreY(_ value: Double) -> Double { Self.frame.y + Self.frame.height * (1 - min(max(value, 0), 1)) }

    private func lossY(_ value: Double) -> Double {
        let share = (log10(max(value, 1e-12)) - Double(decades.lowerBound)) / Double(decades.upperBound - decades.lowerBound)
        return Self.frame.y + Self.frame.height * (1 - min(max(share, 0), 1))
    }
}
