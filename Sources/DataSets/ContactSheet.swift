internal import Imaging
public import Screening

/// Masks laid over their images, twenty or so in one picture: who has looked at them has found most faults of a set.
public struct ContactSheet: Sendable {
    private static let (tile, gap, foot) = (240, 8, 20)
    private static let ink = Colour(0x20_2020)

    /// Some pictures of a set that was surveyed, spread over its length.
    private let shown: [(item: DataSet.Item, set: DataSet)]

    /// - Parameters:
    ///   - sets: those that were surveyed; masks of others are not drawn.
    ///   - count: pictures in all.
    public init(_ sets: [DataSet], count: Int) {
        let share = max(1, count / max(1, sets.count))
        shown = sets.flatMap { set in
            let number = min(share, set.items.count)
            return (0..<number).map { (set.items[$0 * set.items.count / number], set) }
        }
    }

    /// The picture, JPEG. An image that cannot be read is a tile that says so.
    public func jpeg() throws(PapillaError) -> [UInt8] {
        let columns = min(5, max(1, shown.count))
        let rows = max(1, (shown.count + columns - 1) / columns)
        let (stepX, stepY) = (Self.tile + Self.gap, Self.tile + Self.gap + Self.foot)
        let canvas = try Canvas(width: columns * stepX + Self.gap, height: rows * stepY + Self.gap, fill: .white)
        for (index, one) in shown.enumerated() {
            let (x, y) = (Self.gap + index % columns * stepX, Self.gap + index / columns * stepY)
            let words: String
            do throws(PapillaError) { words = try draw(one.item, of: one.set, on: canvas, x: x, y: y) } catch {
                words = "not readable"
            }
            var caption = "\(one.item.split.rawValue) \(one.item.id)"
            let style = TextStyle(size: 11, colour: Self.ink)
            while caption.count > 8, canvas.extents(of: caption + words, style).width > Double(Self.tile - 8) {
                caption.removeLast()
            }
            canvas.text(
                caption + (words.isEmpty ? "" : ": " + words), at: Point(x: Double(x), y: Double(y + Self.tile + 14)), style)
        }
        return try ImageEncoder.jpeg(canvas, quality: 88)
    }

    /// Draws one image with its mask: disc and polyp solid, cup dashed. Returns what is to be said of it.
    private func draw(_ item: DataSet.Item, of set: DataSet, on canvas: Canvas, x: Int, y: Int) throws(PapillaError) -> String {
        let raster: Raster
        do { raster = try ImageDecoder.decode(try readFile(item.image)).raster } catch {
            throw PapillaError(.badInput, "an image cannot be used", place: item.image, cause: error)
        }
        let scale = Double(Self.tile) / Double(max(raster.width, raster.height))
        let (width, height) = (max(1, Int(Double(raster.width) * scale)), max(1, Int(Double(raster.height) * scale)))
        let (left, top) = (x + (Self.tile - width) / 2, y + (Self.tile - height) / 2)
        canvas.draw(raster, in: PixelBox(x: left, y: top, width: width, height: height))
        guard let path = item.mask else { return "no mask" }
        guard set.survey != nil else { return "mask not understood" }
        let grey = try set.mask(at: path)
        let isFundus = set.survey?.task != .polyp
        func outlines(_ mask: Mask) -> [[Point]] {
            Contour.trace(mask).map { polygon in
                polygon.map { point in
                    Point(
                        x: Double(left) + point.x * Double(width) / Double(mask.width),
                        y: Double(top) + point.y * Double(height) / Double(mask.height))
                }
            }
        }
        let whole = outlines(Truth.mask(grey, for: isFundus ? .disc : .polyp))
        let colour = isFundus ? Colour(0x40_E0FF) : Colour(0x40_FF60)
        canvas.fill(whole, colour.opacity(0.25))
        for outline in whole { canvas.stroke(outline, Stroke(colour, width: 1.5)) }
        if isFundus {
            for outline in outlines(Truth.mask(grey, for: .cup)) {
                canvas.stroke(outline, Stroke(Colour(0xFF_D020), width: 1.5, dashes: [4, 3]))
            }
        }
        return whole.isEmpty ? "empty" : ""
    }
}
