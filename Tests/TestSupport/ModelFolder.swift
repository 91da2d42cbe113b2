package import Neural
package import Registry
package import Screening

/// A store of models in a folder of its own that is removed with it, and a small model to put there.
package final class ModelFolder {
    package let folder: TemporaryFolder
    package var directory: String { folder.path }
    package var store: ModelStore { ModelStore(directory: folder.path) }

    package init() throws { folder = try TemporaryFolder("models") }

    /// Weights of an architecture at width 1, values that half precision keeps.
    package static func weights(_ architecture: String = "1enc-1dec-conv-md") throws -> Weights {
        Weights(of: try Architecture(named: architecture)) { Float(($0 + $1) % 17) / 16 - 0.5 }
    }

    package static func manifest(_ name: String, task: ModelTask = .disc) -> ModelManifest {
        ModelManifest(
            name: name, task: task, architecture: task == .router ? "1enc-classes" : "1enc-1dec-conv-md", width: 1, side: 64,
            view: "field",
            normalisation: .init(mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.1]), distanceMap: task == .router ? nil : "D3",
            thresholds: ["probability": 0.5], temperature: 1.25, attention: ["rim_thin": 0.05],
            trained: .init(
                at: Timestamp(milliseconds: 1_795_516_800_000), commit: "abc1234",
                data: [
                    .init(
                        name: "refuge_roi", images: 193, terms: "research | with <registration>",
                        splits: ["train": 193, "val": 48, "test": 80])
                ],
                epochs: 12, seed: 7, losses: ["NLL(mask)", "MSE(distance)", "0.5 soft Dice(mask)"],
                recipe: "Adam, batch normalisation, folded"),
            metrics: [.init(data: "refuge_roi", split: "test", images: 80, values: ["dice": 0.95555, "jaccard": 0.9])])
    }

    @discardableResult
    package func save(_ name: String, task: ModelTask = .disc) throws -> String {
        let weights = try Self.weights(task == .router ? "1enc-classes" : "1enc-1dec-conv-md")
        return try store.save(weights, manifest: Self.manifest(name, task: task))
    }

    package func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    package func bytes(_ name: String) throws -> [UInt8] { try folder.read(name) }

    package func write(_ bytes: [UInt8], _ name: String) throws { try folder.write(bytes, name) }

    /// Replaces a model's weights, and the digest in its manifest with that of the new file: damage that only the contents show.
    package func replace(_ name: String, with bytes: [UInt8]) throws {
        try write(bytes, "\(name)/model.safetensors")
        var manifest = try store.manifest(name)
        manifest.sha256 = Digest(of: bytes)
        try write(Array(try CanonicalJSON.document(manifest).utf8), "\(name)/manifest.json")
    }
}

extension Weights {
    /// Weights of an architecture from the number of the tensor and that of the value in it.
    package init(of architecture: Architecture, width: Int = 1, _ value: (_ tensor: Int, _ index: Int) -> Float = { _, _ in 0 }) {
        var tensors: [String: Tensor] = [:]
        for (number, (name, shape)) in architecture.parameterShapes(width: width).enumerated() {
            tensors[name] = Tensor(shape: shape, values: (0..<shape.reduce(1, *)).map { value(number, $0) })
        }
        self.init(tensors: tensors)
    }
}
