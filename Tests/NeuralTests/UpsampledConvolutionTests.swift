import OneDNN
import Testing

@testable import Neural

/// The convolution of upsampled maps, at their low resolution, against its definition in float64.
@Suite @EngineActor struct UpsampledConvolutionTests {
    // Tiles on every edge and in the middle, fewer and more of them than a thread takes at once.
    @Test(arguments: [(1, 2, 16, 16), (2, 6, 32, 48), (1, 24, 16, 32), (3, 16, 48, 16)])
    func sumsAndDifferences(images: Int, low: Int, maps: Int, out: Int) throws {
        let big = 2 * low
        var samples = Samples(seed: 40)
        let (x, weights) = (samples.values(images * maps * low * low), samples.values(out * maps * 9))
        let before = samples.values(images * out * big * big)
        let (source, target) = (try Tensor([images, maps, low, low], .blocked), try Tensor([images, out, big, big], .blocked))
        try source.load(x)
        try target.load(before)
        try UpsampledConvolution(source, to: target, weights: weights, scratch: Scratch()).call()
        let found = try target.values()
        var expected = before.map(Double.init)
        for (n, o) in (0..<images).flatMap({ n in (0..<out).map { (n, $0) } }) {
            for (row, column) in (0..<big).flatMap({ row in (0..<big).map { (row, $0) } }) {
                var sum = 0.0
                for tap in 0..<9 {
                    let (r, c) = (row + tap / 3 - 1, column + tap % 3 - 1)
                    guard (0..<big).contains(r), (0..<big).contains(c) else { continue }
                    for k in 0..<maps {
                        sum += Double(x[((n * maps + k) * low + r / 2) * low + c / 2]) * Double(weights[(o * maps + k) * 9 + tap])
                    }
                }
                let index = ((n * out + o) * big + row) * big + column
                expected[index] = max(0, expected[index] + sum)
            }
        }
        #expect(relativeDistance(found, from: expected) < 1e-6)
    }
}
