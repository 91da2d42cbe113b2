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
