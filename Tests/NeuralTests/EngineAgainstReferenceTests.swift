import Testing

@testable import Neural

/// The engine in fp32 against the float64 reference: logits, losses and gradients of every network.
@Suite struct EngineAgainstReferenceTests {
    static let all = Architecture.all + [.router]
    /// Several times what fp32's rounding amounts to at a network's end.
    private static let margin = 1e-5

    @Test(arguments: all) @EngineActor func logits(of architecture: Architecture) throws {
        let weights = Samples.weights(architecture, width: 8, seed: 1)
        let batch = Samples.batch(images: 2, side: 32, seed: 2)
        let network = try Network(architecture, width: 8, side: 32, batch: 2, weights: weights)
        let expected = ReferenceNetwork(architecture, weights).forward(batch.input.map(Double.init), batch: 2, side: 32).logits
        let found = try network.run(batch.input)
        #expect(Set(found.keys) == Set(architecture.heads))
        for (head, logits) in expected { #expect(relativeDistance(found[head] ?? [], from: logits.values) < 3e-6, "\(head)") }
    }

    @Test(arguments: all) @EngineActor func gradients(of architecture: Architecture) throws {
        try compare(architecture, width: 4, side: 32, normalised: false)
    }

    // The deepest maps must be more than a pixel, or there is next to nothing to normalise over.
    @Test(arguments: all) @EngineActor func gradientsWithNormalisation(of architecture: Architecture) throws {
        try compare(architecture, width: 2, side: 64, normalised: true)
    }

    @Test @EngineActor func gradientsWithSoftDice() throws {
        try compare(Architecture(named: "1enc-1dec-conv-md"), width: 4, side: 32, normalised: false, softDice: 0.5)
    }

    // Neither a power of two nor a whole block of channels.
    @Test @EngineActor func gradientsOfAnOddWidth() throws {
        try compare(Architecture(named: "1enc-2dec-mc"), width: 3, side: 96, images: 1, normalised: false)
    }

    /// One step of Adam on every weight, and the losses before and after it. Later ones drift apart in any fp32.
    @Test(arguments: all) @EngineActor func firstSteps(of architecture: Architecture) throws {
        let width = 4
        let side = 32
        let images = 2
        let rate = 1e-3
        let weights = Samples.weights(architecture, width: width, seed: 18)
        let reference = ReferenceNetwork(architecture, weights)
        let candidates = (20..<200).lazy.map { Samples.batch(images: images, side: side, seed: $0) }
        let batch = try #require(
            candidates.first {
                reference.forward($0.input.map(Double.init), batch: images, side: side).tape.margin > Self.margin
            })
        let options = Learner.Options(
            architecture: architecture.name, width: width, side: side, batch: images, normalisation: .none, softDice: 0)
        let learner = try Learner(options, weights: weights, seed: 0, foreground: 0.5)

        let first = reference.losses(batch, images: images, side: side, softDice: 0).values.reduce(0, +)
        #expect(abs(try learner.step(batch, rate: Float(rate)).total - first) < 1e-4 * max(1, first))
        let stepped = try learner.weights()
        for (name, variable) in reference.parameters {
            var farthest = 0.0
            for (index, gradient) in variable.gradient.enumerated() {
                // The first step's bias-corrected moments are the gradient and its square.
                variable.values[index] -= rate * gradient / (abs(gradient) + 1e-8)
                guard abs(gradient) > 1e-6 else { continue }
                farthest = max(farthest, abs(Double(stepped[name][index]) - variable.values[index]))
            }
            #expect(farthest < 1e-6, "\(name)")
        }
        let second = reference.losses(batch, images: images, side: side, softDice: 0).values.reduce(0, +)
        #expect(abs(try learner.step(batch, rate: Float(rate)).total - second) < 1e-4 * max(1, second))
        #expect(second < first)
    }

    @EngineActor private func compare(
        _ architecture: Architecture, width: Int, side: Int, images: Int = 2, normalised: Bool, softDice: Float = 0
    ) throws {
        let weights = Samples.weights(architecture, width: width, seed: 18)
        let normalisation = normalised ? Samples.normalisation(architecture, width: width, seed: 19) : nil
        let reference = ReferenceNetwork(architecture, weights, normalisation: normalisation)
        let options = Learner.Options(
            architecture: architecture.name, width: width, side: side, batch: images, normalisation: normalised ? .batch : .none,
            softDice: softDice)
        // Dividing by small deviations amplifies fp32's rounding.
        let (overall, worst) = normalised ? (3e-5, 1e-4) : (3e-6, 3e-5)
        var comparison: GradientComparison?
        // Inputs that leave no rectifier so near to its corner that fp32 is likely to see it on the other side; where it does all the
        // same, the gradients of that input say nothing, and the next one is taken.
        let candidates = (20..<200).lazy.map { Samples.batch(images: images, side: side, seed: $0) }.filter {
            reference.forward($0.input.map(Double.init), batch: images, side: side).tape.margin > Self.margin
        }
        for batch in candidates.prefix(normalised ? 3 : 1) {
            let expected = reference.losses(batch, images: images, side: side, softDice: Double(softDice))
            let learner = try Learner(options, weights: weights, seed: 0, foreground: 0.5)
            if let normalisation { try learner.set(normalisation) }
            let (losses, gradients) = try learner.observedGradients(batch)
            for (head, loss) in expected { #expect(abs((losses.heads[head] ?? .nan) - loss) < 1e-5 * max(1, loss), "\(head)") }
            #expect(abs(losses.total - expected.values.reduce(0, +)) < 1e-5 * max(1, losses.total))
            // Normalisation leaves a bias in front of it without effect, and the engine has none there.
            let slopes = reference.parameters.filter { !(normalised && $0.key.contains(".conv") && $0.key.hasSuffix(".bias")) }
            comparison = try GradientComparison(gradients, slopes.mapValues(\.gradient))
            if let comparison, comparison.overall < overall, comparison.worst.distance < worst { return }
        }
        let last = try #require(comparison)
        #expect(last.overall < overall)
        #expect(last.worst.distance < worst, "\(last.worst.name)")
    }
}

extension Learner {
    /// Gives every normalisation its scales and shifts, as if a step had been taken: before the first one, a learner finds its own.
    func set(_ normalisation: [String: (scale: [Float], shift: [Float])]) throws {
        var state = try state()
        state.tensors["time"]?.values = [1]
        for (name, values) in normalisation {
            guard let count = state.tensors[name + ".normalisation"]?.values.count else { continue }
            let maps = values.scale.count
            state.tensors[name + ".normalisation"]?.values.replaceSubrange(0..<maps, with: values.scale)
            state.tensors[name + ".normalisation"]?.values.replaceSubrange(count / 2..<count / 2 + maps, with: values.shift)
        }
        try restore(state)
    }
}
