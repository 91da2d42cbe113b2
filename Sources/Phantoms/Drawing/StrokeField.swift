internal import Imaging

/// How deep a set of tapered lines lies over each pixel: 1 under the middle of a wide line, 0 beside it.
struct StrokeField {
    private(set) var depth: Plane

    init(width: Int, height: Int) { depth = Plane(width: width, height: height, fill: 0) }

    /// Draws a line with a width at each point (px), as a cylinder is seen through: deepest along its axis. Where lines cross,
    /// the deeper one counts. Lines thinner than `full` px are fainter.
    mutating func draw(_ points: [SIMD2<Double>], widths: [Double], full: Double) {
        let (columns, rows) = (depth.width, depth.height)
        depth.values.withUnsafeMutableBufferPointer { values in
            for index in 1..<max(1, points.count) {
                let a = SIMD2<Float>(points[index - 1]), b = SIMD2<Float>(points[index])
                // A line under a pixel wide covers a pixel's share only.
                let half = Float(max(widths[index], 1.1) / 2),
                    strength = Float(min(1, 0.35 + 0.65 * widths[index] / full) * min(1, widths[index] / 1.1))
                let reach = half + 1
                let low = SIMD2(min(a.x, b.x), min(a.y, b.y)) - reach, high = SIMD2(max(a.x, b.x), max(a.y, b.y)) + reach
                guard high.x > 0, high.y > 0, low.x < Float(columns), low.y < Float(rows) else { continue }
                let along = b - a, length = max((along * along).sum(), 1e-9)
                for y in max(0, Int(low.y))..<min(rows, Int(high.y) + 1) {
                    for x in max(0, Int(low.x))..<min(columns, Int(high.x) + 1) {
                        let from = SIMD2(Float(x) + 0.5, Float(y) + 0.5) - a
                        let off = from - along * min(max((from * along).sum() / length, 0), 1)
                        let distance = (off * off).sum().squareRoot()
                        guard distance < reach else { continue }
                        let round = max(0, 1 - 0.45 * (distance / half) * (distance / half))
                        let value = strength * round * min(1, max(0, half + 0.5 - distance))
                        values[y * columns + x] = max(values[y * columns + x], value)
                    }
                }
            }
        }
    }
}
