import Testing

@testable import Neural

/// The networks as values: the paper's totals, names and shapes.
@Suite struct ArchitectureTests {
    @Test(arguments: [
        ("1enc-1dec-m", 7_844_256), ("1enc-2dec-mc", 10_978_272), ("1enc-2dec-md", 10_977_984), ("1enc-1dec-conv-mc", 7_844_832),
        ("1enc-1dec-conv-md", 7_844_544), ("1enc-3dec-mcd", 14_112_000), ("1enc-1dec-conv-mcd", 7_845_120),
    ])
    func weightsOfThePaper(name: String, weights: Int) throws {
        #expect(try Architecture(named: name).weights(width: 32) == weights)
    }

    @Test func sevenNetworks() {
        #expect(Architecture.all.map(\.name).count == 7)
        #expect(
            Architecture.all.map { $0.heads.map(\.rawValue.first) }
                == ["m", "mc", "md", "mc", "md", "mcd", "mcd"].map { Array($0) })
        #expect(Architecture.all.map(\.decoders) == [1, 2, 2, 1, 1, 3, 1])
    }

    @Test(arguments: Architecture.all + [.router]) func countsAgreeWithShapes(_ architecture: Architecture) {
        let shapes = architecture.parameterShapes(width: 12)
        #expect(shapes.reduce(0) { $0 + $1.shape.reduce(1, *) } == architecture.parameters(width: 12))
        let kernels = shapes.filter { $0.name.hasSuffix(".weight") }
        #expect(kernels.reduce(0) { $0 + $1.shape.reduce(1, *) } == architecture.weights(width: 12))
        #expect(Set(shapes.map(\.name)).count == shapes.count)
    }

    @Test func multiplyAccumulates() throws {
        // 13.33 G, summed by hand over the paper's table.
        #expect(try Architecture(named: "1enc-1dec-conv-md").macs(width: 32, side: 256) == 13_325_303_808)
        #expect(try Architecture(named: "1enc-1dec-m").macs(width: 1, side: 32) == levelSum(heads: 18))
    }

    /// Width 1, side 32: kernels of each level times its pixels.
    private func levelSum(heads: Int) -> Int {
        let encoder = [27 + 9, 18 + 36, 72 + 144, 288 + 576, 1152 + 2304]
        let decoder = [27 + 9, 108 + 36, 432 + 144, 1728 + 576]
        let pixels = [1024, 256, 64, 16, 1]
        return zip(encoder, pixels).reduce(0) { $0 + $1.0 * $1.1 } + zip(decoder, pixels).reduce(0) { $0 + $1.0 * $1.1 } + heads
            * 1024
    }

    @Test func namesInTheOrderOfPyTorch() throws {
        let shapes = try Architecture(named: "1enc-2dec-md").parameterShapes(width: 32)
        #expect(
            shapes.prefix(5).map(\.name) == [
                "encoder.0.conv1.weight", "encoder.0.conv1.bias", "encoder.0.conv2.weight", "encoder.0.conv2.bias",
                "encoder.1.conv1.weight",
            ])
        #expect(shapes.suffix(4).map(\.name) == ["mask.weight", "mask.bias", "distance.weight", "distance.bias"])
        let byName = Dictionary(uniqueKeysWithValues: shapes)
        #expect(byName["encoder.0.conv1.weight"] == [32, 3, 3, 3])
        #expect(byName["encoder.4.conv1.weight"] == [512, 256, 3, 3])
        #expect(byName["decoder.1.3.conv1.weight"] == [256, 768, 3, 3])
        #expect(byName["decoder.0.0.conv1.weight"] == [32, 96, 3, 3])
        #expect(byName["distance.weight"] == [1, 32, 3, 3])
        #expect(byName["contour.weight"] == nil)
    }

    @Test func theRouter() throws {
        #expect(try Architecture(named: "1enc-classes") == .router)
        #expect(Architecture.router.weights(width: 32) == 4_710_240 + 3 * 512)
        #expect(Architecture.router.parameterShapes(width: 32).suffix(2).map(\.shape) == [[3, 512], [3]])
    }

    @Test func unknownNamesAreRefused() {
        #expect(throws: (any Error).self) { try Architecture(named: "1enc-4dec") }
    }
}
