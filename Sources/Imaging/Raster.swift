/// A colour image in memory: 8-bit sRGB, rows from the top, three bytes a pixel.
public struct Raster: Sendable, Equatable {
    /// Columns, px.
    public let width: Int
    /// Rows, px.
    public let height: Int
    /// height x width x 3 bytes: red, green, blue.
    public var pixels: [UInt8]

    /// An image of given pixels: `height * width * 3` bytes, or the program stops.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width >= 0 && height >= 0 && pixels.count == width * height * 3, "a raster holds width x height x 3 bytes")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// An image of one colour, black unless another is given.
    public init(width: Int, height: Int, fill: (UInt8, UInt8, UInt8) = (0, 0, 0)) {
        precondition(width >= 0 && height >= 0, "a raster has no negative side")
        self.width = width
        self.height = height
        if fill.0 == fill.1, fill.1 == fill.2 {
            pixels = [UInt8](repeating: fill.0, count: width * height * 3)
        } else {
            pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
                for index in 0..<width * height {
                    buffer[3 * index] = fill.0
                    buffer[3 * index + 1] = fill.1
                    buffer[3 * index + 2] = fill.2
                }
                count = width * height * 3
            }
        }
    }

    /// The whole image as a rectangle in its own continuous coordinates.
    public var bounds: Rectangle { Rectangle(x: 0, y: 0, width: Double(width), height: Double(height)) }
}
