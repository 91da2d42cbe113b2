internal import Glibc

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
        (self.centre, self.radii, self.turn, self.harmonics) = (centre, radii, turn, harmonics)
        axis = SIMD2(cos(turn), sin(turn))
    }
}
