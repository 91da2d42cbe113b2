import Imaging
import Screening
import Testing

/// The code of the reason for which bytes are refused, or nil where they are read.
private func refusal(_ bytes: [UInt8], limits: ImageLimits = .init()) -> Reason.Code? {
    do {
        _ = try ImageDecoder.decode(bytes, limits: limits)
        return nil
    } catch { return error.reason.code }
}

@Suite struct ImageDecoderTests {
    @Test func thereAreFixtures() {
        #expect(CodecFixture.all.count > 90)
        #expect(CodecFixture.all.contains { $0.error != nil })
    }

    @Test(arguments: CodecFixture.all.filter { $0.error == nil })
    func everyKindGivesItsPixels(_ fixture: CodecFixture) throws {
        let image = try ImageDecoder.decode(fixture.bytes)
        #expect(image.raster.width == fixture.width)
        #expect(image.raster.height == fixture.height)
        #expect(image.format == (fixture.name.hasPrefix("png") ? .png : .jpeg))
        #expect(image.isPhantom == fixture.phantom)
        let expected = try #require(fixture.rgb)
        #expect(image.raster.pixels.count == expected.count)
        #expect(largestDifference(image.raster.pixels, expected) <= fixture.tolerance)
    }

    @Test(arguments: CodecFixture.all.filter { $0.grey != nil })
    func masksKeepTheirGreyValues(_ fixture: CodecFixture) throws {
        let image = try ImageDecoder.decodeMask(fixture.bytes)
        #expect(image.width == fixture.width)
        #expect(image.height == fixture.height)
        #expect(image.pixels == fixture.grey.map { [UInt8]($0) })
    }

    @Test(arguments: CodecFixture.all.filter { $0.error != nil })
    func damagedAndForeignKindsAreRefused(_ fixture: CodecFixture) throws {
        #expect(refusal(fixture.bytes)?.rawValue == fixture.error)
    }

    @Test(arguments: CodecFixture.all.filter { $0.error == nil && !$0.name.contains("after the end") })
    func everyCutIsSeen(_ fixture: CodecFixture) {
        let bytes = fixture.bytes
        for count in 1..<bytes.count {
            #expect(refusal([UInt8](bytes[..<count])) == .truncated, "cut at \(count) of \(bytes.count)")
        }
    }

    @Test func mutationsNeverCrashAndNeverChangeTheSizeSilently() throws {
        let fixtures = CodecFixture.all
        try #require(!fixtures.isEmpty)
        var random = SeededGenerator(state: 20_261_124)
        let limits = ImageLimits(maximumPixels: 1_000_000)
        var refused = 0
        for round in 0..<3000 {
            var bytes = fixtures[round % fixtures.count].bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] =
                    round % 2 == 0
                    ? bytes[place] ^ (1 << UInt8.random(in: 0..<8, using: &random)) : .random(in: 0...255, using: &random)
            }
            do {
                let image = try ImageDecoder.decode(bytes, limits: limits)
                #expect(image.raster.pixels.count == image.raster.width * image.raster.height * 3)
            } catch { refused += 1 }
            if let mask = try? ImageDecoder.decodeMask(bytes, limits: limits) {
                #expect(mask.pixels.count == mask.width * mask.height)
            }
        }
        #expect(refused > 1000)
    }

    @Test func limitsHoldOnBothSides() throws {
        let bytes = try CodecFixture.named("jpeg baseline")
        #expect(refusal(bytes, limits: ImageLimits(maximumBytes: bytes.count, maximumPixels: 24 * 16)) == nil)
        #expect(refusal(bytes, limits: ImageLimits(maximumBytes: bytes.count - 1)) == .tooLarge)
        #expect(refusal(bytes, limits: ImageLimits(maximumPixels: 24 * 16 - 1)) == .tooLarge)
    }

    @Test func memoryThatIsNotThereIsAnError() throws {
        // A header of a billion by a billion, and nobody who minds.
        var bytes = [UInt8](try CodecFixture.named("png header of 40000 x 40000"))
        bytes.replaceSubrange(16..<24, with: [0x3B, 0x9A, 0xCA, 0, 0x3B, 0x9A, 0xCA, 0])
        #expect(refusal(bytes, limits: ImageLimits(maximumPixels: .max)) == .outOfMemory)
        bytes.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
        #expect(refusal(bytes, limits: ImageLimits(maximumPixels: .max)) == .tooLarge)
    }

    @Test func refusalsExplainThemselves() throws {
        let bytes = try CodecFixture.named("png header of 40000 x 40000")
        let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(bytes) }
        #expect(
            error?.reason.detail
                == "The image has 40000 x 40000 pixels, 1600000000 in all; at most 100000000 are read.")
    }

    @Test func greyIsJudgedOnPixels() throws {
        #expect(try ImageDecoder.decode(CodecFixture.named("jpeg grey")).isGreyscale)
        #expect(try !ImageDecoder.decode(CodecFixture.named("jpeg baseline")).isGreyscale)
        var raster = Raster(width: 20, height: 20, fill: (100, 108, 100))
        #expect(DecodedImage(raster: raster, format: .png).isGreyscale)
        raster.pixels[0...2] = [100, 109, 100]
        raster.pixels[3...5] = [200, 20, 20]
        #expect(DecodedImage(raster: raster, format: .png).isGreyscale, "2 of 400 pixels are half a percent")
        raster.pixels[6...8] = [200, 20, 20]
        #expect(!DecodedImage(raster: raster, format: .png).isGreyscale)
    }
}

@Suite struct GreenImageTests {
    @Test func whatIsGreenNearlyEverywhere() {
        var raster = Raster(width: 20, height: 40, fill: (90, 120, 80))
        #expect(raster.isGreen)
        // A black surround has no colour to count, and the disc may be white.
        for index in 0..<3 * 20 * 20 { raster.pixels[index] = 0 }
        #expect(raster.isGreen)
        for index in 3 * 20 * 36..<3 * 20 * 37 { raster.pixels[index] = 255 }
        #expect(!raster.isGreen, "one row in five")
        #expect(!Raster(width: 20, height: 40, fill: (120, 90, 40)).isGreen)
        #expect(!Raster(width: 20, height: 40, fill: (0, 30, 0)).isGreen, "dark")
    }
}

@Suite struct ImageSignatureTests {
    @Test func otherFormatsAreNamed() throws {
        let zeros = [UInt8](repeating: 0, count: 128)
        var begun: [([UInt8], String)] = [
            ([0xFF, 0x4F, 0xFF, 0x51], "JPEG 2000"),
            ([0xFF, 0x0A], "JPEG XL"),
        ]
        for (text, name) in [
            ("II*\0", "TIFF"), ("MM\0*", "TIFF"), ("II+\0", "TIFF"), ("MM\0+", "TIFF"), ("GIF87a", "GIF"), ("GIF89a", "GIF"),
            ("RIFF....WEBPVP8 ", "WebP"), ("RIFF....AVI LIST", "AVI"), ("BM", "BMP"), ("\0\0\0\u{18}ftypheic", "HEIC"),
            ("\0\0\0\u{18}ftypmif1", "HEIC"), ("\0\0\0\u{18}ftypavif", "AVIF"), ("\0\0\0\u{18}ftypisom", "MP4"),
            ("\0\0\0\u{C}jP  \r\n", "JPEG 2000"), ("\0\0\0\u{C}JXL \r\n", "JPEG XL"), ("%PDF-1.7", "PDF"), ("8BPS", "Photoshop"),
        ] as [(String, String)] {
            begun.append((Array(text.utf8), name))
        }
        var files = begun.map { (bytes: $0.0 + zeros, name: $0.1) }
        files.append((zeros + Array("DICM".utf8), "DICOM"))
        // Both at once: a DICOM file whose free first bytes hold a TIFF header.
        files.append((Array("II*\0".utf8) + zeros.dropFirst(4) + Array("DICM".utf8), "DICOM"))
        for file in files {
            let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(file.bytes) }
            let reason = try #require(error).reason
            #expect(reason.code == .unsupportedFormat)
            #expect(reason.detail.contains(file.name), "\(reason.detail)")
        }
    }

    @Test(arguments: [
        "BMW is a car and this is a text", "id,image,mask\n", "<html>", "{}", "x", "\u{89}PNG as a text", "RIFF", "GIF", "ftyp",
        "JFIF",
    ])
    func textsAreNoImages(_ text: String) {
        #expect(refusal(Array(text.utf8)) == .notAnImage)
    }

    @Test func emptyAndBegunFiles() {
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        #expect(refusal([]) == .empty)
        for count in 1...8 { #expect(refusal([UInt8](png[..<count])) == .truncated) }
        for bytes in [[0xFF], [0xFF, 0xD8], [0xFF, 0xD8, 0xFF], [0xFF, 0xD8, 0xFF, 0xE0, 0, 16]] as [[UInt8]] {
            #expect(refusal(bytes) == .truncated)
        }
        #expect(refusal([0xFF, 0xD8, 0x00]) == .notAnImage)
        #expect(refusal([UInt8](repeating: 0, count: 5000)) == .notAnImage)
    }
}
