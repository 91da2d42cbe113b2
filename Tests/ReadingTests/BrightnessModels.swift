import Neural
import Registry
import Screening
import TestSupport
import Testing

/// Models whose weights are written by hand: they carry the green channel through to the heads, which call bright pixels the structure.
/// So the whole way of an image, networks and all, is tested without anything trained.
enum BrightnessModels {
    static let width = 4
    static let side = 128

    /// Pixels with more green than `threshold` (0...1) are the structure, for mask and distance head alike.
    static func segmenter(_ task: ModelTask, threshold: Float, thresholds: [String: Double] = [:]) throws -> Model {
        let architecture = try Architecture(named: "1enc-1dec-conv-md")
        var weights = Weights(of: architecture, width: width)
        // The centre of a 3 x 3 kernel, from one input map to one output map.
        func set(_ name: String, out: Int, in input: Int, _ value: Float) {
            guard let maps = weights.tensors[name]?.shape[1] else { return }
            weights.tensors[name]?.values[(out * maps + input) * 9 + 4] = value
        }
        set("encoder.0.conv1.weight", out: 0, in: 1, 1)
        set("encoder.0.conv2.weight", out: 0, in: 0, 1)
        // The skip's maps come after the upsampled ones.
        set("decoder.0.0.conv1.weight", out: 0, in: 2 * width, 1)
        set("decoder.0.0.conv2.weight", out: 0, in: 0, 1)
        set("mask.weight", out: 1, in: 0, 60)
        weights.tensors["mask.bias"]?.values[1] = -60 * threshold
        set("distance.weight", out: 0, in: 0, -60)
        weights.tensors["distance.bias"]?.values[0] = 60 * threshold
        return try model(task, architecture, weights, distanceMap: "D3", thresholds: thresholds)
    }

    /// A router that gives every image the same class.
    static func router(_ modality: Modality, confidence: Float = 10) throws -> Model {
        var weights = Weights(of: .router, width: width)
        let index = try #require(Modality.allCases.firstIndex(of: modality))
        weights.tensors["classes.bias"]?.values[index] = confidence
        return try model(.router, Architecture.router, weights, distanceMap: nil, thresholds: [:])
    }

    private static func model(
        _ task: ModelTask, _ architecture: Architecture, _ weights: Weights, distanceMap: String?, thresholds: [String: Double]
    ) throws -> Model {
        let manifest = ModelManifest(
            name: "\(task.rawValue)-20261124-1", task: task, architecture: architecture.name, width: width, side: side,
            view: "field",
            normalisation: .init(mean: [0, 0, 0], std: [1, 1, 1]), distanceMap: distanceMap, thresholds: thresholds,
            trained: .init(at: Timestamp(milliseconds: 0), commit: "none", data: [], epochs: 0, seed: 0, losses: []))
        return try Model(manifest: manifest, weights: weights)
    }
}
