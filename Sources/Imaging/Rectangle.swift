/// A rectangle in continuous pixel coordinates: origin at the top left corner, y down, pixel centres at +0.5.
public struct Rectangle: Sendable, Codable, Hashable {
    /// Left edge, px.
    public var x: Double
    /// Top edge, px.
    public var y: Double
    /// px
    public var width: Double
    /// px
    public var height: Double

    /// A rectangle with its top left corner at (x, y).
    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The rectangle that a box of whole pixels covers.
    public init(_ box: PixelBox) {
        self.init(x: Double(box.x), y: Double(box.y), width: Double(box.width), height: Double(box.height))
    }

    /// The middle.
    public var centre: Point { Point(x: x + width / 2, y: y + height / 2) }
}
