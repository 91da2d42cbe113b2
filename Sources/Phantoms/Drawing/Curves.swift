internal import Glibc
internal import Imaging

/// 0 below `low`, 1 above `high`, smooth between.
@inline(__always)
func smoothstep(_ low: Float, _ high: Float, _ value: Float) -> Float {
    let t = min(max((value - low) / (high - low), 0), 1)
    return t * t * (3 - 2 * t)
}

/// From a (share 0) to b (share 1).
@inline(__always)
func mix(_ a: SIMD3<Float>, _ b: SIMD3<Float>, _ share: Float) -> SIMD3<Float> { a + (b - a) * share }

/// A smooth closed outline around a centre: an ellipse whose radius is bent by a few harmonics.
struct RoundOutline: Sendable {
    /// In the units of its scene.
    var centre: SIMD2<Double>
    /// Semi-axes before the bending, across and down at a turn of 0.
    var radii: SIMD2<Double>
    /// Radians, clockwise as seen.
    var turn: Double
    /// cosine and sine amplitudes of harmonics 2, 3, …, shares of the radius.
    var harmonics: [SIMD2<Double>]

    /// How far out a place is: 0 in the centre, 1 on the outline. Also the direction's cosine and sine.
    @inline(__always)
    func reach(_ x: Double, _ y: Double) -> (reach: Double, cosine: Double, sine: Double) {
        let (dx, dy) = (x - centre.x, y - centre.y)
        let distance = (dx * dx + dy * dy).squareRoot()
        guard distance > 0 else { return (0, 1, 0) }
        let (c, s) = (dx / distance, dy / distance)
        let (u, v) = ((c * axis.x + s * axis.y) / radii.x, (s * axis.x - c * axis.y) / radii.y)
        var bend = 1.0
        // cos and sin of n times the angle, one after another.
        var (cn, sn) = (c, s)
        for harmonic in harmonics {
            (cn, sn) = (cn * c - sn * s, sn * c + cn * s)
            bend += harmonic.x * cn + harmonic.y * sn
        }
        return (distance * (u * u + v * v).squareRoot() / bend, c, s)
    }

    /// Largest distance from the centre to the outline that is possible.
    var bound: Double { radii.max() * (1 + harmonics.reduce(0) { $0 + abs($1.x) + abs($1.y) }) }

    private let axis: SIMD2<Double>

    init(centre: SIMD2<Double>, radii: SIMD2<Double>, turn: Double, harmonics: [SIMD2<Double>]) {
        self.centre = centre
        self.radii = radii
        self.turn = turn
        self.harmonics = harmonics
        axis = SIMD2(cos(turn), sin(turn))
    }
}

/// The depth of a set of tapered lines over each pixel: 1 under the middle of a wide line, 0 beside it.
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
