import Imaging
import Screening
import Testing

@testable import Phantoms

@Suite("Noise and random numbers")
struct NoiseTests {
    @Test("noise fields have mean 0 and variance 1, and are smooth")
    func field() {
        var random = SeededGenerator(seed: 1, index: 0)
        for (octaves, persistence) in [(1, 0.5), (3, 0.5), (4, 0.7)] {
            let field = Noise.field(width: 600, height: 400, cell: 9, octaves: octaves, persistence: persistence, random: &random)
            let mean = field.values.reduce(0, +) / Float(field.values.count)
            let variance = field.values.reduce(0) { $0 + $1 * $1 } / Float(field.values.count)
            #expect(abs(mean) < 0.08 && (0.8...1.2).contains(variance))
            if octaves == 1 {
                let steps = (0..<599).map { abs(field[$0 + 1, 200] - field[$0, 200]) }
                #expect((steps.max() ?? 1) < 0.5)
            }
        }
    }

    @Test("numbers are SplitMix64's, even and normal ones as they should be")
    func numbers() {
        var random = SeededGenerator(seed: 1, index: 0)
        let even = (0..<20_000).map { _ in random.uniform(2...4) }
        #expect(even.allSatisfy { (2...4).contains($0) } && abs(even.reduce(0, +) / 20_000 - 3) < 0.02)
        let normal = (0..<20_000).map { _ in random.normal() }
        #expect(abs(normal.reduce(0, +) / 20_000) < 0.03 && abs(normal.reduce(0) { $0 + $1 * $1 } / 20_000 - 1) < 0.04)
        #expect(normal.allSatisfy { $0.isFinite })
    }

    @Test("seeds and indices are independent of each other")
    func independence() {
        var firsts: Set<UInt64> = []
        for seed in 0..<20 as Range<UInt64> {
            for index in 0..<20 {
                var random = SeededGenerator(seed: seed, index: index)
                firsts.insert(random.next())
            }
        }
        #expect(firsts.count == 400)
    }
}
