internal import CKernels
internal import OneDNN
internal import Screening

/// A 3x3 convolution of bytes by Winograd's F(2x2, 3x3), 16 products for 2 x 2 outputs instead of 36: an int8 layer of many maps takes
/// about 0.6 of the time that it takes with oneDNN.
///
/// The points of a layer's input are rounded to bytes once more, each of the 16 in steps of its own, and so are the kernels' points, with a
/// scale for each map. Where maps are few the transforms cost what is saved; with AMX, oneDNN is faster.
struct WinogradBytes {
    /// As oneDNN would name it.
    static let implementation = "own_wino_2x2:avx512_core_vnni"
    /// Runs it.
    let call: Call

    /// Whether it is the faster code for a layer here.
    static func serves(maps: Int, out: Int, side: Int) -> Bool {
        Processor.block == 16 && !Processor.hasFastHalves && winograd_u8_serves() != 0 && maps % 32 == 0 && out % 16 == 0
            && out >= 64
            && side % 2 == 0 && side >= 16
    }

    /// What a point of the input is multiplied by, in 1024ths, so that 127 reaches as far as it does.
    /// - Parameters:
    ///   - reach: of each point, in the input's real values.
    ///   - unit: what one of the input's bytes is worth.
    static func ratios(reach: [Float], unit: Float) -> [Int16] {
        reach.map { Int16(min(32767, max(1, (1024 * 127 * unit / max($0, 1e-6)).rounded()))) }
    }

    /// A kernel (out, in, 3, 3) at the 16 points, rounded to −127...127.
    struct Kernels {
        /// (16, out, in)
        private(set) var values: [Int8] = []
        /// What one of a map's numbers is worth, (16, out).
        private(set) var units: [Float] = []

        init(_ weights: [Float], out: Int, maps: Int) {
            values.reserveCapacity(16 * out * maps)
            let rows: [[Double]] = [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]
            for point in 0..<16 {
                let factors = (0..<9).map { rows[point / 4][$0 / 3] * rows[point % 4][$0 % 3] }
                for o in 0..<out {
                    let points = (0..<maps).map { k in
                        (0..<9).reduce(0.0) { $0 + factors[$1] * Double(weights[(o * maps + k) * 9 + $1]) }
                    }
                    let largest = points.reduce(0) { max($0, abs($1)) }
                    let unit = largest > 0 ? largest / 127 : 1
                    units.append(Float(unit))
                    values += points.map { Int8(($0 / unit).rounded(.toNearestOrEven)) }
                }
            }
        }
    }

    /// From `source` to `target`, rectified.
    /// - Parameters:
    ///   - weights: (out, in, 3, 3), row-major.
    ///   - bias: in real values.
    ///   - reach: of the source's 16 points.
    ///   - old: what one of the signed bytes that stand in the target is worth; nil: they are overwritten.
    init(
        _ source: ReducedBuilder.Maps, to target: ReducedBuilder.Maps, weights: [Float], bias: [Float], reach: [Float],
        old: Float?, scratch: Scratch
    ) throws(PapillaError) {
        let images = source.numbers.dimensions[0]
        let maps = source.numbers.dimensions[1]
        let side = source.numbers.dimensions[2]
        let out = target.numbers.dimensions[1]
        let kernels = Kernels(weights, out: out, maps: maps)
        let ratios = Self.ratios(reach: reach, unit: source.unit)
        // Panels of 16 maps, four of the input's maps beside one another.
        let panels = try Tensor([4 * out * maps])
        let bytes = panels.raw.assumingMemoryBound(to: Int8.self)
        var offsets = [Int32](repeating: 0, count: 16 * out)
        var scales = [Float](repeating: 0, count: 16 * out)
        for row in 0..<16 * out {
            let (point, o) = (row / out, row % out)
            for k in 0..<maps {
                let value = kernels.values[row * maps + k]
                bytes[(point * out + o / 16 * 16) * maps + k / 4 * 64 + o % 16 * 4 + k % 4] = value
                offsets[row] -= 128 * Int32(value)
            }
            scales[row] = source.unit * 1024 / Float(ratios[point]) * kernels.units[row] / target.unit
        }
        let shifts = bias.map { $0 / target.unit }
        try scratch.reserve((winograd_u8_scratch(images, side, maps, out) + 3) / 4)
        call = { [offsets, scales] () throws(PapillaError) in
            winograd_u8(
                source.numbers.raw.assumingMemoryBound(to: UInt8.self), target.numbers.raw.assumingMemoryBound(to: UInt8.self),
                panels.raw.assumingMemoryBound(to: Int8.self), offsets, scales, shifts, ratios, old.map { $0 / target.unit } ?? 0,
                try scratch.memory(), images, side, maps, out)
        }
    }
}

extension Tensor {
    /// How far each of the 16 points of blocked maps (N, C, S, S) reaches.
    func reachOfPoints() -> [Float] {
        let planes = dimensions[0] * dimensions[1] / Processor.block
        let side = dimensions[2]
        let block = Processor.block
        var counts = [MagnitudeCounts](repeating: MagnitudeCounts(), count: 16)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 16) { d in
            /// Turns four values, `step` apart, into their points.
            func spread(_ first: Int, _ step: Int) {
                let d0 = d[first]
                let d1 = d[first + step]
                let d2 = d[first + 2 * step]
                let d3 = d[first + 3 * step]
                d[first] = d0 - d2
                d[first + step] = d1 + d2
                d[first + 2 * step] = d2 - d1
                d[first + 3 * step] = d1 - d3
            }
            for plane in 0..<planes {
                let start = pointer + plane * side * side * block
                for tile in 0..<side * side / 4 {
                    let (row, column) = (tile / (side / 2) * 2 - 1, tile % (side / 2) * 2 - 1)
                    for lane in 0..<block {
                        for i in 0..<16 {
                            let (r, c) = (row + i / 4, column + i % 4)
                            let isOutside = r < 0 || r >= side || c < 0 || c >= side
                            d[i] = isOutside ? 0 : start[(r * side + c) * block + lane]
                        }
                        for j in 0..<4 { spread(j, 4) }
                        for i in 0..<4 { spread(4 * i, 1) }
                        for point in 0..<16 { counts[point].add(d[point]) }
                    }
                }
            }
        }
        return counts.map(\.reach)
    }
}

/// Counts of values by magnitude, by the upper half of a number's bits, which are in the order of the magnitudes.
struct MagnitudeCounts {
    private var counts = [Int](repeating: 0, count: 1 << 15)
    private var count = 0

    mutating func add(_ value: Float) {
        counts[Int(value.magnitude.bitPattern >> 16)] += 1
        count += 1
    }

    /// The magnitude, rounded up by less than 1 %, that one value in 10,000 exceeds: where the few beyond it are clipped, bytes are so much
    /// finer for all others that a network's logits come out nearer to fp32's.
    var reach: Float {
        var (bin, beyond) = (counts.count - 1, 0)
        while bin > 0, beyond + counts[bin] <= count / 10_000 {
            beyond += counts[bin]
            bin -= 1
        }
        return bin == 0 ? 0 : Float(bitPattern: UInt32(bin + 1) << 16)
    }
}
