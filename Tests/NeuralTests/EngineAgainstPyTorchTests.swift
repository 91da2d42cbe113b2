import OneDNN
import Testing

@testable import Neural

/// The engine against PyTorch in float64, which knows nothing of our reference: Fixtures/make.py says how the numbers were made.
@Suite @EngineActor struct EngineAgainstPyTorchTests {
    let architecture = Architecture.all[6]

    private func learner(width: Int, side: Int, _ normalisation: Learner.Normalisation, _ weights: Weights) throws -> Learner {
        let options = Learner.Options(
            architecture: architecture.name, width: width, side: side, batch: 2, normalisation: normalisation, softDice: 0)
        return try Learner(options, weights: weights, seed: 0, foreground: 0.5)
    }

    @Test func network() throws {
        let fixture = try Fixtures.weights("network")
        let weights = Samples.weights(architecture, width: 2, seed: 11)
        let batch = Samples.batch(images: 2, side: 32, seed: 12)
        let logits = try Network(architecture, width: 2, side: 32, batch: 2, weights: weights).run(batch.input)
        let (losses, gradients) = try learner(width: 2, side: 32, .none, weights).observedGradients(batch)
        for head in architecture.heads {
            #expect(relativeDistance(logits[head] ?? [], from: try fixture.expected("logits.\(head.rawValue)")) < 3e-6)
            #expect(
                relativeDistance([Float(losses.heads[head] ?? 0)], from: try fixture.expected("loss.\(head.rawValue)")) < 1e-6)
        }
        let comparison = try GradientComparison(gradients, fixture.expectedGradients())
        #expect(comparison.overall < 3e-6)
        #expect(comparison.worst.distance < 1e-5, "\(comparison.worst.name)")
    }

    @Test func normalisedNetwork() throws {
        let fixture = try Fixtures.weights("normalised")
        let weights = Samples.weights(architecture, width: 1, seed: 18)
        let batch = Samples.batch(images: 2, side: 64, seed: 15)
        let learner = try learner(width: 1, side: 64, .batch, weights)
        try learner.set(Samples.normalisation(architecture, width: 1, seed: 19))
        let (losses, gradients) = try learner.observedGradients(batch)
        for head in architecture.heads {
            #expect(
                relativeDistance([Float(losses.heads[head] ?? 0)], from: try fixture.expected("loss.\(head.rawValue)")) < 3e-6)
        }
        let expected = fixture.expectedGradients()
        #expect(expected.count == 3 * 18 + 6)
        let comparison = try GradientComparison(gradients, expected)
        #expect(comparison.overall < 3e-5)
        #expect(comparison.worst.distance < 1e-4, "\(comparison.worst.name)")
        // A second pass moves the running statistics once more; then they are folded into kernels and biases.
        _ = try learner.step(Samples.batch(images: 2, side: 64, seed: 16), rate: 0)
        let logits = try Network(architecture, width: 1, side: 64, weights: learner.weights()).run(
            Array(batch.input[..<(3 * 64 * 64)]))
        for head in architecture.heads {
            let whole = logits[head] ?? []
            let everyOther = whole.indices.filter { $0 / 64 % 2 == 0 && $0 % 2 == 0 }.map { whole[$0] }
            #expect(relativeDistance(everyOther, from: try fixture.expected("folded.\(head.rawValue)")) < 3e-6)
        }
    }

    @Test func adam() throws {
        let fixture = try Fixtures.weights("adam")
        let (gradients, values) = (fixture["gradients"], try fixture.expected("values"))
        let parameter = try Parameter("value", gradient: try Tensor([48]))
        try parameter.value.load(values[..<48].map { Float($0) })
        for step in 0..<20 {
            try parameter.gradient.load(Array(gradients[step * 48..<(step + 1) * 48]))
            parameter.step(step + 1, rate: 1e-3)
            let expected = values[(step + 1) * 48..<(step + 2) * 48]
            for (found, value) in zip(try parameter.value.values(), expected) { #expect(abs(Double(found) - value) < 1e-6) }
        }
    }

    /// The recorded gradients do not depend on the weights, so Adam's own moves are the fixture's: kernels shrink before each, biases do not.
    @Test func decayIsApartFromTheGradient() throws {
        let fixture = try Fixtures.weights("adam")
        let (gradients, values) = (fixture["gradients"], try fixture.expected("values"))
        let (kernel, bias) = (
            try Parameter("kernel", gradient: try Tensor([48, 1, 1, 1])), try Parameter("bias", gradient: try Tensor([48]))
        )
        var expected = Array(values[..<48])
        for parameter in [kernel, bias] { try parameter.value.load(expected.map { Float($0) }) }
        for step in 0..<20 {
            for parameter in [kernel, bias] {
                try parameter.gradient.load(Array(gradients[step * 48..<(step + 1) * 48]))
                parameter.step(step + 1, rate: 1e-3, decay: 0.5)
            }
            for i in 0..<48 { expected[i] = expected[i] * (1 - 1e-3 * 0.5) + values[(step + 1) * 48 + i] - values[step * 48 + i] }
            let plain = values[(step + 1) * 48..<(step + 2) * 48]
            for (found, value) in zip(try kernel.value.values(), expected) { #expect(abs(Double(found) - value) < 1e-6) }
            for (found, value) in zip(try bias.value.values(), plain) { #expect(abs(Double(found) - value) < 1e-6) }
        }
        #expect(try kernel.value.values() != bias.value.values())
    }
}
