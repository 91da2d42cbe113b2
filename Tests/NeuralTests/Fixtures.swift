import Foundation
import TestSupport
import Testing

@testable import Neural

/// What Fixtures/make.py left.
enum Fixtures {
    static func weights(_ name: String) throws -> Weights {
        try Weights(safetensors: Array(try Checkout.read("Tests/NeuralTests/Fixtures/\(name).safetensors")))
    }
}

extension Weights {
    /// A tensor's values as doubles; fails the test if there is none.
    func expected(_ name: String) throws -> [Double] { try #require(tensors[name], "no \(name)").values.map(Double.init) }

    /// The gradients of a fixture by the parameters' names.
    func expectedGradients() -> [String: [Double]] {
        let gradients = tensors.filter { $0.key.hasPrefix("gradient.") }
        return Dictionary(uniqueKeysWithValues: gradients.map { (String($0.key.dropFirst(9)), $0.value.values.map(Double.init)) })
    }
}
