internal import Glibc
public import Screening

/// A network's parameters by name, as in PyTorch's state dict: what a weights file holds, apart from any engine's layout.
public struct Weights: Sendable, Equatable {
    /// Numbers with a shape, row-major (the last dimension is the innermost).
    public struct Tensor: Sendable, Equatable {
        /// (out, in, 3, 3) for a kernel, (out) for a bias.
        public var shape: [Int]
        /// As many as the shape's product.
        public var values: [Float]

        /// Numbers with a shape.
        public init(shape: [Int], values: [Float]) {
            self.shape = shape
            self.values = values
        }
    }

    /// The tensors by name.
    public var tensors: [String: Tensor]

    /// Weights from their tensors. Nothing is checked; see `check`.
    public init(tensors: [String: Tensor]) { self.tensors = tensors }

    /// The values of a tensor, none if there is no such tensor: for weights that were checked.
    subscript(_ name: String) -> [Float] { tensors[name]?.values ?? [] }

    /// Refuses weights that are not exactly those of an architecture at a base width: a tensor that is missing, unknown,
    /// of another shape, or holds a value that is not a finite number.
    /// - Throws: `.damaged`, naming the tensor, and both shapes where they differ.
    public func check(_ architecture: Architecture, width: Int) throws(PapillaError) {
        let expected = architecture.parameterShapes(width: width)
        let place = "\(architecture.name), width \(width)"
        for (name, shape) in expected {
            guard let tensor = tensors[name] else {
                throw PapillaError(
                    .damaged, "The weights lack the tensor \(name) of shape \(shape)", place: place, hint: Self.hint)
            }
            guard tensor.shape == shape else {
                throw PapillaError(
                    .damaged, "The tensor \(name) has shape \(tensor.shape); expected \(shape)", place: place, hint: Self.hint)
            }
            let count = shape.reduce(1, *)
            guard tensor.values.count == count else {
                throw PapillaError(
                    .damaged, "The tensor \(name) of shape \(shape) has \(tensor.values.count) values; expected \(count)",
                    place: place,
                    hint: Self.hint)
            }
            if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
                throw PapillaError(
                    .damaged, "The tensor \(name) holds \(tensor.values[index]) at \(index); expected finite numbers",
                    place: place,
                    hint: "The training diverged or the file is damaged: take an earlier snapshot or copy the file again")
            }
        }
        let names = Set(expected.map(\.name))
        if let unknown = tensors.keys.filter({ !names.contains($0) }).min() {
            throw PapillaError(
                .damaged,
                "The weights have a tensor \(unknown) of shape \(tensors[unknown]?.shape ?? []), which the network does not have",
                place: place, hint: Self.hint)
        }
    }

    /// Refuses an encoder that is not that of an architecture, or whose normalisations are not beside its kernels: NAME.weight, and
    /// NAME.normalisation.weight, .bias, .running_mean and .running_var instead of NAME.bias.
    /// - Throws: `.damaged`, naming the tensor; `.badInput` for an architecture that has no such encoder.
    public func check(pretrained architecture: Architecture) throws(PapillaError) {
        guard let lite = architecture.encoder.lite else {
            throw PapillaError(
                .badInput, "\(architecture.name) has no encoder that others have trained",
                hint: "Known: " + Architecture.pretrained.map(\.name).joined(separator: ", "))
        }
        for layer in lite.layers {
            let parts = ["weight", "bias", "running_mean", "running_var"].map {
                ("\(layer.name).normalisation.\($0)", [layer.kernel[0]])
            }
            for (name, shape) in [(layer.name + ".weight", layer.kernel)] + parts {
                guard let tensor = tensors[name], tensor.shape == shape, tensor.values.count == shape.reduce(1, *),
                    tensor.values.allSatisfy(\.isFinite), !name.hasSuffix("running_var") || tensor.values.allSatisfy({ $0 >= 0 })
                else {
                    throw PapillaError(
                        .damaged, "The encoder lacks the tensor \(name) of shape \(shape) with finite numbers",
                        place: architecture.name, hint: "Take the file that comes with the program, or convert it again")
                }
            }
        }
    }

    private static let hint = "The architecture and width must be those that the weights were trained with"
}

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

extension Architecture {
    /// The architecture and base width that some weights are of, told by their tensors' names and the first bias.
    /// - Throws: `.badInput` where they are no network of ours; the weights are not checked further.
    public static func recognising(_ weights: Weights) throws(PapillaError) -> (Architecture, width: Int) {
        let names = weights.tensors.keys
        let decoders = Set(names.filter { $0.hasPrefix("decoder.") }.compactMap { $0.split(separator: ".").dropFirst().first })
            .count
        let heads = Head.allCases.filter { weights.tensors["\($0.rawValue).weight"] != nil }
        // The blocks of EfficientNet-Lite2 are more than those of Lite0.
        let lite = [Encoder.lite2, .lite0].first { encoder in
            encoder.lite?.layers.last.map { weights.tensors[$0.name + ".weight"] != nil } ?? false
        }
        guard
            let found = known.first(where: {
                $0.encoder == lite ?? .paper && $0.decoders == decoders && Set($0.heads) == Set(heads)
            }),
            let width = (weights.tensors["encoder.0.conv1.bias"] ?? weights.tensors["decoder.0.0.conv1.bias"])?.shape.first,
            (1...256).contains(width)
        else {
            throw PapillaError(
                .badInput, "The file is none of the known networks: \(decoders) decoders, heads \(heads.map(\.rawValue))",
                place: names.min(),
                hint:
                    "Expected the tensors of one of `papilla architectures`, named as PyTorch's state dict: encoder.0.conv1.weight, ..."
            )
        }
        return (found, width)
    }
}
