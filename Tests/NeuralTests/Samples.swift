import Screening

@testable import Neural

/// Seeded weights, inputs and targets for tests: the same numbers as Fixtures/make.py.
struct Samples {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(state: seed) }

    /// -1..<1 in steps of 2^-23.
    mutating func uniform() -> Double { Double(random.next() >> 40) / Double(1 << 23) - 1 }

    mutating func values(_ count: Int, times factor: Double = 1) -> [Float] { (0..<count).map { _ in Float(uniform() * factor) } }

    /// Kernels uniform with variance 2 / fan-in (He et al. 2015), biases uniform in ±0.1, in the order of the state dict.
    static func weights(_ architecture: Architecture, width: Int, seed: UInt64) -> Weights {
        var samples = Samples(seed: seed)
        var tensors: [String: Weights.Tensor] = [:]
        for (name, shape) in architecture.parameterShapes(width: width) {
            let fanIn = shape.dropFirst().reduce(1, *)
            let factor = shape.count > 1 ? (6 / Double(fanIn)).squareRoot() : 0.1
            tensors[name] = Weights.Tensor(shape: shape, values: samples.values(shape.reduce(1, *), times: factor))
        }
        return Weights(tensors: tensors)
    }

    /// Scales 0.5...1.5 and shifts in ±0.5 for every hidden convolution, in the order of the state dict.
    static func normalisation(_ architecture: Architecture, width: Int, seed: UInt64) -> [String: (
        scale: [Float], shift: [Float]
    )] {
        var samples = Samples(seed: seed)
        var result: [String: (scale: [Float], shift: [Float])] = [:]
        for (name, shape) in architecture.parameterShapes(width: width) where name.hasSuffix(".weight") && name.contains(".conv")
        {
            let scale = (0..<shape[0]).map { _ in Float(1 + samples.uniform() * 0.5) }
            result[String(name.dropLast(7))] = (scale, samples.values(shape[0], times: 0.5))
        }
        return result
    }

    /// Images in ±1 with every target: thresholds of the images' first map for the masks, so that there is something to learn.
    static func batch(images: Int, side: Int, seed: UInt64) -> TrainingBatch {
        var samples = Samples(seed: seed)
        let input = samples.values(images * 3 * side * side)
        let first = (0..<images * side * side).map { input[$0 / (side * side) * 3 * side * side + $0 % (side * side)] }
        return TrainingBatch(
            input: input, mask: first.map { $0 > 0.25 ? 1 : 0 }, contour: first.map { $0 > 0.5 ? 1 : 0 },
            distance: first.map { ($0 + 1) / 2 },
            classes: (0..<Int32(images)).map { $0 % 3 })
    }
}

/// ‖a − b‖ / ‖b‖.
func relativeDistance(_ a: [Float], from b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let difference = zip(a, b).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
    let norm = b.reduce(0) { $0 + $1 * $1 }
    return (difference / max(norm, .leastNormalMagnitude)).squareRoot()
}
