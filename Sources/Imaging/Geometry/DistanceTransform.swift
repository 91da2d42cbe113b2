/// Exact Euclidean distance transforms of masks.
///
/// Distances are between pixel centres. Each column is scanned down and up for its nearest foreground pixel, then each row takes
/// the lower envelope of the parabolas that stand on those, in time linear in the number of pixels (Felzenszwalb & Huttenlocher,
/// "Distance transforms of sampled functions", Theory of Computing 8, 2012).
public enum DistanceTransform {
    /// The distance in px from each pixel's centre to the nearest foreground pixel's centre: 0 on the foreground itself, infinite
    /// everywhere in a mask without foreground.
    public static func euclidean(toForeground mask: Mask) -> Plane {
        var plane = Plane(width: mask.width, height: mask.height, fill: .infinity)
        plane.values.withUnsafeMutableBufferPointer { values in
            forEachRow(of: mask) { y, squared in
                let row = y * mask.width
                for x in 0..<mask.width { values[row + x] = Float(squared[x].squareRoot()) }
            }
        }
        return plane
    }

    /// Calls `body` with each row's number and its squared distances (exact: whole numbers), from the top.
    /// Rows are not visited where the mask has no foreground at all.
    static func forEachRow(of mask: Mask, _ body: (Int, UnsafeBufferPointer<Double>) -> Void) {
        let width = mask.width
        guard let columns = columnDistances(of: mask) else { return }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, width)) { squared in
            var envelope = LowerEnvelope(capacity: width)
            columns.withUnsafeBufferPointer { columns in
                for y in 0..<mask.height {
                    envelope.evaluate(UnsafeBufferPointer(rebasing: columns[y * width..<(y + 1) * width]), into: squared)
                    body(y, UnsafeBufferPointer(rebasing: squared[0..<width]))
                }
            }
        }
    }

    /// Marks a column without any foreground.
    static let unreachable = Int32.max

    /// The distance from each pixel to the nearest foreground pixel of its own column; nil where the mask has no foreground.
    private static func columnDistances(of mask: Mask) -> [Int32]? {
        let (width, height) = (mask.width, mask.height)
        var hasForeground = false
        let distances = [Int32](unsafeUninitializedCapacity: width * height) { distances, count in
            mask.pixels.withUnsafeBufferPointer { pixels in
                for x in 0..<width * min(1, height) { distances[x] = pixels[x] != 0 ? 0 : unreachable }
                for index in width..<max(width, width * height) {
                    let above = distances[index - width]
                    distances[index] = pixels[index] != 0 ? 0 : above == unreachable ? unreachable : above + 1
                }
            }
            if height > 0 {
                hasForeground = distances[(height - 1) * width..<height * width].contains { $0 != unreachable }
                var y = height - 2
                while y >= 0 && hasForeground {
                    for index in y * width..<(y + 1) * width {
                        let below = distances[index + width]
                        if below != unreachable { distances[index] = min(distances[index], below + 1) }
                    }
                    y -= 1
                }
            }
            count = width * height
        }
        return hasForeground ? distances : nil
    }
}

/// The lower envelope of parabolas (x - q)² + f(q), kept between rows so that its memory is taken once.
private struct LowerEnvelope {
    private var places: [Int]
    private var heights: [Double]
    private var borders: [Double]

    init(capacity: Int) {
        places = [Int](repeating: 0, count: max(1, capacity))
        heights = [Double](repeating: 0, count: max(1, capacity))
        borders = [Double](repeating: 0, count: max(1, capacity) + 1)
    }

    /// Squared distances of one row. Columns marked unreachable bear no parabola; the caller makes sure that one column does.
    mutating func evaluate(_ columns: UnsafeBufferPointer<Int32>, into squared: UnsafeMutableBufferPointer<Double>) {
        var last = -1
        places.withUnsafeMutableBufferPointer { places in
            heights.withUnsafeMutableBufferPointer { heights in
                borders.withUnsafeMutableBufferPointer { borders in
                    for q in 0..<columns.count where columns[q] != DistanceTransform.unreachable {
                        let distance = Double(columns[q])
                        // f(q) + q², the parabola's constant term.
                        let constant = distance * distance + Double(q) * Double(q)
                        var border = -Double.infinity
                        while last >= 0 {
                            border = (constant - heights[last]) / Double(2 * (q - places[last]))
                            if border > borders[last] { break }
                            last -= 1
                            border = -Double.infinity
                        }
                        last += 1
                        places[last] = q
                        heights[last] = constant
                        borders[last] = border
                    }
                    borders[last + 1] = .infinity
                    var k = 0
                    for x in 0..<columns.count {
                        while borders[k + 1] < Double(x) { k += 1 }
                        let (place, column) = (Double(x - places[k]), Double(columns[places[k]]))
                        squared[x] = place * place + column * column
                    }
                }
            }
        }
    }
}
