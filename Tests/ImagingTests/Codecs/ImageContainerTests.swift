import Screening
import Testing

@testable import Imaging

/// What every container owes, whatever kind of file it is.
@Suite struct ImageContainerTests {
    private static let images: [(kind: any ImageContainer.Type, bytes: [UInt8])] = {
        var raster = Raster(width: 61, height: 37)
        for index in raster.pixels.indices { raster.pixels[index] = UInt8(truncatingIfNeeded: index &* 2_654_435_761 >> 7) }
        return [(Jpeg.self, (try? ImageEncoder.jpeg(raster)) ?? []), (Png.self, (try? ImageEncoder.png(raster)) ?? [])]
    }()

    /// A file in memory, whose reads are counted.
    private func file(_ bytes: [UInt8]) -> FileBytes<Never> {
        FileBytes(size: Int64(bytes.count)) { offset, count in
            guard offset < bytes.count else { return [] }
            return Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + count)])
        }
    }

    @Test("Every file is claimed by its own container and by no other, from its beginning alone")
    func claims() throws {
        for (kind, bytes) in Self.images {
            #expect(ImageFile.containers.map { $0.claim(bytes) == .mine } == ImageFile.containers.map { $0 == kind })
            #expect(kind.claim(Array(bytes.prefix(132))) == .mine && kind.claim([]) == .other)
            for length in 1...8 {
                let others = ImageFile.containers.filter { $0.claim(Array(bytes.prefix(length))) != .other }
                #expect(others.count == 1 && others[0] == kind, "\(length)")
            }
            #expect(kind.claim(Array("a text".utf8)) == .other)
        }
    }

    @Test("A file is whole at its end mark and at no byte before; what is another's is not judged")
    func wholeness() throws {
        for (kind, bytes) in Self.images {
            #expect(ImageFile.isWhole(file(bytes)) && ImageFile.isWhole(file(bytes + [1, 2, 3])))
            for length in 0..<bytes.count { #expect(!ImageFile.isWhole(file(Array(bytes.prefix(length)))), "\(length)") }
            for other in ImageFile.containers where other != kind {
                var file = file(bytes)
                #expect(other.isWhole(&file) == nil)
            }
        }
        #expect(ImageFile.isWhole(file(Array("a text".utf8))) && !ImageFile.isWhole(file([UInt8](repeating: 0, count: 999))))
    }

    @Test("A read that fails is what the look at a file fails with")
    func failure() {
        struct Broken: Error {}
        let broken = FileBytes<Broken>(size: 100) { _, _ throws(Broken) in throw Broken() }
        #expect(throws: Broken.self) { try ImageFile.isWhole(broken) }
        #expect(throws: Broken.self) { try ImageFile.identity(in: broken) }
    }

    @Test("JPEG and PNG hold one frame, the decoder's, and name nobody")
    func framesAndIdentity() throws {
        for (kind, bytes) in Self.images {
            let container = try ImageFile.open(bytes)
            #expect(type(of: container) == kind && container.frameCount == 1)
            #expect(try container.frame(1) == ImageDecoder.decode(bytes) && container.frame(1).format == kind.format)
            #expect(ImageFile.identity(in: file(bytes)).statement == IdentityStatement(from: .container))
        }
        #expect(ImageFile.identity(in: file(Array("a text".utf8))).statement == IdentityStatement(from: .container))
    }

    @Test("A header beyond the limits is refused before pixels are asked for")
    func limits() {
        for (_, bytes) in Self.images {
            let error = #expect(throws: ImageError.self) {
                try ImageFile.open(bytes, limits: ImageLimits(maximumPixels: 61 * 37 - 1))
            }
            #expect(error?.reason.code == .tooLarge)
        }
    }
}
