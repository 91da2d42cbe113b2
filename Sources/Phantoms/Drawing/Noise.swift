internal import Imaging
internal import Screening

/// Smooth random fields: value noise in octaves, each a lattice of random values under a cubic B-spline.
enum Noise {
    /// A field of mean 0 and variance 1 (about, over large areas). `cell` is the first octave's lattice spacing in px, across and
    /// down; each further octave has half the spacing and `persistence` times the strength, down to cells of 1.5 px.
    static func field(
        width: Int, height: Int, cell: SIMD2<Double>, octaves: Int, persistence: Double = 0.5, random: inout SeededGenerator
    ) -> Plane {
        var plane = Plane(width: width, height: height, fill: 0)
        var octaveCells: [(cell: SIMD2<Double>, strength: Double)] = []
        var (size, strength) = (cell, 1.0)
        for octave in 0..<octaves where octave == 0 || size.min() >= 1.5 {
            octaveCells.append((size, strength))
            size /= 2
            strength *= persistence
        }
        let power = octaveCells.reduce(0) { $0 + $1.strength * $1.strength }
        for octave in octaveCells {
            add(octave.cell, strength: Float(octave.strength / power.squareRoot() * 3.6), to: &plane, random: &random)
        }
        return plane
    }

    /// A field of one spacing both ways.
    static func field(
        width: Int, height: Int, cell: Double, octaves: Int, persistence: Double = 0.5, random: inout SeededGenerator
    ) -> Plane {
        field(width: width, height: height, cell: SIMD2(cell, cell), octaves: octaves, persistence: persistence, random: &random)
    }

    /// One octave. Values even over -1...1 leave the spline with a deviation of 0.277, hence the 3.6 above.
    private static func add(_ cell: SIMD2<Double>, strength: Float, to plane: inout Plane, random: inout SeededGenerator) {
        let across = Taps(count: plane.width, cell: cell.x), down = Taps(count: plane.height, cell: cell.y)
        let lattice = (0..<across.lattice * down.lattice).map { _ in Float(random.uniform(-1...1)) * strength }
        var row = [Float](repeating: 0, count: across.lattice)
        let width = plane.width
        plane.values.withUnsafeMutableBufferPointer { values in
            row.withUnsafeMutableBufferPointer { row in
                for y in 0..<down.first.count {
                    let (weights, top) = (down.weights[y], Int(down.first[y]) * across.lattice)
                    for x in 0..<across.lattice {
                        let low = weights.x * lattice[top + x] + weights.y * lattice[top + across.lattice + x]
                        row[x] =
                            low + weights.z * lattice[top + 2 * across.lattice + x] + weights.w
                            * lattice[top + 3 * across.lattice + x]
                    }
                    across.first.withUnsafeBufferPointer { first in
                        across.weights.withUnsafeBufferPointer { weights in
                            for x in 0..<width {
                                let start = Int(first[x])
                                let four = SIMD4(row[start], row[start + 1], row[start + 2], row[start + 3]) * weights[x]
                                values[y * width + x] += four.sum()
                            }
                        }
                    }
                }
            }
        }
    }

    /// For each pixel along an axis, the first of its four lattice points and their weights.
    private struct Taps {
        var first: [Int32] = []
        var weights: [SIMD4<Float>] = []
        let lattice: Int

        init(count: Int, cell: Double) {
            for index in 0..<count {
                let place = (Double(index) + 0.5) / cell
                let t = Float(place - place.rounded(.down)), u = 1 - t
                first.append(Int32(place))
                weights.append(SIMD4(u * u * u, 3 * t * t * t - 6 * t * t + 4, 3 * u * u * u - 6 * u * u + 4, t * t * t) / 6)
            }
            lattice = Int((Double(count) / cell).rounded(.up)) + 4
        }
    }
}
