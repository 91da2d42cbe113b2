import Imaging
import Screening
import TestSupport
import Testing

/// PNG and JPEG files put together byte by byte.
private enum Made {
    static func number(_ value: Int, _ count: Int, little: Bool = false) -> [UInt8] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return little ? bytes : bytes.reversed()
    }

    /// - Parameter rows: without the filter's byte.
    static func png(
        _ rows: [[UInt8]], width: Int, depth: Int = 8, kind: Int, before: [[UInt8]] = [], after: [UInt8] = []
    ) -> [UInt8] {
        let header = number(width, 4) + number(rows.count, 4) + [UInt8(depth), UInt8(kind), 0, 0, 0]
        return RawPNG.signature + RawPNG.chunk("IHDR", header) + before.joined()
            + RawPNG.chunk("IDAT", RawPNG.stored(rows.flatMap { [0] + $0 } + after)) + RawPNG.chunk("IEND", [])
    }

    /// An EXIF block with one entry, orientation, its value inline or behind.
    static func exif(type: Int, count: Int, value: [UInt8], little: Bool) -> [UInt8] {
        func n(_ value: Int, _ count: Int) -> [UInt8] { number(value, count, little: little) }
        let inline = value.count <= 4
        return Array((little ? "II" : "MM").utf8) + n(42, 2) + n(8, 4) + n(1, 2) + n(0x112, 2) + n(type, 2) + n(count, 4)
            + (inline ? value + [UInt8](repeating: 0, count: 4 - value.count) : n(26, 4)) + n(0, 4) + (inline ? [] : value)
    }

    static func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
        [0xFF, marker] + number(content.count + 2, 2) + content
    }

    /// A JPEG with more bytes behind its first segment, or right behind its beginning.
    static func jpeg(_ raster: Raster, adding bytes: [UInt8], atBeginning: Bool = false) throws -> [UInt8] {
        var file = try ImageEncoder.jpeg(raster, quality: 95)
        file.insert(contentsOf: bytes, at: atBeginning ? 2 : 4 + Int(file[4]) << 8 + Int(file[5]))
        return file
    }
}

private let wide = Raster(width: 16, height: 8, fill: (200, 120, 60))

private func reason(_ bytes: [UInt8]) -> Reason? {
    do {
        _ = try ImageDecoder.decode(bytes)
        return nil
    } catch { return error.reason }
}

@Suite struct OrientationTests {
    /// The bytes of one number of a type, or nil for types that are none of TIFF's.
    private static func value(_ number: Int, type: Int, little: Bool) -> [UInt8]? {
        func n(_ count: Int) -> [UInt8] { Made.number(number, count, little: little) }
        switch type {
        case 1, 6, 7: return [UInt8(truncatingIfNeeded: number)]
        case 2: return Array("\(number)".utf8)
        case 3, 8: return n(2)
        case 4, 9, 13: return n(4)
        case 5, 10: return Made.number(3 * number, 4, little: little) + Made.number(3, 4, little: little)
        case 11: return Made.number(Int(Float(number).bitPattern), 4, little: little)
        case 12: return Made.number(Int(bitPattern: UInt(Double(number).bitPattern)), 8, little: little)
        case 16, 17, 18: return n(8)
        default: return nil
        }
    }

    private func isTurned(_ bytes: [UInt8]) throws -> Bool { try ImageDecoder.decode(bytes).raster.width == 8 }

    @Test("B6: orientation counts in every type, count, byte order and container", arguments: 0...20)
    func everyType(_ type: Int) throws {
        for little in [true, false] {
            for count in 1...9 {
                for number in 0...9 {
                    guard let one = Self.value(number, type: type, little: little) else {
                        let block = Made.exif(type: type, count: 1, value: [0, 6, 0, 6], little: little)
                        #expect(try !isTurned(Made.jpeg(wide, adding: Made.segment(0xE1, Array("Exif\0\0".utf8) + block))))
                        continue
                    }
                    // A text is its digit, and zeros behind it.
                    let more = type == 2 ? [UInt8](repeating: 0, count: count - 1) : (1..<count).flatMap { _ in one }
                    let block = Made.exif(type: type, count: count, value: one + more, little: little)
                    let expected = (5...8).contains(number)
                    let jpeg = try Made.jpeg(wide, adding: Made.segment(0xE1, Array("Exif\0\0".utf8) + block))
                    #expect(try isTurned(jpeg) == expected, "JPEG, type \(type), count \(count), \(number)")
                    let rows = [[UInt8]](repeating: [UInt8](repeating: 9, count: 16), count: 8)
                    let png = Made.png(rows, width: 16, kind: 0, before: [RawPNG.chunk("eXIf", block)])
                    #expect(try isTurned(png) == expected, "PNG, type \(type), count \(count), \(number)")
                }
            }
        }
    }

    @Test("B6: what makes no sense is orientation 1, and never read past its end")
    func nonsense() throws {
        let good = Made.exif(type: 4, count: 3, value: [0, 0, 0, 6, 0, 0, 0, 6, 0, 0, 0, 6], little: false)
        for end in 0..<good.count {
            #expect(try !isTurned(Made.jpeg(wide, adding: Made.segment(0xE1, Array("Exif\0\0".utf8) + good[..<end]))), "\(end)")
        }
        var random = SeededGenerator(state: 6)
        for _ in 0..<500 {
            var block = good
            for _ in 0..<3 { block[.random(in: 0..<block.count, using: &random)] = .random(in: 0...255, using: &random) }
            _ = try ImageDecoder.decode(Made.jpeg(wide, adding: Made.segment(0xE1, Array("Exif\0\0".utf8) + block)))
        }
    }

    @Test("B6: the first EXIF that is understood counts, and XMP where no EXIF says anything")
    func several() throws {
        let none = Made.segment(0xE1, Array("Exif\0\0".utf8) + Made.exif(type: 3, count: 1, value: [0, 0], little: true))
        let six = Made.segment(0xE1, Array("Exif\0\0".utf8) + Made.exif(type: 3, count: 1, value: [6, 0], little: true))
        let one = Made.segment(0xE1, Array("Exif\0\0".utf8) + Made.exif(type: 3, count: 1, value: [1, 0], little: true))
        func xmp(_ text: String) -> [UInt8] { Made.segment(0xE1, Array("http://ns.adobe.com/xap/1.0/\0<x \(text)/>".utf8)) }
        #expect(try isTurned(Made.jpeg(wide, adding: none + six)))
        #expect(try isTurned(Made.jpeg(wide, adding: xmp("tiff:Orientation=\"6\""))))
        #expect(try isTurned(Made.jpeg(wide, adding: xmp("><tiff:Orientation>8</tiff:Orientation"))))
        #expect(try !isTurned(Made.jpeg(wide, adding: xmp("tiff:Orientation=\"6\"") + one)))
        #expect(try !isTurned(Made.jpeg(wide, adding: xmp("tiff:Orientation=\"60\""))))
    }
}

@Suite struct DamageTests {
    @Test("B7: a palette that is too short for its pixels is damage", arguments: [1, 2, 4, 8])
    func shortPalette(_ depth: Int) throws {
        // Eight pixels: the last one names the second colour.
        var row = [UInt8](repeating: 0, count: depth)
        row[depth - 1] |= 1
        func file(_ colours: Int) -> [UInt8] {
            let palette = RawPNG.chunk("PLTE", (0..<3 * colours).map { UInt8(40 + $0) })
            return Made.png([row], width: 8, depth: depth, kind: 3, before: [palette])
        }
        #expect(reason(file(1))?.code == .corrupt)
        #expect(throws: ImageError.self) { try ImageDecoder.decodeMask(file(1)) }
        #expect(try ImageDecoder.decode(file(2)).raster.pixels.suffix(3) == [43, 44, 45])
    }

    @Test("B7: what libpng only warns of is damage where it touches pixels, and harmless where it does not")
    func warnings() throws {
        let rows: [[UInt8]] = [[10, 20, 30], [40, 50, 60]]
        func file(_ chunks: [[UInt8]], kind: Int = 2) -> [UInt8] { Made.png(rows, width: 1, kind: kind, before: chunks) }
        #expect(reason(file([])) == nil)
        #expect(reason(file([RawPNG.chunk("tRNS", [0, 1])]))?.code == .corrupt, "a transparent colour of a wrong length")
        #expect(reason(file([RawPNG.chunk("PLTE", [1, 2])])) == nil, "a suggestion")
        #expect(reason(Made.png(rows, width: 1, kind: 2, after: [0, 1, 2, 3])) == nil, "rows behind the last one")
        var sum = file([])
        // The checksum of the deflated data, with that of its chunk put right.
        let place = sum.count - 12 - 8
        sum[place] ^= 1
        let begin = try #require(sum.indices.first { sum[$0...].starts(with: Array("IDAT".utf8)) })
        sum.replaceSubrange((begin - 4)..<(place + 8), with: RawPNG.chunk("IDAT", Array(sum[(begin + 4)..<(place + 4)])))
        #expect(reason(sum)?.code == .corrupt)
    }

    @Test("B8: stray bytes between the segments of a header are passed over, and no pixel changes", arguments: [false, true])
    func strayBytes(atBeginning: Bool) throws {
        let expected = try ImageDecoder.decode(Made.jpeg(wide, adding: [])).raster
        for stray in [[0], [0xFF], [0xFF, 0x00], [1, 2, 3], [UInt8](repeating: 0x55, count: 40)] as [[UInt8]] {
            let file = try Made.jpeg(wide, adding: stray, atBeginning: atBeginning)
            #expect(try ImageDecoder.decode(file).raster == expected, "\(stray)")
        }
        // What an Adobe segment says of the colours must not get lost.
        let hidden: [UInt8] = [0xFE, 0xEE, 0, 14] + Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 0]
        #expect(reason(try Made.jpeg(wide, adding: hidden))?.code == .corrupt)
    }

    @Test("D4: a height that comes later and Apple's own PNG are named as what they are")
    func variants() throws {
        var late = try Made.jpeg(wide, adding: [])
        let frame = try #require(late.indices.first { late[$0...].starts(with: [0xFF, 0xC0]) })
        late.replaceSubrange(frame + 5...frame + 6, with: [0, 0])
        #expect(reason(late)?.code == .corrupt)
        late.insert(contentsOf: [0xFF, 0xDC, 0, 4, 0, 8], at: late.count - 2)
        #expect(reason(late)?.code == .unsupportedFormat && reason(late)?.detail.contains("DNL") == true)
        var apple = Made.png([[1, 2, 3]], width: 1, kind: 2)
        apple.insert(contentsOf: RawPNG.chunk("CgBI", [0x50, 0, 0x20, 2]), at: 8)
        #expect(reason(apple)?.code == .unsupportedFormat && reason(apple)?.detail.contains("CgBI") == true)
    }
}

@Suite struct AlphaTests {
    @Test("B9: alpha that is the same everywhere is unused: the colours count", arguments: [0, 1, 128, 255] as [UInt8])
    func constant(_ alpha: UInt8) throws {
        let image = try ImageDecoder.decode(Made.png([[90, 80, 70, alpha, 30, 20, 10, alpha]], width: 2, kind: 6))
        #expect(image.raster.pixels == [90, 80, 70, 30, 20, 10])
        #expect(image.hiddenShare == 0)
        #expect(
            try ImageDecoder.decode(Made.png([[90, alpha, 30, alpha]], width: 2, kind: 4)).raster.pixels == [
                90, 90, 90, 30, 30, 30,
            ])
        let palette = [RawPNG.chunk("PLTE", [9, 8, 7, 6, 5, 4]), RawPNG.chunk("tRNS", [alpha, alpha])]
        #expect(
            try ImageDecoder.decode(Made.png([[0, 1]], width: 2, kind: 3, before: palette)).raster.pixels == [9, 8, 7, 6, 5, 4])
        #expect(try ImageDecoder.decodeMask(Made.png([[90, alpha, 30, alpha]], width: 2, kind: 4)).pixels == [90, 30])
    }

    @Test("B9: alpha that varies is laid on black, and the share that it hides is told")
    func varying() throws {
        let image = try ImageDecoder.decode(Made.png([[90, 80, 70, 0, 30, 20, 10, 255, 30, 20, 10, 0]], width: 3, kind: 6))
        #expect(image.raster.pixels == [0, 0, 0, 30, 20, 10, 0, 0, 0])
        #expect(abs(image.hiddenShare - 2.0 / 3) < 1e-9)
    }
}

@Suite struct ColourSpaceTests {
    private func profile(gamma: Double, swapped: Bool = false) -> [UInt8] { ColourProfile.made(gamma: gamma, swapped: swapped) }

    private func jpeg(_ profile: [UInt8], parts: Int = 1) throws -> [UInt8] {
        let size = (profile.count + parts - 1) / parts
        let segments = (0..<parts).flatMap { part in
            Made.segment(
                0xE2, Array("ICC_PROFILE\0".utf8) + [UInt8(part + 1), UInt8(parts)] + profile.dropFirst(part * size).prefix(size))
        }
        return try Made.jpeg(wide, adding: segments)
    }

    private func png(_ value: UInt8, _ chunks: [[UInt8]], depth: Int = 8) -> [UInt8] {
        let pixel = [UInt8](repeating: value, count: 3 * depth / 8)
        return Made.png([pixel], width: 1, depth: depth, kind: 2, before: chunks)
    }

    @Test("B11: a profile that is not sRGB is converted, in one segment or several, and named", arguments: [1, 3])
    func converted(parts: Int) throws {
        let plain = try ImageDecoder.decode(jpeg([], parts: 1)).raster
        let image = try ImageDecoder.decode(jpeg(profile(gamma: 2.2, swapped: true), parts: parts))
        #expect(image.colourSpace == "Made" && image.colourProblem == nil)
        #expect(
            abs(Int(image.raster.pixels[0]) - Int(plain.pixels[2])) <= 4
                && abs(Int(image.raster.pixels[2]) - Int(plain.pixels[0])) <= 4)
        let light = try ImageDecoder.decode(jpeg(profile(gamma: 1.0), parts: parts)).raster
        // 60 of 255 of light is 133 in sRGB.
        #expect(abs(Int(light.pixels[2]) - 133) <= 4)
    }

    @Test("B11: sRGB by content, also slightly off, changes no pixel")
    func standard() throws {
        let plain = try ImageDecoder.decode(Made.jpeg(wide, adding: []))
        #expect(plain.colourSpace == nil && plain.colourProblem == nil)
        let chunks: [[UInt8]] = [
            RawPNG.chunk("sRGB", [0]), RawPNG.chunk("gAMA", Made.number(45455, 4)), RawPNG.chunk("gAMA", Made.number(45000, 4)),
        ]
        for chunk in chunks {
            let image = try ImageDecoder.decode(png(77, [chunk]))
            #expect(image.colourSpace == "sRGB" && image.raster.pixels == [77, 77, 77])
        }
    }

    @Test("B11: PNG's gamma counts, also of 16 linear bits; masks keep their values")
    func gamma() throws {
        let linear = RawPNG.chunk("gAMA", Made.number(100_000, 4))
        for depth in [8, 16] {
            let image = try ImageDecoder.decode(png(60, [linear], depth: depth))
            #expect(image.raster.pixels.allSatisfy { abs(Int($0) - 133) <= 1 }, "\(image.raster.pixels)")
            #expect(image.colourSpace == "gamma 1")
        }
        // A dark end that tables for 8 bits would lose: 200 of 65535 is 10 of 255.
        let dark = Made.png([[0, 200, 0, 200, 0, 200]], width: 1, depth: 16, kind: 2, before: [linear])
        #expect(try ImageDecoder.decode(dark).raster.pixels.allSatisfy { abs(Int($0) - 10) <= 1 })
        #expect(try ImageDecoder.decodeMask(png(60, [linear])).pixels == [60])
        let grey = Made.png([[60]], width: 1, kind: 0, before: [linear])
        #expect(try ImageDecoder.decode(grey).raster.pixels.allSatisfy { abs(Int($0) - 133) <= 1 })
    }

    @Test("B11: hostile profiles are left out with a word, and do nothing else")
    func hostile() throws {
        let plain = try ImageDecoder.decode(Made.jpeg(wide, adding: [])).raster
        for bytes in [[], [0], [UInt8](repeating: 0xFF, count: 500), Array(profile(gamma: 1).prefix(140))] as [[UInt8]] {
            let image = try ImageDecoder.decode(jpeg(bytes))
            #expect(image.raster == plain && image.colourProblem != nil)
        }
        var random = SeededGenerator(state: 11)
        for _ in 0..<300 {
            var bytes = profile(gamma: 1.8)
            for _ in 0..<8 { bytes[.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random) }
            #expect(try ImageDecoder.decode(jpeg(bytes)).raster.pixels.count == plain.pixels.count)
        }
        let odd = try ImageDecoder.decode(png(60, [RawPNG.chunk("gAMA", Made.number(1, 4))]))
        #expect(odd.raster.pixels == [60, 60, 60] && odd.colourProblem != nil)
    }
}
