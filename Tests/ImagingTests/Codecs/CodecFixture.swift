import Foundation
import Imaging
import TestSupport
import Testing

/// A small file with what must come out of it (Fixtures/codecs.py).
struct CodecFixture: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var file: Data
    /// How far a channel may lie from what is expected.
    var tolerance: Int
    var phantom: Bool
    var width: Int?
    var height: Int?
    var rgb: Data?
    var grey: Data?
    /// The code of the reason, for a file that must be refused.
    var error: String?

    var bytes: [UInt8] { [UInt8](file) }
    var testDescription: String { name }

    static let all: [CodecFixture] = {
        let data = try? Data(contentsOf: Checkout.top.appending(path: "Tests/ImagingTests/Fixtures/codecs.json"))
        return data.flatMap { try? JSONDecoder().decode([CodecFixture].self, from: $0) } ?? []
    }()

    static func named(_ name: String) throws -> [UInt8] { try #require(all.first { $0.name == name }).bytes }
}

/// The largest difference between two channels in the same place.
func largestDifference(_ one: some Sequence<UInt8>, _ other: some Sequence<UInt8>) -> Int {
    zip(one, other).map { abs(Int($0) - Int($1)) }.max() ?? 0
}
