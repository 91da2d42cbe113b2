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
