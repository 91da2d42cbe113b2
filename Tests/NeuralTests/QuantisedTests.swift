import Screening
import Testing

@testable import Neural
@testable import OneDNN

/// The network in int8 against whole-number arithmetic that is written out, and in int8 and bf16 against fp32.
@Suite @EngineActor struct QuantisedTests {
    nonisolated static let papers = [Architecture.all[2], Architecture.all[4], .router]
    nonisolated static let architectures = papers + [Architecture.pretrained[3]]

    private func observed(_ architecture: Architecture, _ weights: Weights, _ input: [Float]) throws -> ActivationRanges {
        let network = try Network(architecture, width: 4, side: 64, batch: 2, weights: weights)
        let before = try network.run(input)
        network.observeRanges()
        #expect(try network.run(input) == before)
        return network.endObserving()
    }

    /// What each hidden convolution leaves, by its name, of both images: step by step, since sums take the place of what they add to.
    private func left(by network: Network) throws -> [String: [IntegerNetwork.Maps]] {
        var result: [String: [IntegerNetwork.Maps]] = [:]
        for step in network.layers {
            try step.run()
            let name = String(step.name.prefix { $0 != " " })
            if let maps = network.maps[name] { result[name] = (0..<2).map { IntegerNetwork.Maps(maps, image: $0) } }
        }
        return result
    }

    @Test(arguments: architectures) func logits(of architecture: Architecture) throws {
        let weights = Samples.weights(architecture, width: 4, seed: 31)
        let input = Samples.batch(images: 2, side: 64, seed: 32).input
        let ranges = try observed(architecture, weights, input)
        #expect(Set(ranges.reach.keys) == Set(ActivationRanges.names(architecture)))
        #expect(Set(ranges.points.keys) == Set(ActivationRanges.pointNames(architecture)))
        let network = try Network(
            architecture, width: 4, side: 64, batch: 2, weights: weights, precision: .int8, ranges: ranges)
        let found = try network.run(input)
        let plain = try Network(architecture, width: 4, side: 64, batch: 2, weights: weights).run(input)
        #expect(Set(found.keys) == Set(architecture.heads))
        let reference = IntegerNetwork(architecture, weights, ranges)
        let left = try left(by: network)
        for image in 0..<2 {
            let engine = left.mapValues { $0[image] }
            let expected = try reference.forward(
                Array(input[image * 3 * 64 * 64..<(image + 1) * 3 * 64 * 64]), side: 64, after: engine)
            let encoder = architecture.encoder.lite?.layers.count ?? 10
            #expect(expected.layers.count == encoder + 8 * architecture.decoders)
            for (name, maps) in expected.layers {
                let values = try #require(engine[name]).values.prefix(maps.values.count)
                let off = zip(values, maps.values).filter { $0 != $1 }
                // What fp32 rounds differently from float64 lies on the border between two bytes.
                #expect(off.allSatisfy { abs($0 - $1) == 1 }, "\(name)")
                #expect(off.count <= maps.values.count / 500, "\(name)")
            }
            for (head, logits) in expected.logits {
                let own = try #require(found[head])
                let part = own[image * logits.count..<(image + 1) * logits.count]
                #expect(relativeDistance(Array(part), from: logits) < 1e-5, "\(head)")
            }
        }
        // Lite is three times as deep.
        let distance = architecture.encoder == .paper ? 0.1 : 0.15
        for (head, logits) in found {
            #expect(relativeDistance(logits, from: (plain[head] ?? []).map(Double.init)) < distance, "\(head)")
        }
        #expect(try network.run(input) == found)
    }

    // Kernels and bytes as large as they get: sums of pairs that do not fit 16 bits would be clamped on CPUs without VNNI.
    @Test(arguments: [(isSigned: false, 255), (true, 127), (true, -128)]) func largestNumbersDoNotOverflow(
        isSigned: Bool, value: Int
    ) throws {
        let maps = 64
        let out = 16
        let side = 8
        let source = try ByteTensor([1, maps, side, side], isSigned: isSigned)
        for index in 0..<maps * side * side {
            source.raw.storeBytes(of: UInt8(truncatingIfNeeded: value), toByteOffset: index, as: UInt8.self)
        }
        let target = try Tensor([1, out, side, side], .channelsLast)
        let kernels = [Int8](repeating: Int8(QuantisedConvolution.largestWeight), count: out * maps * 9)
        let convolution = QuantisedConvolution(
            kernels: kernels, scales: [Float](repeating: 1, count: out), bias: [Float](repeating: 0, count: out), side: 3,
            rectified: false)
        try convolution.forward(source, to: target).run()
        let middle = Float(value * QuantisedConvolution.largestWeight * maps * 9)
        #expect(target.pointer[(3 * side + 3) * out] == middle)
        #expect(target.pointer[0] == middle * 4 / 9)
    }

    /// bf16 has 8 bits: a relative error of 2^-9 a rounding, and twenty of them one behind another.
    @Test(arguments: papers) func halves(of architecture: Architecture) throws {
        let weights = Samples.weights(architecture, width: 20, seed: 33)
        let input = Samples.batch(images: 2, side: 64, seed: 34).input
        guard Processor.hasHalves else {
            let error = #expect(throws: PapillaError.self) {
                try Network(architecture, width: 20, side: 64, batch: 2, weights: weights, precision: .bf16)
            }
            #expect(error?.message.contains("AVX-512") == true)
            return
        }
        let network = try Network(architecture, width: 20, side: 64, batch: 2, weights: weights, precision: .bf16)
        #expect(network.layers.allSatisfy { !$0.name.contains("[ref") })
        let found = try network.run(input)
        let plain = try Network(architecture, width: 20, side: 64, batch: 2, weights: weights).run(input)
        #expect(Set(found.keys) == Set(architecture.heads))
        for (head, logits) in found {
            let distance = relativeDistance(logits, from: (plain[head] ?? []).map(Double.init))
            #expect(distance < 0.02, "\(head)")
            // It is not fp32 by another name.
            #expect(distance > 1e-4, "\(head)")
        }
        #expect(try network.run(input) == found)
    }

    // avx2_vnni, the CPUs with AVX-VNNI alone, is a greater number than avx512_core.
    @Test func blocksOfInstructionSets() {
        for (bits, block) in [(0x7, 8), (0x27, 16), (0x67, 16), (0xe7, 16), (0x3e7, 16), (0x407, 8)] as [(UInt32, Int)] {
            #expect(Processor.block(ofInstructionSet: bits) == block)
        }
    }

    @Test func refusals() throws {
        let architecture = Architecture.all[4]
        let weights = Samples.weights(architecture, width: 2, seed: 31)
        let (names, points) = (ActivationRanges.names(architecture), ActivationRanges.pointNames(architecture))
        var ranges = ActivationRanges(
            reach: Dictionary(uniqueKeysWithValues: names.map { ($0, 1) }),
            points: Dictionary(uniqueKeysWithValues: points.map { ($0, [Float](repeating: 1, count: 16)) }))
        try ranges.check(architecture)
        ranges.reach["encoder.2.conv1"] = nil
        #expect(throws: PapillaError.self) {
            try Network(architecture, width: 2, side: 32, weights: weights, precision: .int8, ranges: ranges)
        }
        ranges.reach["encoder.2.conv1"] = .nan
        #expect(throws: PapillaError.self) { try ranges.check(architecture) }
        ranges.reach["encoder.2.conv1"] = 1
        ranges.reach["encoder.9.conv1"] = 1
        #expect(throws: PapillaError.self) { try ranges.check(architecture) }
        ranges.reach["encoder.9.conv1"] = nil
        try ranges.check(architecture)
        for wrong in [nil, [1], [Float](repeating: -1, count: 16)] as [[Float]?] {
            ranges.points["encoder.2.conv1"] = wrong
            #expect(throws: PapillaError.self) { try ranges.check(architecture) }
        }
    }
}

extension IntegerNetwork.Maps {
    /// One image of what the engine left, padding maps included.
    init(_ maps: ReducedBuilder.Maps, image: Int) {
        let (channels, side) = (maps.numbers.dimensions[1], maps.numbers.dimensions[2])
        let bytes = maps.numbers.raw.assumingMemoryBound(to: UInt8.self) + image * channels * side * side
        let values = (0..<channels * side * side).map { index in
            let byte = bytes[index % (side * side) * channels + index / (side * side)]
            return maps.numbers.isSigned ? Int(Int8(bitPattern: byte)) : Int(byte)
        }
        self.init(values: values, channels: channels, side: side, unit: Double(maps.unit))
    }
}
