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
        public init(shape: [Int], values: [Float]) { (self.shape, self.values) = (shape, values) }
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
        guard architecture.encoder == .lite0 else {
            throw PapillaError(
                .badInput, "\(architecture.name) has no encoder that others have trained",
                hint: "Known: " + Architecture.pretrained.map(\.name).joined(separator: ", "))
        }
        for layer in Lite0.layers {
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
