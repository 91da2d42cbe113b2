/// An 8-bit grey image whose exact values mean something, such as a data set's mask: 0 background, 128 disc, 255 cup.
public struct GreyImage: Sendable, Equatable {
    /// Columns, px.
    public let width: Int
    /// Rows, px.
    public let height: Int
    /// height x width bytes, rows from the top.
    public var pixels: [UInt8]

    /// A grey image of given pixels: `height * width` bytes, or the program stops.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width >= 0 && height >= 0 && pixels.count == width * height, "a grey image holds width x height bytes")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// A grey image of one value, black unless another is given.
    public init(width: Int, height: Int, fill: UInt8 = 0) {
        precondition(width >= 0 && height >= 0, "a grey image has no negative side")
        self.width = width
        self.height = height
        pixels = [UInt8](repeating: fill, count: width * height)
    }

    /// The pixels whose value is at least `value`: `mask(atLeast: 128)` is the disc with its cup, `mask(atLeast: 255)` the cup.
    public func mask(atLeast value: UInt8) -> Mask {
        var mask = Mask(width: width, height: height)
        pixels.withUnsafeBufferPointer { source in
            mask.pixels.withUnsafeMutableBufferPointer { target in
                for index in 0..<source.count { target[index] = source[index] >= value ? 255 : 0 }
            }
        }
        return mask
    }
}
