import Foundation
import Screening
import Testing

@testable import Neural

/// The weights file: what is written is read, and nothing that contradicts itself is.
@Suite struct SafetensorsTests {
    private let weights = Weights(tensors: [
        "b": .init(shape: [2, 3], values: [1, -2, 0.5, 65504, 6.1e-5, 1 / 3]), "a": .init(shape: [3], values: [0, -0.0, 1e-8]),
        "empty": .init(shape: [0, 4], values: []), "scalar": .init(shape: [], values: [7]),
    ])

    /// A file of a header and so many bytes of data.
    private func file(_ header: String, data: Int) -> [UInt8] {
        let bytes = Array(header.utf8)
        return (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes + [UInt8](repeating: 0, count: data)
    }

    private func message(_ bytes: [UInt8]) -> String? {
        do {
            _ = try Weights(safetensors: bytes)
            return nil
        } catch { return error.message }
    }

    @Test func roundTripInSinglePrecision() throws {
        #expect(try Weights(safetensors: weights.safetensors(.float32, metadata: ["note": "a \"b\" \\ \n ü"])) == weights)
    }

    @Test func roundTripInHalfPrecision() throws {
        let read = try Weights(safetensors: weights.safetensors(.float16))
        #expect(read.tensors["b"]?.shape == [2, 3])
        #expect(read["b"][..<4] == [1, -2, 0.5, 65504])
        #expect(abs(read["b"][5] - 1 / 3) < 1e-4 && read["b"][5] != 1 / 3)
        #expect(try Weights(safetensors: read.safetensors(.float16)) == read)
    }

    // Checked against the definition of IEEE 754 binary16, for all of its values and the midpoints between them.
    @Test func everyHalf() throws {
        func value(_ pattern: Int) -> Double {
            let (exponent, fraction) = (pattern >> 10 & 31, Double(pattern & 1023))
            let size = exponent == 0 ? fraction * exp2(-24) : (1 + fraction / 1024) * exp2(Double(exponent - 15))
            return pattern >> 15 == 0 ? size : -size
        }
        let patterns = (0..<0x7C00).flatMap { [$0, $0 | 0x8000] }
        let data = patterns.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        let header = #"{"x":{"dtype":"F16","shape":[\#(patterns.count)],"data_offsets":[0,\#(data.count)]}}"#
        let bytes = Array(file(header, data: 0)) + data
        let read = try Weights(safetensors: bytes)
        #expect(read["x"].map(Double.init) == patterns.map(value))
        let written = read.safetensors(.float16)
        #expect(Array(written.suffix(data.count)) == data)
        let midpoints = Weights(tensors: [
            "x": .init(shape: [0x7BFF], values: (0..<0x7BFF).map { Float((value($0) + value($0 + 1)) / 2) })
        ])
        let rounded = try Weights(safetensors: midpoints.safetensors(.float16))
        // Ties go to the even pattern.
        #expect(rounded["x"].map(Double.init) == (0..<0x7BFF).map { value($0 % 2 == 0 ? $0 : $0 + 1) })
    }

    @Test func bfloat16() throws {
        let bytes = file(#"{"x":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}}"#, data: 0) + [0x80, 0x3F, 0x49, 0xC0, 0, 0]
        #expect(try Weights(safetensors: bytes)["x"] == [1, -3.140625, 0])
    }

    @Test func layoutOfTheFile() throws {
        let bytes = weights.safetensors(.float16, metadata: ["z": "1", "k": "2"])
        let length = Int(bytes[0]) + Int(bytes[1]) << 8
        #expect((8 + length) % 8 == 0)
        let header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
        #expect(
            header.hasPrefix(
                #"{"__metadata__":{"k":"2","z":"1"},"a":{"dtype":"F16","shape":[3],"data_offsets":[0,6]},"b":{"dtype":"F16","shape":[2,3],"#
            ))
        #expect(weights.safetensors(.float16, metadata: ["k": "2", "z": "1"]) == bytes)
    }

    @Test func everyTruncationIsAnError() {
        let bytes = weights.safetensors(.float32)
        for count in 0..<bytes.count { #expect(message(Array(bytes[..<count])) != nil, "\(count) of \(bytes.count)") }
        #expect(message(bytes + [0])?.contains("belong to no tensor") == true)
        #expect(message(Array(bytes.dropLast()))?.contains("tensor scalar") == true)
    }

    @Test(arguments: [
        (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "tensor x"),
        (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "tensor x begins at byte 4"),
        (
            #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4,
            "overlap"
        ),
        (
            #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#, 12,
            "tensor y begins"
        ),
        (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "offsets"),
        (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, "offsets"),
        (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 8, "offsets"),
        (#"{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#, 4, "shape"),
        (#"{"x":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,4]}}"#, 4, "tensor x"),
        (#"{"x":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}"#, 4, "shape"),
        (#"{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#, 8, "F64"),
        (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, ""),
        (#"{"x":{"shape":[1],"data_offsets":[0,4]}}"#, 4, "JSON"), (#"{"x":"#, 0, "JSON"), (#"[]"#, 0, "JSON"),
        (#"{"__metadata__":{"a":1}}"#, 0, "JSON"),
    ])
    func contradictionsAreErrors(header: String, data: Int, words: String) throws {
        let found = try #require(message(file(header, data: data)))
        #expect(words.isEmpty || found.contains(words))
    }

    @Test func lengthsThatCannotBeAreErrors() {
        #expect(message([UInt8](repeating: 0xFF, count: 64))?.contains("header") == true)
        #expect(message([0, 0, 0, 0, 0, 0, 0, 0x80, 1, 2])?.contains("header") == true)
        #expect(message([100, 0, 0, 0, 0, 0, 0, 0, 1, 2])?.contains("truncated") == true)
        #expect(message([]) != nil)
    }

    // Damage anywhere must be an error or another file, never a crash.
    @Test func damagedBytes() {
        let bytes = weights.safetensors(.float32, metadata: ["k": "v"])
        var samples = Samples(seed: 41)
        for _ in 0..<3000 {
            var damaged = bytes
            for _ in 0..<3 {
                let place = Int((samples.uniform() + 1) / 2 * Double(bytes.count))
                damaged[place] = UInt8(truncatingIfNeeded: Int(samples.uniform() * 128))
            }
            if let read = try? Weights(safetensors: damaged) {
                #expect(read.tensors.values.allSatisfy { $0.values.count == $0.shape.reduce(1, *) })
            }
        }
    }

    @Test func aFileOfAnotherLibrary() throws {
        #expect(try Fixtures.weights("adam").tensors["values"]?.shape == [21, 48])
    }
}

/// Weights that are not an architecture's are refused, naming the tensor.
@Suite struct WeightsTests {
    private let architecture = Architecture.all[4]

    private func message(_ change: (inout Weights) -> Void) -> String? {
        var weights = Samples.weights(architecture, width: 2, seed: 1)
        change(&weights)
        do {
            try weights.check(architecture, width: 2)
            return nil
        } catch { return error.message }
    }

    @Test func refusals() {
        #expect(message { _ in } == nil)
        let missing = message { $0.tensors["decoder.0.2.conv1.weight"] = nil }
        #expect(missing?.contains("decoder.0.2.conv1.weight") == true && missing?.contains("[8, 24, 3, 3]") == true)
        let misshapen = message { $0.tensors["mask.weight"]?.shape = [2, 3, 3, 3] }
        #expect(misshapen?.contains("mask.weight") == true)
        #expect(misshapen?.contains("[2, 3, 3, 3]") == true && misshapen?.contains("[2, 2, 3, 3]") == true)
        #expect(message { $0.tensors["contour.weight"] = .init(shape: [1], values: [1]) }?.contains("contour.weight") == true)
        #expect(message { $0.tensors["encoder.1.conv2.bias"]?.values[3] = .nan }?.contains("encoder.1.conv2.bias") == true)
        #expect(message { $0.tensors["encoder.1.conv2.bias"]?.values[3] = -.infinity }?.contains("at 3") == true)
        #expect(message { $0.tensors["mask.bias"]?.values.removeLast() }?.contains("mask.bias") == true)
    }

    @Test @EngineActor func networksRefuseThem() throws {
        let weights = Samples.weights(architecture, width: 2, seed: 1)
        #expect(throws: PapillaError.self) { try Network(architecture, width: 4, side: 32, weights: weights) }
        #expect(throws: PapillaError.self) { try Network(architecture, width: 2, side: 48, weights: weights) }
        #expect(throws: PapillaError.self) { try Network(architecture, width: 2, side: 32, batch: 0, weights: weights) }
        let network = try Network(architecture, width: 2, side: 32, weights: weights)
        #expect(throws: PapillaError.self) { try network.run([1, 2, 3]) }
    }
}
