extension Raster {
    /// The part of the image under `rectangle`, sampled to width x height pixels, antialiased. Outside of the image all is black.
    ///
    /// Separable, as in Pillow (Lundh, Clark and contributors): the filter's support grows with the scale. `rectangle` may be
    /// fractional and reach beyond the image; its sides must be positive and finite.
    public func resampled(from rectangle: Rectangle, width: Int, height: Int, filter: ResampleFilter = .area) -> Raster {
        var result = Raster(width: width, height: height)
        guard width > 0, height > 0 else { return result }
        precondition(rectangle.width > 0 && rectangle.height > 0, "the rectangle to sample from has positive sides")
        let columns = ResampleWeights(
            length: self.width, origin: rectangle.x, extent: rectangle.width, outputs: width, filter: filter)
        let rows = ResampleWeights(
            length: self.height, origin: rectangle.y, extent: rectangle.height, outputs: height, filter: filter)
        let needed = columns.needed
        guard !needed.isEmpty else { return result }

        // Rows are summed first: that runs along memory, and only the columns that are needed take part.
        var sums = [Float](repeating: 0, count: needed.count * 3)
        let stride = self.width * 3
        pixels.withUnsafeBufferPointer { source in
            result.pixels.withUnsafeMutableBufferPointer { target in
                sums.withUnsafeMutableBufferPointer { sums in
                    guard let source = source.baseAddress, let target = target.baseAddress, let row = sums.baseAddress else {
                        return
                    }
                    for y in 0..<height where rows.count[y] > 0 {
                        rows.values.withUnsafeBufferPointer { weights in
                            guard let weights = weights.baseAddress else { return }
                            weighRows(
                                source + rows.first[y] * stride + needed.lowerBound * 3, stride: stride,
                                weights: weights + rows.offset[y], count: rows.count[y], into: row, length: sums.count)
                        }
                        weighColumns(row - needed.lowerBound * 3, columns, into: target + y * width * 3)
                    }
                }
            }
        }
        return result
    }
}

/// The weighted sum of `count` rows of `length` bytes. Four rows at a time, so that the sums are loaded and stored less often.
private func weighRows(
    _ source: UnsafePointer<UInt8>, stride: Int, weights: UnsafePointer<Float>, count: Int,
    into sums: UnsafeMutablePointer<Float>, length: Int
) {
    sums.update(repeating: 0, count: length)
    var row = 0
    while row + 4 <= count {
        let (a, b, c, d) = (
            source + row * stride, source + (row + 1) * stride, source + (row + 2) * stride, source + (row + 3) * stride
        )
        let (wa, wb, wc, wd) = (weights[row], weights[row + 1], weights[row + 2], weights[row + 3])
        for index in 0..<length {
            sums[index] += (wa * Float(a[index]) + wb * Float(b[index])) + (wc * Float(c[index]) + wd * Float(d[index]))
        }
        row += 4
    }
    while row < count {
        let a = source + row * stride
        let wa = weights[row]
        for index in 0..<length { sums[index] += wa * Float(a[index]) }
        row += 1
    }
}

/// One row of output pixels from one row of sums, rounded and clamped to 0...255.
private func weighColumns(_ sums: UnsafePointer<Float>, _ columns: ResampleWeights, into target: UnsafeMutablePointer<UInt8>) {
    columns.values.withUnsafeBufferPointer { values in
        for x in 0..<columns.first.count {
            var (red, green, blue): (Float, Float, Float) = (0.5, 0.5, 0.5)
            var place = sums + columns.first[x] * 3
            let offset = columns.offset[x]
            for tap in 0..<columns.count[x] {
                let weight = values[offset + tap]
                red += weight * place[0]
                green += weight * place[1]
                blue += weight * place[2]
                place += 3
            }
            target[x * 3] = UInt8(max(0, min(255, red)))
            target[x * 3 + 1] = UInt8(max(0, min(255, green)))
            target[x * 3 + 2] = UInt8(max(0, min(255, blue)))
        }
    }
}
