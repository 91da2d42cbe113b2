import Files
import Imaging
import Intake
import TestSupport
import Testing

/// A file that is still being copied is told from a whole one.
@Suite struct ImageEndingTests {
    private let sandbox: Sandbox
    init() throws { sandbox = try Sandbox() }

    private func isComplete(_ bytes: [UInt8]) throws -> Bool {
        try sandbox.drop([Array("a".utf8)], bytes)
        return try ImageEnding.isComplete(OpenFile.open(FileName(ours: "a"), in: sandbox.inbox))
    }

    private static var raster: Raster {
        var raster = Raster(width: 97, height: 61)
        for index in raster.pixels.indices { raster.pixels[index] = UInt8(truncatingIfNeeded: index &* 2_654_435_761 >> 7) }
        return raster
    }

    private static let images: [[UInt8]] = [
        (try? ImageEncoder.jpeg(raster, quality: 95)) ?? [],
        (try? ImageEncoder.jpeg(raster, quality: 20, comment: "FF D9")) ?? [],
        (try? ImageEncoder.png(raster)) ?? [], (try? ImageEncoder.png(raster, text: ["Papilla": "PHANTOM"])) ?? [],
    ]

    @Test(arguments: images) func whatIsCutAnywhereIsNotComplete(image: [UInt8]) throws {
        #expect(image.count > 500)
        #expect(try isComplete(image))
        for length in stride(from: 1, to: image.count, by: 13) {
            #expect(try !isComplete(Array(image.prefix(length))), "\(length) of \(image.count)")
        }
        #expect(try !isComplete(Array(image.dropLast())))
        // Space that was reserved and is not written yet.
        #expect(try !isComplete(image.prefix(image.count / 2) + [UInt8](repeating: 0, count: image.count / 2)))
    }

    @Test(arguments: images) func whatFollowsTheEndDoesNotMatter(image: [UInt8]) throws {
        #expect(try isComplete(image + [1, 2, 3, 0xFF]))
    }

    @Test func anythingElseIsForTheDecoder() throws {
        #expect(try isComplete(Array("hello".utf8)))
        #expect(try isComplete([0x49, 0x49, 0x2A, 0x00]))
        #expect(try isComplete([UInt8](repeating: 0, count: 128) + Array("DICM".utf8)))
        #expect(try !isComplete([UInt8](repeating: 0, count: 5000)))
        // A segment of length 0 is malformed, not short.
        #expect(try isComplete([0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x00, 0x00]))
        #expect(try !isComplete([0xFF]))
        #expect(try !isComplete([0x89, 0x50, 0x4E]))
    }
}
