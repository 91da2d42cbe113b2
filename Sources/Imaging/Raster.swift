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

/// One real number for each pixel: a probability map or a distance map.
public struct Plane: Sendable, Equatable {
    /// Columns, px.
    public let width: Int
    /// Rows, px.
    public let height: Int
    /// height x width values, rows from the top.
    public var values: [Float]

    /// A plane of given values: `height * width` of them, or the program stops.
    public init(width: Int, height: Int, values: [Float]) {
        precondition(width >= 0 && height >= 0 && values.count == width * height, "a plane holds width x height values")
        self.width = width
        self.height = height
        self.values = values
    }

    /// A plane of one value.
    public init(width: Int, height: Int, fill: Float) {
        precondition(width >= 0 && height >= 0, "a plane has no negative side")
        self.width = width
        self.height = height
        values = [Float](repeating: fill, count: width * height)
    }

    /// The value in column x and row y.
    public subscript(x: Int, y: Int) -> Float {
        get { values[y * width + x] }
        set { values[y * width + x] = newValue }
    }

    /// The pixels whose value is above the threshold. A value that is not a number is not above it.
    public func thresholded(_ threshold: Float) -> Mask {
        var mask = Mask(width: width, height: height)
        values.withUnsafeBufferPointer { source in
            mask.pixels.withUnsafeMutableBufferPointer { target in
                for index in 0..<source.count { target[index] = source[index] > threshold ? 255 : 0 }
            }
        }
        return mask
    }
}
