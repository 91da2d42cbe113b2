import CKernels
import OneDNN
import Testing

@testable import Neural

/// Every backward of the engine against central differences of its own forward, on small shapes.
///
/// Each operation's output is weighed by random numbers and summed; the gradient of that sum must be its slope in any direction.
@Suite @EngineActor struct BackwardTests {
    /// The slope of `value` along `direction` at `x`, against the gradient's, relative to the lengths of both.
    private func error(
        of gradient: [Float], at x: Tensor, step: Float, _ samples: inout Samples, _ value: () throws -> Double
    ) throws -> Double {
        let start = try x.values()
        var worst = 0.0
        for _ in 0..<4 {
            let direction = samples.values(start.count)
            try x.load(zip(start, direction).map { $0 + step * $1 })
            let after = try value()
            try x.load(zip(start, direction).map { $0 - step * $1 })
            let before = try value()
            var expected = 0.0, length = (0.0, 0.0)
            for (slope, part) in zip(gradient, direction) {
                expected += Double(slope) * Double(part)
                length = (length.0 + Double(slope * slope), length.1 + Double(part * part))
            }
            worst = max(worst, abs((after - before) / (2 * Double(step)) - expected) / (length.0 * length.1).squareRoot())
        }
        try x.load(start)
        return worst
    }

    private func weighed(_ y: Tensor, by weights: [Float]) throws -> Double {
        zip(try y.values(), weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    private func tensor(_ dimensions: [Int], _ layout: Layout, _ samples: inout Samples) throws -> Tensor {
        let tensor = try Tensor(dimensions, layout)
        try tensor.load(samples.values(dimensions.reduce(1, *)))
        return tensor
    }

    // 3 maps: the first layer. 2 x 2: the deepest. 1 x 1: the nine products. 16 and 48 maps: oneDNN's Winograd, where it exists.
    @Test(arguments: [(3, 16, 8, 3), (16, 16, 8, 3), (48, 32, 16, 3), (32, 16, 2, 3), (32, 144, 4, 1)])
    func convolution(input: Int, output: Int, side: Int, kernel: Int) throws {
        var samples = Samples(seed: 21)
        let x = try tensor([2, input, side, side], input == 3 ? .plain : .blocked, &samples)
        let weights = try tensor([output, input, kernel, kernel], .plain, &samples)
        let bias = try tensor([output], .plain, &samples)
        let y = try Tensor([2, output, side, side], .blocked)
        let weighing = samples.values(2 * output * side * side)
        let gradient = try Tensor(like: y)
        try gradient.load(weighing)
        let convolution = Convolution(x, to: y, kernel: kernel, training: true)
        let forward = try convolution.forward(weights: weights, bias: bias, constant: false)
        func value() throws -> Double {
            for call in forward { try call.run() }
            return try weighed(y, by: weighing)
        }
        let biasGradient = try Tensor([output])
        let (call, weightsGradient) = try convolution.backwardWeights(targetGradient: gradient, biasGradient: biasGradient)
        try call.run()
        // Linear in each: a large step costs nothing and drowns the rounding.
        #expect(try error(of: weightsGradient.values(), at: weights, step: 0.5, &samples, value) < 2e-5)
        #expect(try error(of: biasGradient.values(), at: bias, step: 0.5, &samples, value) < 2e-5)
        guard input > 3 else { return }
        let sourceGradient = try Tensor(like: x)
        for call in try convolution.backwardData(weights: weights, targetGradient: gradient, sourceGradient: sourceGradient) {
            try call.run()
        }
        #expect(try error(of: sourceGradient.values(), at: x, step: 0.5, &samples, value) < 2e-5)
    }

    // Against oneDNN: without AVX-512 its direct code, which sums the nine taps as they are, with it its own Winograd.
    // With seven threads there are fewer blocks of maps than threads. In the last two shapes each of them takes tiles of its own for the
    // weights' gradient, in one turn and in several.
    @Test(arguments: [(2, 16, 32, 8), (1, 48, 16, 20), (3, 32, 144, 8), (1, 48, 32, 44), (1, 64, 64, 52)], [1, 7])
    func winograd(_ shape: (images: Int, input: Int, output: Int, side: Int), threads: Int) throws {
        let (images, input, output, side) = shape
        let usual = kernels_threads()
        kernels_set_threads(Int32(threads))
        defer { kernels_set_threads(usual) }
        var samples = Samples(seed: 27)
        let x = try tensor([images, input, side, side], .blocked, &samples)
        let weights = try tensor([output, input, 3, 3], .plain, &samples)
        let bias = try tensor([output], .plain, &samples)
        let (y, expected) = (
            try Tensor([images, output, side, side], .blocked), try Tensor([images, output, side, side], .blocked)
        )
        let scratch = Scratch()
        let own = try #require(WinogradConvolution(x, to: y, scratch: scratch))
        let direct = Convolution(x, to: expected, kernel: 3, rectified: true, training: true)
        let pooled = try Tensor([images, output, side / 4, side / 4], .blocked)
        try own.forward(weights: weights, bias: bias, rectified: true, constant: true, pooled: (pooled, 4))()
        for call in try direct.forward(weights: weights, bias: bias, constant: true) { try call.run() }
        #expect(relativeDistance(try y.values(), from: try expected.values().map(Double.init)) < 2e-6)
        let expectedPooled = try Tensor(like: pooled)
        try Primitive.maximumPooling(y, to: expectedPooled, by: 4).run()
        #expect(try pooled.values() == expectedPooled.values())

        let gradient = try tensor([images, output, side, side], .blocked, &samples)
        let (biasGradient, expectedBias) = (try Tensor([output]), try Tensor([output]))
        let weightsGradient = try Tensor(like: weights)
        try own.backwardWeights(targetGradient: gradient, weightsGradient: weightsGradient, biasGradient: biasGradient)()
        let (call, expectedWeights) = try direct.backwardWeights(targetGradient: gradient, biasGradient: expectedBias)
        try call.run()
        #expect(relativeDistance(try weightsGradient.values(), from: try expectedWeights.values().map(Double.init)) < 2e-6)
        #expect(relativeDistance(try biasGradient.values(), from: try expectedBias.values().map(Double.init)) < 2e-6)

        let (sourceGradient, expectedSource) = (try tensor([images, input, side, side], .blocked, &samples), try Tensor(like: x))
        let before = try sourceGradient.values()
        try own.backwardData(
            weights: weights, targetGradient: gradient, sourceGradient: sourceGradient, accumulates: true)()
        for call in try direct.backwardData(weights: weights, targetGradient: gradient, sourceGradient: expectedSource) {
            try call.run()
        }
        let sum = zip(before, try expectedSource.values()).map { Double($0) + Double($1) }
        #expect(relativeDistance(try sourceGradient.values(), from: sum) < 3e-6)
    }

    @Test(arguments: [(8, 2), (16, 2), (8, 4), (16, 4)]) func combining(side: Int, factor: Int) throws {
        var samples = Samples(seed: 22)
        let products = try tensor([1, 9 * 16, side / factor, side / factor], .blocked, &samples)
        let y = try Tensor([1, 16, side, side], .blocked)
        let weighing = samples.values(16 * side * side)
        func value() throws -> Double {
            try y.load([Float](repeating: 0, count: weighing.count))
            combine_f32(products.pointer, y.pointer, 16, side, factor, Processor.block, 0)
            return try weighed(y, by: weighing)
        }
        let gradient = try Tensor(like: y)
        try gradient.load(weighing)
        let productsGradient = try Tensor(like: products)
        uncombine_f32(gradient.pointer, productsGradient.pointer, 16, side, factor, Processor.block)
        #expect(try error(of: productsGradient.values(), at: products, step: 0.5, &samples, value) < 2e-5)
    }

    @Test(arguments: [2, 4], [false, true]) func pooling(factor: Int, accumulates: Bool) throws {
        var samples = Samples(seed: 23)
        let x = try Tensor([2, 16, 8, 8], .blocked)
        // Values at least 0.05 apart, so that a step of 0.01 never changes which is the largest.
        let order = (0..<2 * 16 * 64).map { (samples.uniform(), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
        try x.load(order.map { Float($0) * 0.05 })
        let y = try Tensor([2, 16, 8 / factor, 8 / factor], .blocked)
        let call = try Primitive.maximumPooling(x, to: y, by: factor)
        let weighing = samples.values(2 * 16 * 64 / factor / factor)
        let gradient = try Tensor(like: y)
        try gradient.load(weighing)
        let before = samples.values(2 * 16 * 64)
        let sourceGradient = try Tensor(like: x)
        try sourceGradient.load(before)
        pool_backward_f32(
            x.pointer, gradient.pointer, sourceGradient.pointer, 2 * 16 / Processor.block, 8, factor, Processor.block,
            accumulates ? 1 : 0)
        let own = zip(try sourceGradient.values(), before).map { accumulates ? $0 - $1 : $0 }
        let found = try error(of: own, at: x, step: 0.01, &samples) {
            try call.run()
            return try weighed(y, by: weighing)
        }
        #expect(found < 1e-4)
    }

    @Test func poolingGivesEqualMaximaOneGradient() throws {
        let x = try Tensor([1, 16, 4, 4], .blocked)
        try x.load([Float](repeating: 1, count: 256))
        let gradient = try Tensor([1, 16, 2, 2], .blocked)
        try gradient.load([Float](repeating: 1, count: 64))
        let sourceGradient = try Tensor(like: x)
        pool_backward_f32(x.pointer, gradient.pointer, sourceGradient.pointer, 16 / Processor.block, 4, 2, Processor.block, 0)
        let first: [Float] = [1, 0, 1, 0, 0, 0, 0, 0]
        #expect(try sourceGradient.values() == (0..<32).flatMap { _ in first })
    }

    @Test func rectifier() throws {
        var samples = Samples(seed: 24)
        let y = try tensor([1, 16, 4, 4], .blocked, &samples)
        try y.load(try y.values().map { max(0, $0) })
        let gradient = try tensor([1, 16, 4, 4], .blocked, &samples)
        let expected = zip(try gradient.values(), try y.values()).map { $1 > 0 ? $0 : 0 }
        rectify_backward_f32(gradient.pointer, y.pointer, y.count)
        #expect(try gradient.values() == expected)
    }

    @Test func batchNormalisation() throws {
        var samples = Samples(seed: 25)
        let x = try tensor([2, 32, 8, 8], .blocked, &samples)
        let y = try Tensor(like: x)
        let gradient = try Tensor(like: x)
        let weighing = samples.values(2 * 32 * 64)
        let layer = try BatchNormalization(x, to: y, gradient: gradient)
        // Far from the rectifier's corner, half of the maps on either side of it.
        try layer.scaleAndShift.load(
            (0..<64).map { $0 < 32 ? Float(1 + 0.5 * samples.uniform()) : ($0 % 2 == 0 ? 4 : -4) + Float(samples.uniform()) })
        func value() throws -> Double {
            layer.forward()
            return try weighed(y, by: weighing)
        }
        _ = try value()
        let reference = try normalisedByReference(x, layer.scaleAndShift, weighing)
        #expect(relativeDistance(try y.values(), from: reference.y) < 1e-6)
        try gradient.load(weighing)
        layer.backward()
        let (ofSource, ofScales) = (try gradient.values(), try layer.scaleAndShiftGradient.values())
        #expect(relativeDistance(ofSource, from: reference.x) < 2e-6)
        #expect(relativeDistance(ofScales, from: reference.scaleAndShift) < 2e-6)
        #expect(try error(of: ofScales, at: layer.scaleAndShift, step: 0.1, &samples, value) < 1e-4)
        #expect(try error(of: ofSource, at: x, step: 0.01, &samples, value) < 1e-3)
    }

    private func normalisedByReference(
        _ x: Tensor, _ scaleAndShift: Tensor, _ weighing: [Float]
    ) throws -> (y: [Double], x: [Double], scaleAndShift: [Double]) {
        let source = Variable(x.dimensions, try x.values().map(Double.init))
        let both = try scaleAndShift.values().map(Double.init)
        let (scale, shift) = (Variable([32], Array(both[..<32])), Variable([32], Array(both[32...])))
        var tape = ReferenceTape()
        let y = tape.rectified(tape.normalised(source, scale: scale, shift: shift))
        y.gradient = weighing.map(Double.init)
        tape.backward()
        return (y.values, source.gradient, scale.gradient + shift.gradient)
    }

    @Test(arguments: [0, 2]) func losses(at map: Int) throws {
        var samples = Samples(seed: 26)
        let (pixels, stride) = (256, 16)
        let logits = try tensor([pixels, stride], .plain, &samples)
        try logits.load(try logits.values().map { 4 * $0 })
        let mask = (0..<pixels).map { UInt8($0 % 3 == 0 ? 1 : 0) }
        let distance = samples.values(pixels).map { ($0 + 1) / 2 }
        let gradient = try Tensor(like: logits)
        let other = try Tensor(like: logits)

        nll_f32(logits.pointer, gradient.pointer, pixels, stride, map, mask, 1, nil)
        var found = try error(of: gradient.values(), at: logits, step: 0.01, &samples) {
            nll_f32(logits.pointer, other.pointer, pixels, stride, map, mask, 1, nil)
        }
        #expect(found < 1e-4)

        try gradient.load([Float](repeating: 0, count: gradient.count))
        mse_f32(logits.pointer, gradient.pointer, pixels, stride, map, distance, 1)
        found = try error(of: gradient.values(), at: logits, step: 0.01, &samples) {
            mse_f32(logits.pointer, other.pointer, pixels, stride, map, distance, 1)
        }
        #expect(found < 1e-4)

        // Soft Dice adds to what the cross-entropy left: with a scale of 0 that is nothing.
        var sums = [0.0, 0.0, 0.0]
        nll_f32(logits.pointer, gradient.pointer, pixels, stride, map, mask, 0, &sums)
        let (both, union) = (2 * sums[0] + 1, sums[1] + sums[2] + 1)
        dice_backward_f32(
            logits.pointer, gradient.pointer, pixels, stride, map, mask, Float(both / (union * union)), Float(2 / union))
        found = try error(of: gradient.values(), at: logits, step: 0.01, &samples) {
            nll_f32(logits.pointer, other.pointer, pixels, stride, map, mask, 0, &sums)
            return 1 - (2 * sums[0] + 1) / (sums[1] + sums[2] + 1)
        }
        #expect(found < 1e-3)
    }

    // Far from 0 the exponentials overflow if they are taken plainly.
    @Test func lossesOfExtremeLogits() throws {
        let logits = try Tensor([2, 16])
        try logits.load([-200, 200] + [Float](repeating: 0, count: 14) + [200, -200] + [Float](repeating: 0, count: 14))
        let gradient = try Tensor(like: logits)
        #expect(nll_f32(logits.pointer, gradient.pointer, 2, 16, 0, [1, 1], 1, nil) == 400)
        #expect(try gradient.values().allSatisfy(\.isFinite))
        #expect(mse_f32(logits.pointer, gradient.pointer, 2, 16, 0, [1, 1], 1) == 1)
        #expect(try gradient.values().allSatisfy(\.isFinite))
    }
}
