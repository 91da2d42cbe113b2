extension Plane {
    /// The plane under `rectangle`, sampled bilinearly to width x height pixels; beyond its edges the nearest value goes on.
    ///
    /// For carrying probabilities from a network's grid to the image's. Not antialiased: to be used for enlarging, or nearly so.
    /// Sample (0, 0) lies half an output pixel inside of the rectangle; values stand at pixel centres (+0.5).
    public func resampled(from rectangle: Rectangle, width: Int, height: Int) -> Plane {
        var result = Plane(width: width, height: height, fill: 0)
        guard width > 0, height > 0, self.width > 0, self.height > 0 else { return result }
        let columns = LinearTaps(length: self.width, origin: rectangle.x, extent: rectangle.width, outputs: width)
        let rows = LinearTaps(length: self.height, origin: rectangle.y, extent: rectangle.height, outputs: height)
        // Two source rows, already sampled along x; while enlarging, most output rows lie between the same two.
        var upper = [Float](repeating: 0, count: width)
        var lower = upper
        var (upperRow, lowerRow) = (-1, -1)
        for y in 0..<height {
            let tap = rows.taps[y]
            if tap.index != upperRow {
                if tap.index == lowerRow {
                    swap(&upper, &lower)
                    swap(&upperRow, &lowerRow)
                } else {
                    sample(row: tap.index, columns, into: &upper)
                    upperRow = tap.index
                }
            }
            if tap.next != lowerRow {
                sample(row: tap.next, columns, into: &lower)
                lowerRow = tap.next
            }
            let fraction = tap.fraction
            result.values.withUnsafeMutableBufferPointer { target in
                let start = y * width
                for x in 0..<width { target[start + x] = upper[x] + (lower[x] - upper[x]) * fraction }
            }
        }
        return result
    }

    private func sample(row: Int, _ columns: LinearTaps, into target: inout [Float]) {
        values.withUnsafeBufferPointer { source in
            target.withUnsafeMutableBufferPointer { target in
                let start = row * width
                for (x, tap) in columns.taps.enumerated() {
                    let value = source[start + tap.index]
                    target[x] = value + (source[start + tap.next] - value) * tap.fraction
                }
            }
        }
    }
}

/// For each output pixel along an axis, the two values it lies between.
private struct LinearTaps {
    struct Tap {
        var index: Int
        var next: Int
        var fraction: Float
    }

    var taps: [Tap]

    init(length: Int, origin: Double, extent: Double, outputs: Int) {
        let scale = extent / Double(outputs)
        taps = (0..<outputs).map { output in
            let place = max(0, min(Double(length - 1), origin + (Double(output) + 0.5) * scale - 0.5))
            let index = Int(place)
            return Tap(index: index, next: min(index + 1, length - 1), fraction: Float(place - Double(index)))
        }
    }
}

extension Mask {
    /// The mask under `rectangle`, sampled to width x height pixels; empty outside.
    ///
    /// Each output pixel takes the pixel that its centre falls into.
    public func resampledNearest(from rectangle: Rectangle, width: Int, height: Int) -> Mask {
        var result = Mask(width: width, height: height)
        let columns = nearest(length: self.width, origin: rectangle.x, extent: rectangle.width, outputs: width)
        let rows = nearest(length: self.height, origin: rectangle.y, extent: rectangle.height, outputs: height)
        pixels.withUnsafeBufferPointer { source in
            result.pixels.withUnsafeMutableBufferPointer { target in
                for (y, row) in rows.enumerated() where row >= 0 {
                    for (x, column) in columns.enumerated() where column >= 0 {
                        target[y * width + x] = source[row * self.width + column]
                    }
                }
            }
        }
        return result
    }

    /// For each output pixel along an axis the input pixel under its centre, or -1 outside.
    private func nearest(length: Int, origin: Double, extent: Double, outputs: Int) -> [Int] {
        (0..<outputs).map { output in
            let place = (origin + (Double(output) + 0.5) * extent / Double(outputs)).rounded(.down)
            return place >= 0 && place < Double(length) ? Int(place) : -1
        }
    }
}
