extension Mask {
    /// The mask grown by a disk: every pixel whose centre lies within `radius` px of a foreground pixel's centre. A radius of 0
    /// or less changes nothing.
    public func dilated(radius: Double) -> Mask {
        guard radius > 0 else { return self }
        var grown = Mask(width: width, height: height)
        // Squared distances are whole numbers; the slack keeps a radius such as 2.squareRoot() from missing its own pixels.
        let limit = radius * radius * (1 + 1e-12)
        grown.pixels.withUnsafeMutableBufferPointer { pixels in
            DistanceTransform.forEachRow(of: self) { y, squared in
                for x in 0..<width { pixels[y * width + x] = squared[x] <= limit ? 255 : 0 }
            }
        }
        return grown
    }

    /// The inner boundary: foreground pixels with background above, below, to the left or to the right of them.
    ///
    /// What lies off the image is background, so that the boundary of a region cut by the image's border is closed too, and a
    /// full mask has its frame as boundary. It is where the paper's distance maps are 0; dilated by a disk it is the paper's
    /// contour target.
    public func boundary() -> Mask {
        guard width > 2, height > 2 else { return self }
        var edge = self
        pixels.withUnsafeBufferPointer { source in
            edge.pixels.withUnsafeMutableBufferPointer { target in
                for y in 1..<height - 1 {
                    for index in y * width + 1..<(y + 1) * width - 1 {
                        let inside = source[index - 1] & source[index + 1] & source[index - width] & source[index + width]
                        target[index] = source[index] & ~inside
                    }
                }
            }
        }
        return edge
    }
}

/// The agreement of two masks.
public struct Overlap: Sendable, Equatable {
    /// 2 |A and B| / (|A| + |B|); 1 where both are empty.
    public let dice: Double
    /// |A and B| / |A or B|; 1 where both are empty.
    public let jaccard: Double

    /// Compares two masks of one size.
    public init(_ first: Mask, _ second: Mask) {
        precondition(first.width == second.width && first.height == second.height, "masks of one image have one size")
        var (both, sum) = (0, 0)
        for (a, b) in zip(first.pixels, second.pixels) {
            if a != 0 { sum += 1 }
            if b != 0 { sum += 1 }
            if a != 0, b != 0 { both += 1 }
        }
        dice = sum == 0 ? 1 : 2 * Double(both) / Double(sum)
        jaccard = sum == 0 ? 1 : Double(both) / Double(sum - both)
    }
}
