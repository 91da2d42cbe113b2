internal import Imaging
internal import Screening

/// The picture of a reading: the image with contours, and below it what was found, in words.
struct Overlay {
    private let image: Raster
    private let isPhantom: Bool
    private let reading: ImageReading

    /// The longer side at most, px.
    static let longestSide = 1600.0
    /// Small images are enlarged to this, so that words beside them can be read, px.
    static let shortestSide = 640.0
    /// The least width of a picture, px: enough for words below an image that is a narrow strip.
    static let leastWidth = 480.0

    init(of reading: ImageReading, _ image: DecodedImage) {
        self.reading = reading
        self.image = image.raster
        isPhantom = image.isPhantom
    }

    /// Draws the picture.
    /// - Throws: `system` where memory is short.
    func drawn() throws(PapillaError) -> Canvas {
        let layout = try OverlayLayout(
            caption: Caption(reading), isPhantom: isPhantom, width: image.width, height: image.height, inset: inset)
        let canvas = try Canvas(width: layout.width, height: layout.height)
        // Words beside the picture: setting them takes as long as shrinking it.
        let words = try Canvas(
            width: layout.width, height: max(1, layout.height - layout.picture.height), fill: CaptionPanel.background)
        Cores.both({ layout.panel.draw(on: words) }, { canvas.draw(image, in: layout.picture) })
        canvas.draw(words, x: 0, y: layout.picture.height)
        let scale = Double(layout.picture.width) / Double(max(1, image.width))
        let frame = Frame(
            canvas: canvas, scaleX: scale, scaleY: Double(layout.picture.height) / Double(max(1, image.height)),
            x: Double(layout.picture.x), y: 0,
            width: max(1.5, layout.panel.size / 9))
        draw(in: frame)
        if isPhantom { drawPhantom(on: canvas, layout) }
        if let inset, let box = layout.inset { draw(inset, in: box, on: canvas, layout) }
        return canvas
    }

    /// The disc's surroundings to be shown enlarged, px of the original, where the disc is a small part of the photograph.
    private var inset: Rectangle? {
        guard let disc = reading.fundus?.disc else { return nil }
        let side = 1.7 * max(disc.verticalDiameter, disc.horizontalDiameter)
        guard side * 2 < Double(max(image.width, image.height)) else { return nil }
        return Rectangle(x: disc.ellipse.cx - side / 2, y: disc.ellipse.cy - side / 2, width: side, height: side)
    }

    /// A part of the canvas that shows a part of the image.
    private struct Frame {
        let canvas: Canvas
        let scaleX: Double, scaleY: Double
        /// Where the image's origin is on the canvas, px.
        let x: Double, y: Double
        /// Of lines, px.
        let width: Double

        func place(_ point: Point) -> Point { Point(x: x + point.x * scaleX, y: y + point.y * scaleY) }

        func stroke(_ points: [Point], _ line: Caption.Line) {
            let placed = points.map(place)
            canvas.stroke(placed, OverlayLine.halo(width: width))
            canvas.stroke(placed, OverlayLine.stroke(line, width: width))
        }
    }

    private func draw(in frame: Frame) {
        if let fundus = reading.fundus {
            frame.stroke(fundus.disc.ellipse.points(count: 360), .disc)
            if let cup = fundus.cup { frame.stroke(cup.ellipse.outline(clippedTo: fundus.disc.ellipse), .cup) }
        }
        guard let polyps = reading.endoscopy?.polyps else { return }
        for polyp in polyps { frame.stroke(polyp.contour.compactMap { $0.count == 2 ? Point(x: $0[0], y: $0[1]) : nil }, .polyp) }
        guard polyps.count > 1 else { return }
        let size = frame.width * 9
        let style = TextStyle(size: size, colour: .white, isBold: true, outline: Stroke(.black, width: size / 5))
        for (index, polyp) in polyps.enumerated() {
            let corner = frame.place(Point(x: Double(polyp.box[0]), y: Double(polyp.box[1])))
            frame.canvas.text("\(index + 1)", at: Point(x: corner.x, y: max(size, corner.y - size / 4)), style)
        }
    }

    private func drawPhantom(on canvas: Canvas, _ layout: OverlayLayout) {
        let size = layout.panel.size * 1.3
        let style = TextStyle(size: size, colour: .white, isBold: true, outline: Stroke(.black, width: size / 5))
        canvas.text("PHANTOM", at: Point(x: Double(layout.picture.x) + size * 0.6, y: size * 1.4), style)
    }

    private func draw(_ part: Rectangle, in box: PixelBox, on canvas: Canvas, _ layout: OverlayLayout) {
        canvas.draw(image.resampled(from: part, width: box.width, height: box.height), in: box)
        let scale = Double(box.width) / part.width
        draw(
            in: Frame(
                canvas: canvas, scaleX: scale, scaleY: scale, x: Double(box.x) - part.x * scale,
                y: Double(box.y) - part.y * scale,
                width: max(1, layout.panel.size / 12)))
        canvas.stroke(Rectangle(box), Stroke(Colour(0xB9C0C8), width: 1))
    }
}
