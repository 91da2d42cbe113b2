import Testing

@testable import Neural

/// The reference's own gradients against central differences: what everything else is held against must be right itself.
@Suite struct ReferenceTests {
    /// Between them these have every operation: several decoders, several heads on one, and the classifier.
    static let architectures = Architecture.all.filter { $0.heads.count == 3 } + [.router]

    @Test(arguments: architectures, [false, true])
    func gradientsAreTheSlopes(of architecture: Architecture, normalised: Bool) {
        // Normalised, the deepest maps must be more than a pixel, or there is next to nothing to normalise over.
        let side = normalised ? 64 : 32
        let weights = Samples.weights(architecture, width: 1, seed: 6)
        let batch = Samples.batch(images: 2, side: side, seed: 7)
        let normalisation = normalised ? Samples.normalisation(architecture, width: 1, seed: 8) : nil
        let network = ReferenceNetwork(architecture, weights, normalisation: normalisation)
        _ = network.losses(batch, images: 2, side: side, softDice: 0.5)
        let gradients = network.parameters.mapValues(\.gradient)
        let values = network.parameters.mapValues(\.values)
        var samples = Samples(seed: 9)
        // A random direction through all parameters at once, and one through each of a few tensors.
        let names = network.parameters.keys.sorted()
        let probes =
            [names]
            + names.filter { $0.hasPrefix("encoder.2.conv1") || $0.hasPrefix("decoder.0.1.conv1") || !$0.contains("coder") }.map {
                [$0]
            }
        for probe in probes {
            let directions = probe.map { name in (name, samples.values(values[name]?.count ?? 0).map(Double.init)) }
            func loss(_ step: Double) -> Double {
                for (name, direction) in directions {
                    network.parameters[name]?.values = zip(values[name] ?? [], direction).map { $0 + step * $1 }
                }
                return network.losses(batch, images: 2, side: side, softDice: 0.5).values.reduce(0, +)
            }
            var expected = 0.0
            for (name, direction) in directions {
                for (slope, part) in zip(gradients[name] ?? [], direction) { expected += slope * part }
            }
            // A rectifier or maximum that changes sides between the two points spoils a difference; a smaller step avoids it.
            let isSlope = [1e-6, 1e-7, 1e-8].contains { step in
                let slope = (loss(step) - loss(-step)) / (2 * step)
                return abs(slope - expected) < 1e-5 * max(0.03, abs(expected))
            }
            _ = loss(0)
            #expect(isSlope, "\(probe.count == 1 ? probe[0] : "all")")
        }
    }
}
