import Foundation
import Screening
import TestSupport
import Testing

@testable import Neural

/// Networks that go to other programs and come from them.
@Suite struct ExchangeTests {
    /// Python with onnxruntime: what Deploy/test installs.
    static let python = ProcessInfo.processInfo.environment["PAPILLA_ONNXRUNTIME"]
    static let fixtures = Checkout.top.appending(path: "Tests/NeuralTests/Fixtures")

    private func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: Self.fixtures.appending(path: name))) }

    @Test(arguments: Architecture.known) func onnxComesBack(_ architecture: Architecture) throws {
        let weights = Samples.weights(architecture, width: 1, seed: 40)
        let bytes = try weights.onnx(architecture, width: 1, side: 64, metadata: ["a": "b", "c": "d"])
        let back = try Weights(onnx: bytes)
        #expect(back == weights)
        #expect(Weights.metadata(ofONNX: bytes) == ["a": "b", "c": "d"])
        let (recognised, width) = try Architecture.recognising(back)
        #expect(recognised == architecture)
        #expect(width == 1)
    }

    @Test func safetensorsCarryWords() throws {
        let weights = Samples.weights(.router, width: 1, seed: 40)
        let words = ["papilla.model/1": "{\"name\":\"a \\ b\"}"]
        #expect(Weights.metadata(ofSafetensors: weights.safetensors(.float32, metadata: words)) == words)
    }

    // What ONNX Runtime, which knows nothing of our engine, makes of an exported network.
    @Test(.enabled(if: python != nil), arguments: Architecture.known) @EngineActor
    func onnxRuntimeGivesTheSameLogits(_ architecture: Architecture) throws {
        let temporary = try TemporaryFolder("onnx")
        let folder = temporary.url
        let weights = Samples.weights(architecture, width: 4, seed: 40)
        var samples = Samples(seed: 41)
        let input = samples.values(2 * 3 * 64 * 64)
        try Data(weights.onnx(architecture, width: 4, side: 64)).write(to: folder.appending(path: "network.onnx"))
        try input.withUnsafeBytes { Data($0) }.write(to: folder.appending(path: "input.f32"))
        let arguments = [
            Self.fixtures.appending(path: "exchange.py").path, "run", folder.appending(path: "network.onnx").path,
            folder.appending(path: "input.f32").path, folder.appending(path: "logits.json").path,
        ]
        try #require(try Program.run(arguments, program: #require(Self.python)).status == 0)
        let expected = try JSONDecoder().decode(
            [String: [Double]].self, from: Data(contentsOf: folder.appending(path: "logits.json")))
        let found = try Network(architecture, width: 4, side: 64, batch: 2, weights: weights).run(input)
        #expect(Set(expected.keys) == Set(architecture.heads.map(\.rawValue)))
        for (head, logits) in found {
            #expect(relativeDistance(logits, from: try #require(expected[head.rawValue])) < 1e-5, "\(head)")
        }
    }

    // As torch.onnx.export and safetensors.torch.save_file write them: Fixtures/exchange.py.
    @Test(arguments: ["onnx", "safetensors"]) @EngineActor func pyTorchsNetworkIsTheSameHere(_ format: String) throws {
        let file = try bytes("imported.\(format)")
        let weights = format == "onnx" ? try Weights(onnx: file) : try Weights(safetensors: file)
        let (architecture, width) = try Architecture.recognising(weights)
        #expect(architecture.name == "1enc-2dec-md")
        #expect(width == 1)
        var samples = Samples(seed: 41)
        let logits = try Network(architecture, width: width, side: 32, weights: weights).run(samples.values(3 * 32 * 32))
        let expected = try Fixtures.weights("imported-logits")
        for head in architecture.heads {
            #expect(relativeDistance(logits[head] ?? [], from: try expected.expected(head.rawValue)) < 1e-5)
        }
    }

    // Wherever a file is cut, it is refused or has lost a tensor, which the check names.
    @Test func truncatedFilesAreRefused() throws {
        let weights = Samples.weights(.router, width: 1, seed: 40)
        let whole = try weights.onnx(.router, width: 1, side: 32)
        for length in stride(from: 0, to: whole.count - 1, by: 97) {
            #expect(throws: PapillaError.self) {
                let read = try Weights(onnx: Array(whole[..<length]))
                try read.check(.router, width: 1)
            }
        }
    }

    @Test func otherNetworksAreRefusedByName() throws {
        var weights = Samples.weights(Architecture.all[4], width: 2, seed: 40)
        weights.tensors["mask.weight"]?.shape = [2, 3, 3, 3]
        let error = #expect(throws: PapillaError.self) {
            let (architecture, width) = try Architecture.recognising(weights)
            try weights.check(architecture, width: width)
        }
        #expect(error?.message.contains("mask.weight has shape [2, 3, 3, 3]; expected [2, 2, 3, 3]") == true)
        weights.tensors = ["fc.weight": .init(shape: [1], values: [1])]
        #expect(throws: PapillaError.self) { try Architecture.recognising(weights) }
    }
}
