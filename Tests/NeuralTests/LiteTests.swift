import OneDNN
import Screening
import Testing

@testable import Neural

/// The networks on EfficientNet-Lite's encoders against PyTorch in float64: Fixtures/lite.py says how the numbers were made.
@Suite @EngineActor struct LiteTests {
    /// Hidden convolutions by name with their maps, in the order of the state dict.
    private func hidden(_ architecture: Architecture) -> [(name: String, maps: Int)] {
        architecture.layers(width: 32).filter { $0.kernel.count == 4 && Architecture.Head(rawValue: $0.name) == nil }.map {
            ($0.name, $0.kernel[0])
        }
    }

    private func learner(_ architecture: Architecture, side: Int, isApart: Bool) throws -> Learner {
        let options = Learner.Options(
            architecture: architecture.name, width: 32, side: side, batch: 2, normalisation: .batch, softDice: 0)
        let weights = Samples.weights(architecture, width: 32, seed: 20)
        let learner = try Learner(options, weights: weights, seed: 0, foreground: 0.5)
        // Scales, shifts and running statistics in place of what the first batch would decide.
        var (samples, state) = (Samples(seed: 21), try learner.state())
        state.tensors["time"]?.values = [1]
        for (name, maps) in hidden(architecture) {
            let key = name + ".normalisation"
            var scale = (0..<maps).map { _ in Float(1 + samples.uniform() * 0.5) }
            var shift = samples.values(maps, times: 0.5)
            if isApart {
                scale = scale.map { $0 * 0.25 }
                shift = shift.enumerated().map { $0.element + [3, -4, 3, 10][$0.offset % 4] }
            }
            let half = (state[key].count) / 2
            state.tensors[key]?.values.replaceSubrange(0..<maps, with: scale)
            state.tensors[key]?.values.replaceSubrange(half..<half + maps, with: shift)
            state.tensors[key + ".mean"]?.values.replaceSubrange(0..<maps, with: samples.values(maps, times: 0.5))
            state.tensors[key + ".variance"]?.values.replaceSubrange(
                0..<maps, with: (0..<maps).map { _ in Float(1 + samples.uniform() * 0.5) })
        }
        try learner.restore(state)
        return learner
    }

    private func batch(side: Int) -> TrainingBatch {
        var batch = Samples.batch(images: 2, side: side, seed: 22)
        for i in batch.mask.indices where i >= 40 + 35 * side || i % side >= 40 { batch.mask[i] = 0 }
        return batch
    }

    /// At most 24 values from all over a tensor, as lite.py keeps them.
    private func some(_ values: [Float]) -> [Float] {
        let count = min(24, values.count)
        return (0..<count).map { values[$0 * values.count / count] }
    }

    /// The gradients by the fixture's names.
    private func gradients(_ learner: Learner) throws -> [String: [Float]] {
        var result: [String: [Float]] = [:]
        for (name, tensor) in try learner.packedGradients() { result[name] = some(tensor) }
        return result
    }

    @Test(arguments: [("lite0", 96), ("lite0", 128), ("lite2", 128)]) func trainingStep(encoder: String, side: Int) throws {
        let architecture = try Architecture(named: "\(encoder)-1dec-conv-mdp")
        let fixture = try Fixtures.weights("\(encoder)-\(side)")
        let (learner, batch) = (try learner(architecture, side: side, isApart: side == 128), batch(side: side))
        let losses = try learner.step(batch, rate: 0)
        for head in architecture.heads {
            #expect(
                relativeDistance([Float(losses.heads[head] ?? 0)], from: try fixture.expected("loss.\(head.rawValue)")) < 3e-5,
                "\(head)")
        }
        let comparison = try GradientComparison(try gradients(learner), fixture.expectedGradients())
        // Where values lie at the rectifiers' corners, rounding decides about some of them.
        let (overall, worst) = side == 128 ? (3e-5, 3e-4) : (2e-2, 6e-2)
        #expect(comparison.overall < overall)
        #expect(comparison.worst.distance < worst, "\(comparison.worst.name)")
        let state = try learner.state()
        for (name, maps) in hidden(architecture) {
            for (kind, own) in [("mean", ".mean"), ("var", ".variance")] {
                let found = some(Array(state[name + ".normalisation" + own].prefix(maps)))
                #expect(
                    relativeDistance(found, from: try fixture.expected("statistics.\(name).\(kind)")) < 1e-5, "\(name) \(kind)")
            }
        }
        let logits = try Network(architecture, width: 32, side: side, batch: 2, weights: learner.weights()).run(batch.input)
        for head in architecture.heads {
            var found = logits[head] ?? []
            if head.endsDecoder {
                let plane = side * side
                found = found[..<(head.maps * plane)].enumerated().filter {
                    $0.offset % plane / side % 4 == 0 && $0.offset % 4 == 0
                }.map(\.element)
            }
            #expect(relativeDistance(found, from: try fixture.expected("folded.\(head.rawValue)")) < 1e-4, "\(head)")
        }
    }
}

/// Begun with an encoder that others have trained.
@Suite @EngineActor struct PretrainedTests {
    private let architecture = Architecture.pretrained[2]

    /// An encoder as it comes: normalisations beside the kernels.
    private func encoder() -> Weights {
        var (samples, weights) = (Samples(seed: 30), Weights(tensors: [:]))
        for layer in Lite.zero.layers {
            let (maps, fanIn) = (layer.kernel[0], layer.kernel.dropFirst().reduce(1, *))
            weights.tensors[layer.name + ".weight"] = .init(
                shape: layer.kernel, values: samples.values(maps * fanIn, times: (6 / Double(fanIn)).squareRoot()))
            for (part, middle, reach) in [
                ("weight", 1.0, 0.5), ("bias", 0.0, 0.5), ("running_mean", 0.0, 0.5), ("running_var", 1.0, 0.5),
            ] {
                weights.tensors["\(layer.name).normalisation.\(part)"] = .init(
                    shape: [maps], values: (0..<maps).map { _ in Float(middle + samples.uniform() * reach) })
            }
        }
        return weights
    }

    private func learner(
        rate: Float = 0.3, clip: Float = 0, normalisation: Learner.Normalisation = .batch, weights: Weights? = nil
    ) throws -> Learner {
        let options = Learner.Options(
            architecture: architecture.name, width: 32, side: 64, batch: 2, normalisation: normalisation, softDice: 0.5,
            averaging: 0.5, decay: 0.01, clip: clip, encoderRate: rate)
        return try Learner(options, weights: weights, pretrained: weights == nil ? encoder() : nil, seed: 5, foreground: 0.3)
    }

    private func train(_ learner: Learner, _ steps: Range<Int>) throws {
        for step in steps { _ = try learner.step(Samples.batch(images: 2, side: 64, seed: 50 + UInt64(step)), rate: 1e-3) }
    }

    @Test func anEncoderThatIsLeftAloneStays() throws {
        let learner = try learner(rate: 0)
        let before = try learner.weights()
        try train(learner, 0..<2)
        let after = try learner.weights()
        for (name, tensor) in before.tensors where name.hasPrefix("encoder.") {
            #expect(after.tensors[name] == tensor, "\(name)")
        }
        #expect(after["decoder.0.0.conv1.weight"] != before["decoder.0.0.conv1.weight"])
    }

    @Test(arguments: [0, 2]) func aResumedRunGivesTheSameWeights(after stop: Int) throws {
        let whole = try learner(clip: 0.1)
        try train(whole, 0..<4)
        let first = try learner(clip: 0.1)
        try train(first, 0..<stop)
        let state = try Weights(safetensors: try first.state().safetensors(.float32))
        let second = try learner(clip: 0.1)
        try second.restore(state)
        try train(second, stop..<4)
        #expect(try second.weights() == whole.weights())
    }

    // A site's retraining goes on with a folded network, without statistics of its few images.
    @Test func aFoldedNetworkIsTrainedOnWhereItWas() throws {
        let first = try learner()
        try train(first, 0..<3)
        let folded = try first.weights()
        let again = try learner(rate: 1, normalisation: .none, weights: folded)
        #expect(try again.weights() == folded)
        let batch = Samples.batch(images: 2, side: 64, seed: 90)
        let before = try again.step(batch, rate: 0).total
        let saved = try again.weights()
        for (name, tensor) in folded.tensors {
            #expect(relativeDistance(saved[name], from: tensor.values.map(Double.init)) < 1e-6, "\(name)")
        }
        for _ in 0..<5 { _ = try again.step(batch, rate: 1e-4) }
        #expect(try again.step(batch, rate: 0).total < before)
    }

    @Test func otherEncodersAreRefusedByName() throws {
        var weights = encoder()
        weights.tensors["encoder.3.depthwise.normalisation.running_var"]?.values[2] = -1
        let error = #expect(throws: PapillaError.self) { try weights.check(pretrained: architecture) }
        #expect(error?.message.contains("encoder.3.depthwise.normalisation.running_var") == true)
        #expect(throws: PapillaError.self) { try encoder().check(pretrained: Architecture.all[0]) }
    }

    @Test func halvesAreRefused() throws {
        let weights = Samples.weights(architecture, width: 32, seed: 20)
        let error = #expect(throws: PapillaError.self) {
            try Network(architecture, width: 32, side: 64, weights: weights, precision: .bf16)
        }
        #expect(error?.message.contains("int8") == true)
    }
}

extension Learner {
    /// Every gradient by the name and in the shape of PyTorch's state dict: Adam's first moment after the first step is a tenth of it.
    func packedGradients() throws -> [String: [Float]] {
        let architecture = try Architecture(named: options.architecture)
        let state = try state()
        func first(_ name: String) -> Weights.Tensor? { state.tensors[name + ".first"] }
        var result: [String: [Float]] = [:]
        for layer in architecture.layers(width: options.width) {
            let (shape, name) = (layer.kernel, layer.name)
            if let both = first(name + ".normalisation")?.values {
                result[name + ".normalisation.weight"] = Array(both.prefix(shape[0]))
                result[name + ".normalisation.bias"] = Array(both[(both.count / 2)...].prefix(shape[0]))
            }
            if let bias = first(name + ".bias")?.values { result[name + ".bias"] = Array(bias.prefix(shape[0])) }
            guard let weight = first(name + ".weight") else { continue }
            var kernel = [Float](repeating: 0, count: shape.reduce(1, *))
            if shape.count == 2 {
                kernel = Array(weight.values.prefix(kernel.count))
            } else if shape[1] == 1, shape[0] > 1 {
                let taps = shape[2] * shape[3]
                for i in kernel.indices { kernel[i] = weight.values[i % taps * shape[0] + i / taps] }
            } else {
                let (out, taps) = (weight.shape[0], shape[2] * shape[3])
                var inputs = [(file: shape[1], memory: weight.shape[1])]
                let (up, nine) = (first(name + ".upsampled.weight"), first(name + ".products.weight"))
                if let lower = (up ?? nine)?.shape[1] {
                    let skip = weight.shape[1]
                    let file = Levels(architecture.encoder, width: options.width).skips.first { Plan.blocked($0) == skip } ?? skip
                    inputs = [(shape[1] - file, lower), (file, skip)]
                }
                let layout = KernelLayout(out: (shape[0], out), inputs: inputs, taps: taps)
                layout.store(weight.values, as: inputs.count - 1, in: &kernel)
                if let up { layout.store(up.values, as: 0, in: &kernel) }
                if let nine { layout.store(nine: nine.values, as: 0, in: &kernel) }
            }
            result[name + ".weight"] = kernel
        }
        if let heads = first("heads.0.weight"), let bias = first("heads.0.bias") {
            var at = 0
            for head in architecture.heads where head.endsDecoder {
                let size = heads.shape[1] * 9
                result[head.rawValue + ".bias"] = Array(bias.values[at..<at + head.maps])
                result[head.rawValue + ".weight"] = (at..<at + head.maps).flatMap {
                    heads.values[$0 * size..<$0 * size + options.width * 9]
                }
                at += head.maps
            }
        }
        return result.mapValues { $0.map { $0 * 10 } }
    }
}
