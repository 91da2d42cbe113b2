/// A binary image: which pixels belong to a structure.
public struct Mask: Sendable, Equatable {
    /// Columns, px.
    public let width: Int
    /// Rows, px.
    public let height: Int
    /// height x width bytes, each 0 (outside) or 255 (inside).
    public var pixels: [UInt8]

    /// An empty mask: no pixel is inside.
    public init(width: Int, height: Int) {
        precondition(width >= 0 && height >= 0, "a mask has no negative side")
        self.width = width
        self.height = height
        pixels = [UInt8](repeating: 0, count: width * height)
    }

    /// A mask of given pixels: `height * width` bytes of 0 or 255, or the program stops.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width >= 0 && height >= 0 && pixels.count == width * height, "a mask holds width x height bytes")
        precondition(pixels.allSatisfy { $0 == 0 || $0 == 255 }, "a mask holds only 0 and 255")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Whether the pixel in column x and row y is inside. Reading outside of the image gives false.
    public subscript(x: Int, y: Int) -> Bool {
        get { x >= 0 && y >= 0 && x < width && y < height && pixels[y * width + x] != 0 }
        set { pixels[y * width + x] = newValue ? 255 : 0 }
    }

    /// How many pixels are inside.
    public var area: Int {
        pixels.withUnsafeBufferPointer { buffer in
            var count = 0
            for pixel in buffer where pixel != 0 { count += 1 }
            return count
        }
    }
}
