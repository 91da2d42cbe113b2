import Imaging
import Screening
import Testing

@Suite struct ImageEncoderTests {
    /// A picture with smooth and rough parts.
    private func picture(_ width: Int, _ height: Int) -> Raster {
        var random = SeededGenerator(state: 4)
        var raster = Raster(width: width, height: height)
        for y in 0..<height {
            for x in 0..<width {
                let place = (y * width + x) * 3
                raster.pixels[place] = UInt8(clamping: 3 * x + y)
                raster.pixels[place + 1] = UInt8(clamping: 200 - 2 * y)
                raster.pixels[place + 2] = x > width / 2 && y > height / 2 ? .random(in: 0...255, using: &random) : 90
            }
        }
        return raster
    }

    @Test(arguments: [(1, 1), (1, 40), (67, 3), (61, 47)])
    func pngKeepsEveryPixel(_ width: Int, _ height: Int) throws {
        let raster = picture(width, height)
        let image = try ImageDecoder.decode(ImageEncoder.png(raster))
        #expect(image.raster == raster)
        #expect(image.format == .png)
        #expect(!image.isPhantom)
    }

    @Test func masksAndGreyImagesKeepTheirValues() throws {
        var random = SeededGenerator(state: 2)
        let mask = Mask.random(53, 31, density: 0.5, rounds: 2, &random)
        #expect(try ImageDecoder.decodeMask(ImageEncoder.png(mask)).pixels == mask.pixels)
        let grey = GreyImage(width: 16, height: 16, pixels: [UInt8](0...255))
        #expect(try ImageDecoder.decodeMask(ImageEncoder.png(grey)) == grey)
        // One byte a pixel: colour type 0, depth 8.
        #expect(try ImageEncoder.png(mask)[24...25] == [8, 0])
    }

    @Test func runsOfEveryLengthAreKept() throws {
        // Row by row a run of one more pixel: copies of every length, and what is left over by the longest ones.
        var mask = Mask(width: 1100, height: 560)
        for y in 0..<mask.height {
            let start = y * mask.width + y % 3
            mask.pixels.replaceSubrange(start..<start + y, with: repeatElement(255, count: y))
        }
        #expect(try ImageDecoder.decodeMask(ImageEncoder.png(mask)).pixels == mask.pixels)
        for (width, height) in [(1, 1), (1, 700), (700, 1), (2000, 900)] {
            for isInside in [false, true] {
                let pixels = [UInt8](repeating: isInside ? 255 : 0, count: width * height)
                let plain = Mask(width: width, height: height, pixels: pixels)
                #expect(try ImageDecoder.decodeMask(ImageEncoder.png(plain)).pixels == plain.pixels, "\(width) x \(height)")
            }
        }
        var random = SeededGenerator(state: 5)
        for density in [0.02, 0.5, 0.98] {
            let speckled = Mask.random(131, 103, density: density, rounds: 0, &random)
            #expect(try ImageDecoder.decodeMask(ImageEncoder.png(speckled)).pixels == speckled.pixels)
        }
    }

    @Test(arguments: [ImageEncoder.Chroma.full, .halved]) func bandsLeaveNoTrace(_ chroma: ImageEncoder.Chroma) throws {
        // Three bands of 256 rows, the last one of a few.
        let raster = picture(83, 523)
        let whole = try ImageDecoder.decode(ImageEncoder.jpeg(raster, chroma: chroma)).raster
        #expect((whole.width, whole.height) == (83, 523))
        // Decoders smooth halved colour over two rows.
        let margin = chroma == .full ? 0 : 2
        for (top, bottom) in [(0, 256), (256, 512), (512, 523)] {
            var part = Raster(width: 83, height: bottom - top)
            part.pixels = Array(raster.pixels[top * 249..<bottom * 249])
            let alone = try ImageDecoder.decode(ImageEncoder.jpeg(part, chroma: chroma)).raster
            let rows = margin * 249..<(bottom - top - margin) * 249
            #expect(whole.pixels[top * 249 + rows.lowerBound..<top * 249 + rows.upperBound].elementsEqual(alone.pixels[rows]))
        }
    }

    @Test func theWidestImageHasBands() throws {
        var raster = Raster(width: 65_500, height: 130)
        for x in 0..<raster.width { raster.pixels[(129 * raster.width + x) * 3 + 1] = UInt8(x / 257) }
        let read = try ImageDecoder.decode(ImageEncoder.jpeg(raster, quality: 100)).raster
        let last = 129 * raster.width
        for x in stride(from: 0, to: raster.width, by: 500) {
            #expect(abs(Int(read.pixels[(last + x) * 3 + 1]) - x / 257) <= 3)
        }
    }

    @Test func textsAreWrittenInOrder() throws {
        let texts = ["Papilla": "PHANTOM seed 7", "Author": "\u{E9}\u{B5}", "Source": ""]
        let bytes = try ImageEncoder.png(picture(8, 8), text: texts)
        #expect(try ImageDecoder.decode(bytes).isPhantom)
        #expect(try bytes == ImageEncoder.png(picture(8, 8), text: texts), "the same pixels and texts give the same bytes")
        func entry(_ key: String, _ value: [UInt8]) -> [UInt8] { Array("tEXt".utf8) + Array(key.utf8) + [0] + value }
        let places = [entry("Author", [0xE9, 0xB5]), entry("Papilla", Array("PHANTOM seed 7".utf8)), entry("Source", [])].map {
            entry in
            bytes.indices.first { bytes[$0...].starts(with: entry) }
        }
        #expect(places.allSatisfy { $0 != nil })
        #expect(places.compactMap { $0 } == places.compactMap { $0 }.sorted())
    }

    @Test(arguments: ["", String(repeating: "k", count: 80), "a\u{0}b", "\u{1F441}"])
    func badKeywordsAreRefused(_ key: String) {
        let error = #expect(throws: PapillaError.self) { try ImageEncoder.png(picture(2, 2), text: [key: "value"]) }
        #expect(error?.code == .badInput)
    }

    @Test func jpegIsCloseAndSaysItsComment() throws {
        let raster = picture(61, 47).resampled(from: Rectangle(x: 0, y: 0, width: 30, height: 20), width: 90, height: 60)
        let full = try ImageEncoder.jpeg(raster, quality: 95, comment: "PHANTOM")
        let image = try ImageDecoder.decode(full)
        #expect(image.isPhantom)
        #expect(image.format == .jpeg)
        #expect(largestDifference(image.raster.pixels, raster.pixels) <= 8)
        let halved = try ImageEncoder.jpeg(raster, quality: 95, chroma: .halved)
        #expect(halved.count < full.count)
        #expect(try !ImageDecoder.decode(halved).isPhantom)
        #expect(try ImageEncoder.jpeg(raster, quality: 20).count < halved.count)
    }

    @Test func aCanvasIsWrittenAsItsPixelsAre() throws {
        let canvas = try Canvas(picture(61, 47))
        #expect(try ImageEncoder.jpeg(canvas, quality: 90) == ImageEncoder.jpeg(canvas.raster(), quality: 90))
    }

    @Test func chromaIsKeptOrHalved() throws {
        // Alternating red and blue columns: only full chroma tells them apart.
        var raster = Raster(width: 32, height: 32)
        for index in 0..<1024 { raster.pixels[index * 3 + (index % 2 == 0 ? 0 : 2)] = 255 }
        let full = try ImageDecoder.decode(ImageEncoder.jpeg(raster, quality: 100)).raster
        let halved = try ImageDecoder.decode(ImageEncoder.jpeg(raster, quality: 100, chroma: .halved)).raster
        #expect(largestDifference(full.pixels, raster.pixels) < 20)
        #expect(largestDifference(halved.pixels, raster.pixels) > 60)
    }

    @Test func largeJpegOutgrowsItsFirstBuffer() throws {
        var random = SeededGenerator(state: 6)
        var raster = Raster(width: 400, height: 300)
        for index in raster.pixels.indices { raster.pixels[index] = .random(in: 0...255, using: &random) }
        let bytes = try ImageEncoder.jpeg(raster, quality: 100)
        #expect(bytes.count > 200_000)
        #expect(largestDifference(try ImageDecoder.decode(bytes).raster.pixels, raster.pixels) < 12)
    }

    @Test func whatCannotBeWrittenIsRefused() {
        func code(_ body: () throws -> [UInt8]) -> PapillaError.Code? {
            (#expect(throws: PapillaError.self) { try body() })?.code
        }
        #expect(code { try ImageEncoder.png(Raster(width: 0, height: 4)) } == .badInput)
        #expect(code { try ImageEncoder.jpeg(Raster(width: 4, height: 0)) } == .badInput)
        #expect(code { try ImageEncoder.jpeg(Raster(width: 65_501, height: 1)) } == .badInput)
        #expect(code { try ImageEncoder.jpeg(Raster(width: 4, height: 4), quality: 0) } == .badInput)
        #expect(
            code { try ImageEncoder.jpeg(Raster(width: 4, height: 4), comment: String(repeating: "x", count: 65_534)) }
                == .badInput)
    }
}
