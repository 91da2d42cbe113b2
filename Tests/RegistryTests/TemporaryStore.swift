import Foundation
import Neural
import Screening

@testable import Registry

/// A store in a folder of its own that is removed with it, and a small model to put there.
final class TemporaryStore {
    let directory = FileManager.default.temporaryDirectory.appending(path: "papilla-registry-\(UUID().uuidString)").path
    var store: ModelStore { ModelStore(directory: directory) }

    init() throws { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// Weights of an architecture at width 1, values that half precision keeps.
    static func weights(_ architecture: String = "1enc-1dec-conv-md") throws -> Weights {
        let shapes = try Architecture(named: architecture).parameterShapes(width: 1)
        var tensors: [String: Weights.Tensor] = [:]
        for (number, (name, shape)) in shapes.enumerated() {
            let count = shape.reduce(1, *)
            tensors[name] = Weights.Tensor(shape: shape, values: (0..<count).map { Float(($0 + number) % 17) / 16 - 0.5 })
        }
        return Weights(tensors: tensors)
    }

    static func manifest(_ name: String, task: ModelTask = .disc) -> ModelManifest {
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
    func save(_ name: String, task: ModelTask = .disc) throws -> String {
        let weights = try Self.weights(task == .router ? "1enc-classes" : "1enc-1dec-conv-md")
        return try store.save(weights, manifest: Self.manifest(name, task: task))
    }

    func path(_ name: String) -> String { directory + "/" + name }

    func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path(name)))) }

    func write(_ bytes: [UInt8], _ name: String) throws { try Data(bytes).write(to: URL(filePath: path(name))) }

    /// Replaces a model's weights, and the digest in its manifest with that of the new file: damage that only the contents show.
    func replace(_ name: String, with bytes: [UInt8]) throws {
        try write(bytes, "\(name)/model.safetensors")
        var manifest = try store.manifest(name)
        manifest.sha256 = Digest(of: bytes)
        try write(Array(try CanonicalJSON.document(manifest).utf8), "\(name)/manifest.json")
    }
}
