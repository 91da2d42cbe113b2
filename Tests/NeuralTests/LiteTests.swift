import OneDNN
import Testing

@testable import Neural

/// The networks on EfficientNet-Lite0's encoder against PyTorch in float64: Fixtures/lite.py says how the numbers were made.
@Suite @EngineActor struct LiteTests {
    private let architecture = Architecture.pretrained[3]

    /// Hidden convolutions by name with their maps, in the order of the state dict.
    private var hidden: [(name: String, maps: Int)] {
        architecture.layers(width: 32).filter { $0.kernel.count == 4 && Architecture.Head(rawValue: $0.name) == nil }.map {
            ($0.name, $0.kernel[0])
        }
    }

    private func learner(side: Int, isApart: Bool) throws -> Learner {
        let options = Learner.Options(
            architecture: architecture.name, width: 32, side: side, batch: 2, normalisation: .batch, softDice: 0)
        let weights = Samples.weights(architecture, width: 32, seed: 20)
        let learner = try Learner(options, weights: weights, seed: 0, foreground: 0.5)
        // Scales, shifts and running statistics in place of what the first batch would decide.
        var (samples, state) = (Samples(seed: 21), try learner.state())
        state.tensors["time"]?.values = [1]
        for (name, maps) in hidden {
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

    @Test(arguments: [96, 128]) func trainingStep(side: Int) throws {
        let fixture = try Fixtures.weights("lite-\(side)")
        let (learner, batch) = (try learner(side: side, isApart: side == 128), batch(side: side))
        let losses = try learner.step(batch, rate: 0)
        for head in architecture.heads {
            #expect(
                relativeDistance([Float(losses.heads[head] ?? 0)], from: try fixture.expected("loss.\(head.rawValue)")) < 3e-5,
                "\(head)")
        }
        let comparison = try GradientComparison(try gradients(learner), fixture.expectedGradients())
        // Where values lie at the rectifiers' corners, rounding decides about some of them.
        let (overall, worst) = side == 128 ? (3e-5, 3e-4) : (1e-2, 3e-2)
        #expect(comparison.overall < overall)
        #expect(comparison.worst.distance < worst, "\(comparison.worst.name)")
        let state = try learner.state()
        for (name, maps) in hidden {
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
