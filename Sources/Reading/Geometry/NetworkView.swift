public import Imaging

/// The part of an image that a network is shown: a square of the original, resampled to S x S. Reading and training prepare their samples
/// here, by the very same code.
public struct NetworkView: Sendable, Hashable {
    /// The square, in continuous coordinates of the original; it may stick out of the image.
    public let rectangle: Rectangle
    /// The pixels of the original that are shown; the square is black everywhere else.
    public let visible: PixelBox
    /// S, px: the side of the network's input.
    public let side: Int
    /// Whether the circle in the square is shown unrolled (``Unrolling``).
    public let isUnrolled: Bool

    /// A square of the original; what lies outside of `visible` is black.
    public init(rectangle: Rectangle, visible: PixelBox, side: Int, isUnrolled: Bool = false) {
        self.rectangle = rectangle
        self.visible = visible
        self.side = side
        self.isUnrolled = isUnrolled
    }

    /// The whole picture: a square around the field's box, its sides padded with black. The view of router and polyp network, and the
    /// disc network's first look.
    public init(whole field: FieldOfView, side: Int) { self.init(around: field.box, side: side) }

    /// A square around a box, the sides padded with black.
    public init(around box: PixelBox, side: Int) {
        let extent = Double(max(box.width, box.height))
        let centre = Rectangle(box).centre
        self.init(
            rectangle: Rectangle(x: centre.x - extent / 2, y: centre.y - extent / 2, width: extent, height: extent), visible: box,
            side: side)
    }

    /// The disc's surroundings: a square of 2.5 disc diameters around its centre, the second look of disc and cup networks.
    ///
    /// - Parameters:
    ///   - centre: of the disc, px of the original.
    ///   - diameter: of the disc, px: the greater of its ellipse's vertical and horizontal extents.
    ///   - width: of the image, px; what lies outside of the image is black.
    ///   - height: of the image, px.
    public init(disc centre: Point, diameter: Double, width: Int, height: Int, side: Int) {
        let extent = max(1, Self.discDiameters * diameter)
        self.init(
            rectangle: Rectangle(x: centre.x - extent / 2, y: centre.y - extent / 2, width: extent, height: extent),
            visible: PixelBox(x: 0, y: 0, width: width, height: height), side: side)
    }

    /// The disc's surroundings, unrolled about its centre as far as ``Unrolling/reach``. The parameters are those of
    /// ``init(disc:diameter:width:height:side:)``.
    public init(unrolledDisc centre: Point, diameter: Double, width: Int, height: Int, side: Int) {
        let extent = max(1, 2 * Unrolling.reach * diameter)
        self.init(
            rectangle: Rectangle(x: centre.x - extent / 2, y: centre.y - extent / 2, width: extent, height: extent),
            visible: PixelBox(x: 0, y: 0, width: width, height: height), side: side, isUnrolled: true)
    }

    /// The side of the second look's square, in disc diameters.
    public static let discDiameters = 2.5

    /// The same square for a network with another input side.
    public func resized(to side: Int) -> NetworkView {
        NetworkView(rectangle: rectangle, visible: visible, side: side, isUnrolled: isUnrolled)
    }

    /// The view's pixels: S x S, antialiased. A border's text and panels do not enter the square beside the picture.
    public func pixels(of raster: Raster) -> Raster {
        guard isUnrolled else { return raster.resampled(from: rectangle, visible: visible, width: side, height: side) }
        // One pixel of a column to one of the square, or the image's own pixels where it has no more.
        let width = min(2 * side, max(1, Int(rectangle.width.rounded(.up))))
        return raster.resampled(from: rectangle, visible: visible, width: width, height: width).unrolled(side: side)
    }

    /// The network's input of this view: 3 x S x S, planes red, green, blue; each (value / 255 - mean) / deviation.
    public func input(of raster: Raster, mean: [Float], deviation: [Float]) -> [Float] {
        Self.input(of: pixels(of: raster), mean: mean, deviation: deviation)
    }

    /// The network's input of pixels that already are a view's: 3 x height x width, planes red, green, blue; each (value / 255 - mean) /
    /// deviation.
    ///
    /// - Parameters:
    ///   - mean: of each channel, 0...1: 3 values, or the program stops.
    ///   - deviation: of each channel, 0...1: 3 values, or the program stops.
    public static func input(of pixels: Raster, mean: [Float], deviation: [Float]) -> [Float] {
        precondition(mean.count == 3 && deviation.count == 3, "one mean and one deviation for each of three channels")
        let count = pixels.width * pixels.height
        return [Float](unsafeUninitializedCapacity: 3 * count) { planes, initialized in
            pixels.pixels.withUnsafeBufferPointer { bytes in
                for channel in 0..<3 {
                    let scale = 1 / (255 * deviation[channel])
                    let shift = -mean[channel] / deviation[channel]
                    for index in 0..<count { planes[channel * count + index] = Float(bytes[3 * index + channel]) * scale + shift }
                }
            }
            initialized = 3 * count
        }
    }

    /// The pixels of the original that this view covers, rounded outwards and cut to what is visible.
    public var coverage: PixelBox {
        let left = max(visible.x, Int(rectangle.x.rounded(.down)))
        let top = max(visible.y, Int(rectangle.y.rounded(.down)))
        let right = min(visible.x + visible.width, Int((rectangle.x + rectangle.width).rounded(.up)))
        let bottom = min(visible.y + visible.height, Int((rectangle.y + rectangle.height).rounded(.up)))
        return PixelBox(x: left, y: top, width: max(0, right - left), height: max(0, bottom - top))
    }

    /// Carries a plane from the view (S x S) back to pixels of the original, bilinearly.
    ///
    /// - Parameter box: the pixels wanted; usually ``coverage`` or a part of it, because a whole photograph of numbers is large.
    public func carryBack(_ plane: Plane, over box: PixelBox) -> Plane {
        if isUnrolled { return plane.rolledUp(over: box, from: rectangle) }
        let scale = Double(side) / rectangle.width
        let source = Rectangle(
            x: (Double(box.x) - rectangle.x) * scale, y: (Double(box.y) - rectangle.y) * scale, width: Double(box.width) * scale,
            height: Double(box.height) * scale)
        return plane.resampled(from: source, width: box.width, height: box.height)
    }

    /// A place in the view (px of S x S) as a place in the original.
    public func original(_ point: Point) -> Point {
        let scale = rectangle.width / Double(side)
        guard isUnrolled else { return Point(x: rectangle.x + point.x * scale, y: rectangle.y + point.y * scale) }
        let (direction, distance) = (Unrolling.direction(point.y, side: side), Unrolling.distance(point.x) * scale)
        return Point(x: rectangle.centre.x + direction.x * distance, y: rectangle.centre.y + direction.y * distance)
    }

    /// Pixels of the original for one pixel of the view.
    public var scale: Double { rectangle.width / Double(side) }

    /// How much of the square lies within the image, 0...1.
    var insideShare: Double {
        let width = min(rectangle.x + rectangle.width, Double(visible.x + visible.width)) - max(rectangle.x, Double(visible.x))
        let height = min(rectangle.y + rectangle.height, Double(visible.y + visible.height)) - max(rectangle.y, Double(visible.y))
        return max(0, width) * max(0, height) / (rectangle.width * rectangle.height)
    }
}
