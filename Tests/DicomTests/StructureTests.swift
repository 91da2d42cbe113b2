import Imaging
import Screening
import TestSupport
import Testing

@testable import Dicom

/// The walk through a file's structure: what it lets pass, what it refuses by name, and that nothing makes it stop or stray.
@Suite("The structure of a DICOM file")
struct StructureTests {
    private let raster = Raster(width: 5, height: 4, fill: (10, 20, 30))

    private func file(_ bytes: [UInt8]) -> FileBytes<Never> {
        FileBytes(bytes)
    }

    private func walk(_ bytes: [UInt8]) -> Result<DicomStructure, DicomStructure.Refusal> {
        var file = file(bytes)
        return DicomStructure.walk(&file)
    }

    private func code(_ bytes: [UInt8]) -> Reason.Code? {
        if case .failure(let refusal) = walk(bytes) { refusal.code } else { nil }
    }

    private func words(_ bytes: [UInt8]) -> String {
        if case .failure(let refusal) = walk(bytes) { refusal.words } else { "passed" }
    }

    private func isWhole(_ bytes: [UInt8]) -> Bool? {
        var file = file(bytes)
        return DicomFile.isWhole(&file)
    }

    /// A picture, uncompressed or as JPEG.
    private func sample(_ syntax: String) throws -> DicomSample {
        var sample = DicomSample(syntax: syntax)
        sample.put(0x0010_0020, "LO", "P-1")
        if syntax == DicomSample.jpeg {
            sample.draw(jpegs: [try ImageEncoder.jpeg(raster)], width: 5, height: 4)
        } else {
            sample.draw([raster])
        }
        return sample
    }

    @Test("A file is claimed by its mark alone, whatever its free bytes hold")
    func claim() throws {
        var bytes = try sample(DicomSample.explicit).bytes
        #expect(DicomFile.claim(bytes) == .mine)
        bytes.replaceSubrange(0..<3, with: [0xFF, 0xD8, 0xFF])
        #expect(DicomFile.claim(bytes) == .mine)
        #expect(DicomFile.claim(Array(bytes.prefix(131))) == .other && DicomFile.claim([]) == .other)
        bytes[128] = 0
        #expect(DicomFile.claim(bytes) == .other && isWhole(bytes) == nil)
    }

    @Test(
        "A file is whole at its end and at no byte before",
        arguments: [DicomSample.explicit, DicomSample.implicit, DicomSample.jpeg])
    func wholeness(syntax: String) throws {
        let bytes = try sample(syntax).bytes
        guard case .success(let structure) = walk(bytes) else { return #expect(Bool(false), "\(words(bytes))") }
        #expect(structure.syntax == syntax && structure.sopClass == DicomSample.photography)
        #expect(isWhole(bytes) == true)
        for length in 132..<bytes.count {
            #expect(
                isWhole(Array(bytes.prefix(length))) == false,
                "\(length) of \(bytes.count): \(words(Array(bytes.prefix(length))))")
        }
        let start = try #require(structure.pixels.map { Int($0) })
        #expect(Array(bytes[start..<start + 4]) == [0xE0, 0x7F, 0x10, 0x00])
    }

    @Test("What is not read is refused by name")
    func unread() throws {
        func refused(_ syntax: String, _ sopClass: String = DicomSample.photography) -> String {
            let bytes = DicomSample(syntax: syntax, sopClass: sopClass).bytes
            #expect(code(bytes) == .unsupportedFormat)
            return words(bytes)
        }
        #expect(refused("1.2.840.10008.1.2.1.99").contains("deflated"))
        #expect(refused("1.2.840.10008.1.2.4.102").contains("video"))
        #expect(refused("1.2.840.10008.1.2.4.201").contains("high-throughput"))
        #expect(refused("1.2.3.4").contains("not known"))
        #expect(refused(DicomSample.explicit, "1.2.840.10008.5.1.4.1.1.77.1.1.1").contains("endoscopy video"))
        #expect(refused(DicomSample.explicit, "1.2.840.10008.5.1.4.1.1.88.33").contains("structured report"))
    }

    /// Sequences in one another, so many.
    private func nested(_ depth: Int, isImplicit: Bool, isDefined: Bool) throws -> [UInt8] {
        var content: [UInt8] = []
        let end = DicomSample.little(0xFFFE) + DicomSample.little(0xE0DD) + DicomSample.long(0)
        let itemEnd = DicomSample.little(0xFFFE) + DicomSample.little(0xE00D) + DicomSample.long(0)
        for _ in 0..<depth {
            content =
                isDefined
                ? DicomSample.element(0x0008_1140, "SQ", DicomSample.item(content), isImplicit: isImplicit)
                : DicomSample.element(
                    0x0008_1140, "SQ", DicomSample.item(content + itemEnd, length: .max) + end, length: .max,
                    isImplicit: isImplicit)
        }
        return try sample(isImplicit ? DicomSample.implicit : DicomSample.explicit).bytes + content
    }

    @Test("Nesting is bounded, however it is written", arguments: [false, true], [false, true])
    func nesting(isImplicit: Bool, isDefined: Bool) throws {
        let most = DicomStructure.maximumDepth / 2
        #expect(code(try nested(most, isImplicit: isImplicit, isDefined: isDefined)) == nil)
        let deep = try nested(most + 1, isImplicit: isImplicit, isDefined: isDefined)
        #expect(code(deep) == .corrupt && words(deep).contains("nested"))
        let deeper = try nested(2000, isImplicit: isImplicit, isDefined: isDefined)
        #expect(code(deeper) == .corrupt && words(deeper).contains("nested") && isWhole(deeper) == true)
    }

    @Test("Lengths that lie, marks out of place and endless lists are refused")
    func lies() throws {
        let good = try sample(DicomSample.explicit).bytes
        let sequence = DicomSample.item(DicomSample.element(0x0008_0100, "SH", [], length: 40, isImplicit: false))
        #expect(
            code(good + DicomSample.element(0x0009_0010, "SQ", sequence, isImplicit: false) + [UInt8](repeating: 0, count: 80))
                == .corrupt)
        let mark = DicomSample.little(0xFFFE) + DicomSample.little(0xE0DD) + DicomSample.long(0)
        #expect(words(good + mark).contains("out of place"))
        #expect(words(good + DicomSample.item([1, 2])).contains("out of place"))
        #expect(words(good + [0x09, 0x00, 0x10, 0x00, 0, 0, 0, 0]).contains("value representation"))
        let small = DicomSample.element(0x0009_0010, "SH", [], isImplicit: false)
        let many = good + [[UInt8]](repeating: small, count: DicomStructure.maximumElements).flatMap(\.self)
        #expect(words(many).contains("more than"))
        var pixels = try sample(DicomSample.jpeg)
        pixels.put(0x7FE0_0010, "OB", bytes: [1, 2, 3, 4, 5, 6, 7, 8], length: .max)
        #expect(words(pixels.bytes).contains("fragments"))
        let start = try #require(good.indices.first { good[$0...].starts(with: [0x08, 0x00, 0x16, 0x00]) })
        let end = try #require(good.indices.first { good[$0...].starts(with: [0xE0, 0x7F, 0x10, 0x00]) })
        #expect(words(Array(good[..<start] + good[end...])).contains("pixels before"))
        #expect(code(Array("a text that is none".utf8)) == .notAnImage)
    }

    @Test("Whatever is changed, the walk ends and says something")
    func mutations() throws {
        var random = SeededGenerator(20_261_129)
        let seeds = try [DicomSample.explicit, DicomSample.implicit, DicomSample.jpeg].map { try sample($0).bytes }
        var passed = 0
        for turn in 0..<3000 {
            var bytes = seeds[turn % seeds.count]
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 128..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if turn.isMultiple(of: 3) { bytes.removeLast(Int.random(in: 0..<bytes.count - 132, using: &random)) }
            if case .success = walk(bytes) { passed += 1 }
            _ = isWhole(bytes)
        }
        #expect(passed > 0 && passed < 3000)
    }
}
