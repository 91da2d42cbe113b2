import Imaging
import Screening
import Testing

@Suite struct CanvasTests {
    private func pixel(_ raster: Raster, _ x: Int, _ y: Int) -> [UInt8] {
        Array(raster.pixels[(y * raster.width + x) * 3..<(y * raster.width + x) * 3 + 3])
    }

    /// How much of a black canvas was painted white, px².
    private func whiteness(_ raster: Raster) -> Double { Double(raster.pixels.map(Int.init).reduce(0, +)) / 765 }

    private func drawn(_ width: Int = 100, _ height: Int = 80, _ body: (Canvas) -> Void) throws -> Raster {
        let canvas = try Canvas(width: width, height: height)
        body(canvas)
        return try canvas.raster()
    }

    @Test func anImageComesBackUnchanged() throws {
        var random = SeededGenerator(state: 1)
        var raster = Raster(width: 37, height: 21)
        for index in raster.pixels.indices { raster.pixels[index] = .random(in: 0...255, using: &random) }
        #expect(try Canvas(raster).raster() == raster)
    }

    @Test func imagesAreScaledIntoTheirBox() throws {
        let picture = Raster(width: 10, height: 10, fill: (10, 200, 60))
        let raster = try drawn { $0.draw(picture, in: PixelBox(x: 90, y: -5, width: 20, height: 15)) }
        #expect(pixel(raster, 95, 5) == [10, 200, 60])
        #expect(pixel(raster, 89, 5) == [0, 0, 0])
        #expect(pixel(raster, 95, 10) == [0, 0, 0])
    }

    @Test func rectanglesCoverTheirPixels() throws {
        let raster = try drawn { $0.fill(Rectangle(x: 10, y: 20, width: 5, height: 2), .white) }
        #expect(whiteness(raster) == 10)
        #expect(pixel(raster, 10, 20) == [255, 255, 255])
        #expect(pixel(raster, 14, 21) == [255, 255, 255])
        let rounded = try drawn { $0.fill(Rectangle(x: 10, y: 10, width: 40, height: 40), cornerRadius: 10, .white) }
        #expect(abs(whiteness(rounded) - (1600 - (4 - Double.pi) * 100)) < 3)
        #expect(pixel(rounded, 10, 10) == [0, 0, 0])
    }

    @Test func opacityMixes() throws {
        let raster = try drawn {
            $0.fill(Rectangle(x: 0, y: 0, width: 50, height: 80), Colour(0xFF0000))
            $0.fill(Rectangle(x: 0, y: 0, width: 100, height: 80), Colour(0x0000FF, alpha: 0.5))
        }
        #expect(largestDifference(pixel(raster, 20, 20), [127, 0, 128]) <= 1)
        #expect(largestDifference(pixel(raster, 80, 20), [0, 0, 128]) <= 1)
    }

    @Test func ellipsesLieWhereTheyAreMeasured() throws {
        // 30 degrees counter-clockwise as seen: the long axis rises to the right.
        let ellipse = Ellipse(cx: 50, cy: 40, a: 30, b: 10, angle: 30)
        let filled = try drawn { $0.fill(ellipse, .white) }
        #expect(abs(whiteness(filled) - Double.pi * 300) < 8)
        #expect(pixel(filled, 50 + 22, 40 - 13) == [255, 255, 255])
        #expect(pixel(filled, 50 + 22, 40 + 13) == [0, 0, 0])
        let outline = try drawn { $0.stroke(ellipse, Stroke(.white, width: 2)) }
        // Ramanujan's perimeter times the width.
        #expect(abs(whiteness(outline) - 2 * 133.6) < 8)
        #expect(pixel(outline, 50, 40) == [0, 0, 0])
    }

    @Test func dashesLeaveGaps() throws {
        let line = [Point(x: 0, y: 40), Point(x: 100, y: 40)]
        let solid = try drawn { $0.stroke(line, closed: false, Stroke(.white, width: 2)) }
        let dashed = try drawn { $0.stroke(line, closed: false, Stroke(.white, width: 2, dashes: [6, 4])) }
        #expect(whiteness(solid) == 200)
        #expect(whiteness(dashed) == 120)
        #expect(pixel(dashed, 3, 40) == [255, 255, 255])
        #expect(pixel(dashed, 8, 40) == [0, 0, 0])
        // A stroke's dashes do not stay for the next.
        let after = try drawn {
            $0.stroke(line, closed: false, Stroke(.black, width: 2, dashes: [6, 4]))
            $0.stroke(line, closed: false, Stroke(.white, width: 2))
        }
        #expect(after == solid)
    }

    @Test func polygonsCloseAndKeepTheirHoles() throws {
        func square(_ low: Double, _ high: Double) -> [Point] {
            [Point(x: low, y: low), Point(x: high, y: low), Point(x: high, y: high), Point(x: low, y: high)]
        }
        let raster = try drawn { $0.fill([square(10, 50), square(20, 40)], .white) }
        #expect(whiteness(raster) == 1600 - 400)
        #expect(pixel(raster, 30, 30) == [0, 0, 0])
        let open = try drawn { $0.stroke(square(10, 50), closed: false, Stroke(.white, width: 2)) }
        let closed = try drawn { $0.stroke(square(10, 50), Stroke(.white, width: 2)) }
        #expect(pixel(open, 10, 30) == [0, 0, 0])
        #expect(pixel(closed, 10, 30) == [255, 255, 255])
    }

    @Test func linesAreAntialiased() throws {
        let raster = try drawn { $0.stroke([Point(x: 5, y: 5), Point(x: 90, y: 60)], closed: false, Stroke(.white, width: 1.5)) }
        #expect(raster.pixels.contains { (40...215).contains($0) })
    }

    @Test func textFitsItsExtentsAndGrowsWithItsSize() throws {
        let canvas = try Canvas(width: 400, height: 100)
        let style = TextStyle(size: 24, colour: .white)
        let extents = canvas.extents(of: "vCDR 0.62", style)
        #expect(extents.width > 80 && extents.width < 200)
        #expect(extents.height > 24 && extents.height < 40)
        let twice = canvas.extents(of: "vCDR 0.62", TextStyle(size: 48, colour: .white))
        #expect(abs(twice.width - 2 * extents.width) < 0.05 * extents.width)
        canvas.text("vCDR 0.62", at: Point(x: 100, y: 60), style)
        let raster = try canvas.raster()
        var (columns, rows): (Set<Int>, Set<Int>) = ([], [])
        for y in 0..<100 {
            for x in 0..<400 where pixel(raster, x, y)[0] > 128 {
                columns.insert(x)
                rows.insert(y)
            }
        }
        #expect(columns.count > 60)
        #expect(try #require(columns.min()) >= 99)
        #expect(Double(try #require(columns.max())) <= 101 + extents.width)
        #expect(Double(try #require(rows.min())) >= 59 - extents.ascent)
        #expect(Double(try #require(rows.max())) <= 61 + extents.descent)
    }

    @Test func outlinesLieUnderTheLetters() throws {
        let plain = try drawn(300, 80) { $0.text("PHANTOM", at: Point(x: 20, y: 60), TextStyle(size: 40, colour: .white)) }
        let outlined = try drawn(300, 80) {
            $0.fill(Rectangle(x: 0, y: 0, width: 300, height: 80), Colour(0x00FF00))
            $0.text("PHANTOM", at: Point(x: 20, y: 60), TextStyle(size: 40, colour: .white, outline: Stroke(.black, width: 6)))
        }
        var dark = 0
        for y in 0..<80 {
            for x in 0..<300 {
                if pixel(plain, x, y)[0] == 255 { #expect(pixel(outlined, x, y) == [255, 255, 255]) }
                if pixel(outlined, x, y) == [0, 0, 0] { dark += 1 }
            }
        }
        #expect(dark > 500)
    }

    @Test func impossibleCanvasesAndShapesDoNoHarm() throws {
        for (width, height) in [(0, 5), (5, 0), (32_768, 1), (-1, -1)] {
            let error = #expect(throws: PapillaError.self) { try Canvas(width: width, height: height) }
            #expect(error?.code == .badInput)
        }
        let raster = try drawn {
            $0.fill(Ellipse(cx: 50, cy: 40, a: 0, b: 10, angle: 0), .white)
            $0.fill(Ellipse(cx: .nan, cy: 40, a: 20, b: 10, angle: 0), .white)
            $0.stroke([Point(x: 0, y: 0), Point(x: .infinity, y: 9)], Stroke(.white, width: 3))
            $0.fill(Rectangle(x: 5, y: 5, width: -4, height: 9), .white)
            $0.fill([[Point(x: 1, y: 1)], []], .white)
            $0.text("", at: Point(x: 9, y: 9), TextStyle(size: 9, colour: .white))
            $0.text("x", at: Point(x: 9, y: 9), TextStyle(size: 0, colour: .white))
            $0.draw(Raster(width: 0, height: 0), in: PixelBox(x: 0, y: 0, width: 9, height: 9))
        }
        #expect(raster == Raster(width: 100, height: 80))
        #expect(whiteness(try drawn { $0.fill(Rectangle(x: 0, y: 0, width: 1, height: 1), .white) }) == 1)
    }
}
