internal import Screening

#if canImport(Glibc)
    internal import Glibc
#endif

extension Weights {
    /// Random weights to start from: hidden kernels normal with variance 2 / fan-in (He et al. 2015), heads normal with deviation 0.02, biases 0 but
    /// for the mask's, whose difference is the log-odds of `foreground`.
    static func initial(_ architecture: Architecture, width: Int, seed: UInt64, foreground: Double) -> Weights {
        var tensors: [String: Weights.Tensor] = [:]
        for (number, (name, shape)) in architecture.parameterShapes(width: width).enumerated() {
            let count = shape.reduce(1, *)
            var values = [Float](repeating: 0, count: count)
            if name == "mask.bias" {
                let share = min(max(foreground, 0.001), 0.999)
                values[1] = Float(log(share / (1 - share)))
            } else if name.hasSuffix(".weight") {
                let isHead = Architecture.Head(rawValue: String(name.dropLast(7))) != nil
                let deviation = isHead ? 0.02 : (2 / Double(count / shape[0])).squareRoot()
                var random = SeededGenerator(seed, UInt64(number))
                for i in values.indices {
                    // Box and Muller (1958); 1 - u keeps the logarithm finite.
                    let radius = (-2 * log(1 - random.uniform())).squareRoot()
                    values[i] = Float(deviation * radius * cos(2 * .pi * random.uniform()))
                }
            }
            tensors[name] = Weights.Tensor(shape: shape, values: values)
        }
        return Weights(tensors: tensors)
    }
}
