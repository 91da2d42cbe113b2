extension Raster {
    /// The part of the image under `rectangle`, sampled to width x height pixels, antialiased. Outside of the image, or of the part of
    /// it that is `visible`, all is black.
    ///
    /// Separable, as in Pillow (Lundh, Clark and contributors): the filter's support grows with the scale. `rectangle` may be
    /// fractional and reach beyond the image; its sides must be positive and finite.
    public func resampled(
        from rectangle: Rectangle, visible: PixelBox? = nil, width: Int, height: Int, filter: ResampleFilter = .area
    ) -> Raster {
        var result = Raster(width: width, height: height)
        result.pixels.withUnsafeMutableBufferPointer { pixels in
            guard let pixels = pixels.baseAddress else { return }
            weigh(rectangle, visible: visible, width: width, height: height, filter: filter) { y, line in
                Self.round(line, into: pixels + y * width * 3, count: width * 3)
            }
        }
        return result
    }

    /// Values as bytes: the nearest of 0...255, halves up.
    static func round(_ line: UnsafePointer<Float>, into target: UnsafeMutablePointer<UInt8>, count: Int) {
        for index in 0..<count {
            // At 2^23 floats are whole numbers, and their low bits the number itself: this, unlike a conversion, is done eight at a
            // time. Halves, of which weights make many, are lifted over what rounding took from them.
            let value = max(0, min(255, line[index])) + 0x1p-14
            target[index] = UInt8(truncatingIfNeeded: (value + 0x1p23).bitPattern)
        }
    }

    /// The rows that `resampled` rounds: calls `body` with each row that is not black all over, width x 3 values of 0...255 or, with a
    /// filter that overshoots, a little beyond, and one value more. Rows come in any order, and several at once.
    func weigh(
        _ rectangle: Rectangle, visible: PixelBox?, width: Int, height: Int, filter: ResampleFilter,
        _ body: (_ y: Int, _ line: UnsafePointer<Float>) -> Void
    ) {
        guard width > 0, height > 0 else { return }
        precondition(rectangle.width > 0 && rectangle.height > 0, "the rectangle to sample from has positive sides")
        let box = visible ?? PixelBox(x: 0, y: 0, width: self.width, height: self.height)
        let (left, top) = (max(0, box.x), max(0, box.y))
        let (right, bottom) = (min(self.width, box.x + box.width), min(self.height, box.y + box.height))
        let columns = ResampleWeights(
            length: right - left, origin: rectangle.x - Double(left), extent: rectangle.width, outputs: width, filter: filter)
        let rows = ResampleWeights(
            length: bottom - top, origin: rectangle.y - Double(top), extent: rectangle.height, outputs: height, filter: filter)
        let needed = columns.needed
        guard !needed.isEmpty else { return }
        let stride = self.width * 3
        let start = top * stride + (left + needed.lowerBound) * 3
        pixels.withUnsafeBufferPointer { source in
            rows.values.withUnsafeBufferPointer { weights in
                guard let source = source.baseAddress, let weights = weights.baseAddress else { return }
                Cores.forEachBand(of: height, height: max(16, (height + 7) / 8)) { _, band in
                    // Rows are summed first: that runs along memory, and only the columns that are needed take part. One more value,
                    // because pixels are then taken four values at a time.
                    var sums = [Float](repeating: 0, count: needed.count * 3 + 1)
                    var line = [Float](repeating: 0, count: width * 3 + 1)
                    sums.withUnsafeMutableBufferPointer { sums in
                        line.withUnsafeMutableBufferPointer { line in
                            guard let row = sums.baseAddress, let line = line.baseAddress else { return }
                            for y in band where rows.count[y] > 0 {
                                weighRows(
                                    source + start + rows.first[y] * stride, stride: stride, weights: weights + rows.offset[y],
                                    count: rows.count[y], into: row, length: sums.count - 1)
                                weighColumns(row - needed.lowerBound * 3, columns, into: line)
                                body(y, line)
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The weighted sum of `count` rows of `length` bytes. Four rows at a time, so that the sums are loaded and stored less often; the last
/// row stands, without weight, for those that lack.
private func weighRows(
    _ source: UnsafePointer<UInt8>, stride: Int, weights: UnsafePointer<Float>, count: Int,
    into sums: UnsafeMutablePointer<Float>, length: Int
) {
    for first in Swift.stride(from: 0, to: count, by: 4) {
        func row(_ index: Int) -> (bytes: UnsafePointer<UInt8>, weight: Float) {
            (source + min(first + index, count - 1) * stride, first + index < count ? weights[first + index] : 0)
        }
        let a = row(0)
        let b = row(1)
        let c = row(2)
        let d = row(3)
        if first == 0 {
            for index in 0..<length {
                sums[index] =
                    (a.weight * Float(a.bytes[index]) + b.weight * Float(b.bytes[index]))
                    + (c.weight * Float(c.bytes[index]) + d.weight * Float(d.bytes[index]))
            }
        } else {
            for index in 0..<length {
                sums[index] +=
                    (a.weight * Float(a.bytes[index]) + b.weight * Float(b.bytes[index]))
                    + (c.weight * Float(c.bytes[index]) + d.weight * Float(d.bytes[index]))
            }
        }
    }
}

/// One row of output pixels from one row of sums. Pixels are taken four values at a time: one behind the last pixel's is read, and
/// written, and does not count.
private func weighColumns(_ sums: UnsafePointer<Float>, _ columns: ResampleWeights, into line: UnsafeMutablePointer<Float>) {
    columns.values.withUnsafeBufferPointer { values in
        for x in 0..<columns.first.count {
            var pixel = SIMD4<Float>.zero
            var place = UnsafeRawPointer(sums + columns.first[x] * 3)
            let offset = columns.offset[x]
            for tap in offset..<offset + columns.count[x] {
                pixel += values[tap] * place.loadUnaligned(as: SIMD4<Float>.self)
                place += 3 * MemoryLayout<Float>.stride
            }
            UnsafeMutableRawPointer(line + x * 3).storeBytes(of: pixel, as: SIMD4<Float>.self)
        }
    }
}
