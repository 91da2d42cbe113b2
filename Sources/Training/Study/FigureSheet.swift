internal import Imaging
internal import Screening

/// Tiles in rows and columns with words above and beside them, drawn as one picture.
struct FigureSheet {
    /// One small picture.
    struct Tile {
        /// S x S.
        var raster: Raster
        /// Outlined in red.
        var truth: Mask?
        /// Outlined in yellow.
        var found: Mask?
        /// Words below it.
        var caption: String?
        /// A frame around it.
        var frame: Colour?

        init(_ raster: Raster, truth: Mask? = nil, found: Mask? = nil, caption: String? = nil, frame: Colour? = nil) {
            self.raster = raster
            self.truth = truth
            self.found = found
            self.caption = caption
            self.frame = frame
        }

        /// A plane of 0...1 in shades of grey.
        init(_ plane: Plane, caption: String? = nil, frame: Colour? = nil) {
            var raster = Raster(width: plane.width, height: plane.height)
            for (index, value) in plane.values.enumerated() {
                let grey = UInt8((min(max(value, 0), 1) * 255).rounded())
                for channel in 0..<3 { raster.pixels[3 * index + channel] = grey }
            }
            self.init(raster, caption: caption, frame: frame)
        }

        /// A mask in white on black.
        init(_ mask: Mask) {
            self.init(Plane(width: mask.width, height: mask.height, values: mask.pixels.map { $0 == 0 ? 0 : 1 }))
        }
    }

    /// The paper's colours.
    static let (red, yellow) = (Colour(0xFF_3020), Colour(0xFF_E020))
    private static let ink = Colour(0x20_2020)
    private static let (gap, head, foot) = (8.0, 22.0, 16.0)

    /// Words above the columns; empty for none.
    let columns: [String]
    /// Rows with words before them.
    let rows: [(label: String, tiles: [Tile])]

    /// The picture, PNG.
    func png() throws(PapillaError) -> [UInt8] {
        let side = rows.first?.tiles.first?.raster.width ?? 32
        // Whole multiples, so that a pixel of the network stays a square.
        let factor = max(1, Int((160 / Double(side)).rounded()))
        let tile = Double(side * factor)
        let label = rows.contains { !$0.label.isEmpty } ? 110.0 : 0
        let hasCaptions = rows.contains { $0.tiles.contains { $0.caption != nil } }
        let step = tile + Self.gap + (hasCaptions ? Self.foot : 0)
        let count = rows.map(\.tiles.count).max() ?? 0
        let top = Self.gap + (columns.isEmpty ? 0 : Self.head)
        let canvas = try Canvas(
            width: Int(label + Self.gap + Double(count) * (tile + Self.gap)), height: Int(top + Double(rows.count) * step),
            fill: .white)
        for (column, text) in columns.enumerated() {
            write(text, at: Point(x: label + Self.gap + Double(column) * (tile + Self.gap), y: top - 8), within: tile, canvas)
        }
        for (number, row) in rows.enumerated() {
            let y = top + Double(number) * step
            write(row.label, at: Point(x: Self.gap, y: y + tile / 2), within: label - Self.gap, canvas)
            for (column, content) in row.tiles.enumerated() {
                draw(content, at: Point(x: label + Self.gap + Double(column) * (tile + Self.gap), y: y), tile, factor, canvas)
            }
        }
        return try ImageEncoder.png(try canvas.raster())
    }

    private func draw(_ content: Tile, at origin: Point, _ size: Double, _ factor: Int, _ canvas: Canvas) {
        canvas.draw(
            Self.enlarged(content.raster, factor),
            in: PixelBox(x: Int(origin.x), y: Int(origin.y), width: Int(size), height: Int(size)))
        for (mask, colour) in [(content.truth, Self.red), (content.found, Self.yellow)] {
            for polygon in mask.map(Contour.trace) ?? [] {
                let points = polygon.map { Point(x: origin.x + $0.x * Double(factor), y: origin.y + $0.y * Double(factor)) }
                // Red alone would drown in a fundus photograph.
                canvas.stroke(points, Stroke(Colour.black.opacity(0.6), width: 3.4))
                canvas.stroke(points, Stroke(colour, width: 1.6))
            }
        }
        if let frame = content.frame {
            canvas.stroke(
                Rectangle(x: origin.x - 2, y: origin.y - 2, width: size + 4, height: size + 4), Stroke(frame, width: 4))
        }
        if let caption = content.caption {
            write(caption, at: Point(x: origin.x, y: origin.y + size + 13), within: size, canvas)
        }
    }

    /// Text no wider than its place: set smaller where it must be.
    private func write(_ text: String, at point: Point, within width: Double, _ canvas: Canvas) {
        guard !text.isEmpty else { return }
        var style = TextStyle(size: 12, colour: Self.ink)
        while style.size > 7, canvas.extents(of: text, style).width > width { style.size -= 0.5 }
        canvas.text(text, at: point, style)
    }

    private static func enlarged(_ raster: Raster, _ factor: Int) -> Raster {
        guard factor > 1 else { return raster }
        var large = Raster(width: raster.width * factor, height: raster.height * factor)
        for y in 0..<large.height {
            for x in 0..<large.width {
                let (from, to) = (3 * (y / factor * raster.width + x / factor), 3 * (y * large.width + x))
                for channel in 0..<3 { large.pixels[to + channel] = raster.pixels[from + channel] }
            }
        }
        return large
    }
}
