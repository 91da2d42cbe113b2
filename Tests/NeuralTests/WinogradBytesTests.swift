import Screening
import Testing

@testable import Neural
@testable import OneDNN

/// Winograd's convolution on bytes against whole-number arithmetic that is written out.
@Suite(.enabled(if: WinogradBytes.serves(maps: 128, out: 128, side: 16), "needs AVX-512 with VNNI, and no AMX")) @EngineActor
struct WinogradBytesTests {
    @Test(arguments: [(1, 16, 32, 64, false), (2, 18, 64, 144, true), (1, 30, 96, 128, true)])
    func numberByNumber(images: Int, side: Int, maps: Int, out: Int, adds: Bool) throws {
        var samples = Samples(seed: 50)
        let (input, bias) = (samples.values(images * side * side * maps), samples.values(out))
        let weights = samples.values(out * maps * 9, times: 0.1)
        let (source, target) = (try ByteTensor([images, maps, side, side]), try ByteTensor([images, out, side, side]))
        let x = input.map { UInt8(abs($0) * 255) }
        for (index, value) in x.enumerated() { source.raw.storeBytes(of: value, toByteOffset: index, as: UInt8.self) }
        let before = samples.values(images * side * side * out).map { Int8($0 * 127) }
        for (index, value) in before.enumerated() { target.raw.storeBytes(of: value, toByteOffset: index, as: Int8.self) }
        let (from, to) = (ReducedBuilder.Maps(numbers: source, unit: 0.01), ReducedBuilder.Maps(numbers: target, unit: 0.02))
        // Some points reach beyond it, and are clamped.
        let reach = (0..<16).map { 1.5 + 0.2 * Float($0) }
        let scratch = Scratch()
        let call = try WinogradBytes(
            from, to: to, weights: weights, bias: bias, reach: reach, old: adds ? 0.03 : nil, scratch: scratch
        ).call
        try call()

        let kernels = WinogradBytes.Kernels(weights, out: out, maps: maps)
        let ratios = WinogradBytes.ratios(reach: reach, unit: 0.01).map(Int.init)
        var (off, clamped) = (0, 0)
        for n in 0..<images {
            for (row, column) in [(0, 0), (0, side - 2), (side - 2, 4), (6, 8), (side / 4 * 2, side / 4 * 2)] {
                // The tile's 4 x 4 pixels of each map at the 16 points.
                let points = (0..<maps).map { k in
                    let d = (-1..<3).map { i in
                        (-1..<3).map { j -> Int in
                            let (r, c) = (row + i, column + j)
                            guard (0..<side).contains(r), (0..<side).contains(c) else { return 0 }
                            return Int(x[((n * side + r) * side + c) * maps + k])
                        }
                    }
                    func spread(_ d: [Int]) -> [Int] { [d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]] }
                    let columns = (0..<4).map { j in spread(d.map { $0[j] }) }
                    return (0..<4).flatMap { i in spread(columns.map { $0[i] }) }.enumerated().map { point, value -> Int in
                        let rounded = (value * 32 * ratios[point] + 1 << 14) >> 15
                        if !(-128...127).contains(rounded) { clamped += 1 }
                        return min(127, max(-128, rounded))
                    }
                }
                for o in stride(from: 0, to: out, by: 7) {
                    let m = (0..<16).map { point -> Double in
                        let sum = (0..<maps).reduce(0) {
                            $0 + points[$1][point] * Int(kernels.values[(point * out + o) * maps + $1])
                        }
                        return Double(sum) * 0.01 * 1024 / Double(ratios[point]) * Double(kernels.units[point * out + o])
                    }
                    func gather(_ m: [Double]) -> [Double] { [m[0] + m[1] + m[2], m[1] - m[2] - m[3]] }
                    let columns = (0..<4).map { j in gather((0..<4).map { m[4 * $0 + j] }) }
                    for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                        let at = ((n * side + row + i) * side + column + j) * out + o
                        let value =
                            gather(columns.map { $0[i] })[j] + Double(bias[o]) + (adds ? 0.03 * Double(before[at]) : 0)
                        let expected = min(255, max(0, Int((value / 0.02).rounded(.toNearestOrEven))))
                        let found = Int(target.raw.load(fromByteOffset: at, as: UInt8.self))
                        #expect(abs(found - expected) <= 1)
                        if found != expected { off += 1 }
                    }
                }
            }
        }
        // What fp32 rounds differently from float64 lies on the border between two bytes.
        #expect(off <= images * out / 70)
        #expect(clamped > 0)
    }

    @Test func aWholeNetwork() throws {
        let architecture = Architecture.all[4]
        let weights = Samples.weights(architecture, width: 32, seed: 51)
        let input = Samples.batch(images: 1, side: 64, seed: 52).input
        let plain = try Network(architecture, width: 32, side: 64, weights: weights)
        plain.observeRanges()
        let expected = try plain.run(input)
        let network = try Network(
            architecture, width: 32, side: 64, weights: weights, precision: .int8, ranges: plain.endObserving())
        #expect(network.layers.contains { $0.name.contains(WinogradBytes.implementation) })
        let found = try network.run(input)
        for (head, logits) in expected {
            #expect(relativeDistance(found[head] ?? [], from: logits.map(Double.init)) < 0.1, "\(head)")
        }
        #expect(try network.run(input) == found)
    }
}
