import Testing

@testable import Neural

/// What is saved is the network that was trained: folding, resuming, and the same bits for the same input.
@Suite @EngineActor struct FoldingTests {
    private func learner(
        _ normalisation: Learner.Normalisation, of name: String = "1enc-1dec-conv-md", side: Int = 64, averaging: Float = 0,
        weights: Weights? = nil
    ) throws -> Learner {
        let options = Learner.Options(
            architecture: name, width: 2, side: side, batch: 2, normalisation: normalisation, softDice: 0.5, averaging: averaging)
        return try Learner(options, weights: weights, seed: 31, foreground: 0.3)
    }

    private func train(_ learner: Learner, _ steps: Range<Int>) throws {
        let side = learner.options.side
        for step in steps { _ = try learner.step(Samples.batch(images: 2, side: side, seed: 100 + UInt64(step)), rate: 1e-3) }
    }

    @Test(arguments: Learner.Normalisation.allCases) func foldedNetworkDoesWhatTheLearnerDid(
        _ normalisation: Learner.Normalisation
    ) throws {
        let learner = try learner(normalisation)
        try train(learner, 0..<5)
        let folded = try learner.weights()
        let batch = Samples.batch(images: 2, side: 64, seed: 200)
        let found = try Network(Architecture(named: "1enc-1dec-conv-md"), width: 2, side: 64, batch: 2, weights: folded).run(
            batch.input)
        let expected = try ReferenceNetwork(evaluating: learner).forward(batch.input.map(Double.init), batch: 2, side: 64).logits
        for (head, logits) in expected { #expect(relativeDistance(found[head] ?? [], from: logits.values) < 1e-5, "\(head)") }
    }

    // The average's share is 9 / (10 + t) at first: after one step it is the weights themselves, then they differ.
    @Test func theRunningAverageIsWhatIsSaved() throws {
        let (plain, averaged) = (try learner(.none), try learner(.none, averaging: 0.5))
        try train(plain, 0..<1)
        try train(averaged, 0..<1)
        let first = try plain.weights()
        #expect(try averaged.weights() == first)
        try train(plain, 1..<2)
        try train(averaged, 1..<2)
        let (second, average) = (try plain.weights(), try averaged.weights())
        for (name, tensor) in second.tensors {
            let share: Float = 0.75  // 9 / (10 + 2), above the 0.5 that it ends at
            let expected = zip(first[name], tensor.values).map { Double($0 + share * ($1 - $0)) }
            #expect(relativeDistance(average[name], from: expected) < 1e-6, "\(name)")
        }
    }

    @Test func aFoldedNetworkStartsNormalisedTrainingWhereItWas() throws {
        let first = try learner(.batch)
        try train(first, 0..<5)
        let folded = try first.weights()
        let batch = Samples.batch(images: 2, side: 64, seed: 201)
        let plain = try learner(.none, weights: folded).step(batch, rate: 0)
        let again = try learner(.batch, weights: folded).step(batch, rate: 0)
        #expect(abs(plain.total - again.total) < 1e-4 * plain.total)
    }

    @Test(arguments: ["1enc-3dec-mcd", "1enc-classes"], [0, 2])
    func resumedRunGivesTheSameWeights(_ name: String, after steps: Int) throws {
        for (normalisation, averaging) in [(Learner.Normalisation.none, Float(0)), (.batch, 0), (.batch, 0.9)] {
            let whole = try learner(normalisation, of: name, side: 32, averaging: averaging)
            try train(whole, 0..<steps)
            let state = try whole.state()
            try train(whole, steps..<4)
            let resumed = try learner(normalisation, of: name, side: 32, averaging: averaging)
            // Through the file, as a snapshot on disk.
            try resumed.restore(try Weights(safetensors: state.safetensors(.float32)))
            #expect(resumed.time == steps)
            try train(resumed, steps..<4)
            #expect(try resumed.weights() == whole.weights())
            #expect(try resumed.state() == whole.state())
        }
    }

    @Test func resumingFromFoldedWeightsBeforeTheFirstStep() throws {
        let first = try learner(.batch)
        try train(first, 0..<2)
        let folded = try first.weights()
        let whole = try learner(.batch, weights: folded)
        let state = try whole.state()
        try train(whole, 0..<2)
        let resumed = try learner(.batch, weights: folded)
        try resumed.restore(state)
        try train(resumed, 0..<2)
        #expect(try resumed.weights() == whole.weights())
    }

    @Test(arguments: Learner.Normalisation.allCases) func beforeTheFirstStepTheWeightsAreThoseLoaded(
        _ normalisation: Learner.Normalisation
    ) throws {
        let weights = Samples.weights(try Architecture(named: "1enc-1dec-conv-md"), width: 2, seed: 37)
        #expect(try learner(normalisation, weights: weights).weights() == weights)
    }

    @Test func snapshotsOfOtherNetworksAreRefused() throws {
        let state = try learner(.none, of: "1enc-1dec-m").state()
        #expect(throws: (any Error).self) { try learner(.none, of: "1enc-2dec-md").restore(state) }
        #expect(throws: (any Error).self) { try learner(.batch, of: "1enc-1dec-m").restore(state) }
        var cut = state
        cut.tensors["time"] = nil
        #expect(throws: (any Error).self) { try learner(.none, of: "1enc-1dec-m").restore(cut) }
    }

    @Test func theSameInputGivesTheSameBits() throws {
        let architecture = try Architecture(named: "1enc-1dec-conv-mcd")
        let weights = Samples.weights(architecture, width: 16, seed: 32)
        let input = Samples.batch(images: 1, side: 64, seed: 33).input
        let network = try Network(architecture, width: 16, side: 64, weights: weights)
        let first = try network.run(input)
        _ = try network.run(Samples.batch(images: 1, side: 64, seed: 34).input)
        #expect(try network.run(input) == first)
        #expect(try Network(architecture, width: 16, side: 64, weights: weights).run(input) == first)
        let (a, b) = (try learner(.batch), try learner(.batch))
        try train(a, 0..<3)
        try train(b, 0..<3)
        #expect(try a.state() == b.state())
    }

    // An image's result must not depend on its neighbours in a batch: a reading and its evaluation may run with other batches.
    @Test func batchesDoNotMixImages() throws {
        let architecture = try Architecture(named: "1enc-1dec-conv-md")
        let weights = Samples.weights(architecture, width: 8, seed: 35)
        let input = Samples.batch(images: 3, side: 32, seed: 36).input
        let together = try Network(architecture, width: 8, side: 32, batch: 3, weights: weights).run(input)
        let alone = try Network(architecture, width: 8, side: 32, weights: weights)
        for image in 0..<3 {
            let single = try alone.run(Array(input[image * 3072..<(image + 1) * 3072]))
            for (head, logits) in single {
                let part = together[head].map { Array($0[image * logits.count..<(image + 1) * logits.count]) } ?? []
                #expect(relativeDistance(part, from: logits.map(Double.init)) < 3e-6)
            }
        }
    }
}
