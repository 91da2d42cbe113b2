/// A place in an image, in continuous pixel coordinates: origin at the top left corner, y down, pixel centres at +0.5.
public struct Point: Sendable, Codable, Hashable {
    /// To the right, px.
    public var x: Double
    /// Down, px.
    public var y: Double

    /// A point at (x, y).
    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}

/// A box of whole pixels. It may lie partly or wholly outside of the image that it is used with.
public struct PixelBox: Sendable, Codable, Hashable {
    /// First column, px.
    public var x: Int
    /// First row, px.
    public var y: Int
    /// Columns, px.
    public var width: Int
    /// Rows, px.
    public var height: Int

    /// A box with its first pixel at (x, y).
    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}

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
