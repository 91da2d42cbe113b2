import CKernels
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
        let kernel = try Tensor([out, maps, 3, 3])
        try kernel.load(weights)
        let convolution = UpsampledConvolution(source, to: target, scratch: Scratch())
        try convolution.forward(weights: kernel, rectified: true, constant: false)()
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

    // Against oneDNN on maps that were upsampled. With seven threads: bands that end inside an image, fewer pairs of rows than threads;
    // one row of tiles at a time and several.
    @Test(arguments: [(1, 2, 16, 16), (2, 6, 32, 48), (1, 24, 16, 32), (3, 16, 48, 16), (1, 72, 16, 16)], [1, 7])
    func wayBack(_ shape: (images: Int, low: Int, maps: Int, out: Int), threads: Int) throws {
        let (images, low, maps, out) = shape
        let big = 2 * low
        let usual = kernels_threads()
        kernels_set_threads(Int32(threads))
        defer { kernels_set_threads(usual) }
        var samples = Samples(seed: 41)
        let (x, weights) = (samples.values(images * maps * low * low), samples.values(out * maps * 9))
        let before = samples.values(x.count)
        let source = try Tensor([images, maps, low, low], .blocked)
        let upsampled = try Tensor([images, maps, big, big], .blocked)
        let (target, kernel) = (try Tensor([images, out, big, big], .blocked), try Tensor([out, maps, 3, 3]))
        try source.load(x)
        try upsampled.load(
            (0..<images * maps * big * big).map { x[($0 / (big * big) * low + $0 / big % big / 2) * low + $0 % big / 2] })
        try kernel.load(weights)
        try target.load(samples.values(images * out * big * big))

        let direct = Convolution(upsampled, to: target, kernel: 3, rectified: false, training: true)
        let upsampledGradient = try Tensor(like: upsampled)
        let (call, expectedWeights) = try direct.backwardWeights(targetGradient: target, biasGradient: nil)
        try call.run()
        for call in try direct.backwardData(weights: kernel, targetGradient: target, sourceGradient: upsampledGradient) {
            try call.run()
        }
        let large = try upsampledGradient.values().map(Double.init)
        let expected = x.indices.map { index in
            let corner = (index / low * 2) * big + index % low * 2
            return large[corner] + large[corner + 1] + large[corner + big] + large[corner + big + 1]
        }

        let convolution = UpsampledConvolution(source, to: target, scratch: Scratch())
        let (sourceGradient, weightsGradient) = (try Tensor(like: source), try Tensor(like: kernel))
        for accumulates in [false, true] {
            try sourceGradient.load(before)
            try convolution.backward(
                weights: kernel, targetGradient: target, weightsGradient: weightsGradient, sourceGradient: sourceGradient,
                accumulates: accumulates)()
            let sum = zip(expected, before).map { accumulates ? $0 + Double($1) : $0 }
            #expect(relativeDistance(try sourceGradient.values(), from: sum) < 2e-6)
            // Without AVX-512, oneDNN's own sums over 144 x 144 pixels lose more.
            #expect(relativeDistance(try weightsGradient.values(), from: try expectedWeights.values().map(Double.init)) < 1e-5)
        }
    }
}
