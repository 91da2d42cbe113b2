import Foundation
import Imaging
import Screening
import TestSupport
import Testing

/// What Pillow and SciPy answered (Fixtures/resampling.py).
private struct ResamplingFixture: Decodable {
    struct Case: Decodable { var name: String, filter: ResampleFilter, box: [Double], width: Int, height: Int, pixels: Data }
    struct Values: Decodable { var width: Int, height: Int, values: [Float], box: [Double]? }

    var width: Int, height: Int, pixels: Data
    var cases: [Case]
    var plane: Values
    var planes: [Values]

    static func load() throws -> ResamplingFixture {
        return try JSONDecoder().decode(
            Self.self, from: Data(contentsOf: Checkout.top.appending(path: "Tests/ImagingTests/Fixtures/resampling.json")))
    }
}

extension Rectangle {
    fileprivate init(_ sides: [Double]) { self.init(x: sides[0], y: sides[1], width: sides[2], height: sides[3]) }
}

@Suite struct ResamplingTests {
    @Test func rastersAgreeWithPillow() throws {
        let fixture = try ResamplingFixture.load()
        let source = Raster(width: fixture.width, height: fixture.height, pixels: [UInt8](fixture.pixels))
        #expect(fixture.cases.count == 31)
        for known in fixture.cases {
            let result = source.resampled(
                from: Rectangle(known.box), width: known.width, height: known.height, filter: known.filter)
            #expect(result.pixels.count == known.pixels.count)
            #expect(largestDifference(result.pixels, known.pixels) <= 1, "\(known.name), \(known.filter)")
        }
    }

    @Test(arguments: ResampleFilter.allCases)
    func theSameGridChangesNothing(_ filter: ResampleFilter) throws {
        let fixture = try ResamplingFixture.load()
        let source = Raster(width: fixture.width, height: fixture.height, pixels: [UInt8](fixture.pixels))
        #expect(source.resampled(from: source.bounds, width: source.width, height: source.height, filter: filter) == source)
    }

    @Test(arguments: ResampleFilter.allCases)
    func oneColourStaysInsideAndBlackOutside(_ filter: ResampleFilter) {
        let source = Raster(width: 50, height: 50, fill: (200, 100, 50))
        let inside = source.resampled(
            from: Rectangle(x: 20.3, y: 19.9, width: 9.7, height: 10.2), width: 7, height: 23, filter: filter)
        #expect(inside == Raster(width: 7, height: 23, fill: (200, 100, 50)))
        let beside = source.resampled(from: Rectangle(x: -90, y: 0, width: 50, height: 50), width: 20, height: 20, filter: filter)
        #expect(beside == Raster(width: 20, height: 20))
        #expect(source.resampled(from: source.bounds, width: 0, height: 5, filter: filter).pixels.isEmpty)
    }

    @Test func aMeanIsKeptWhenShrinking() {
        var random = SeededGenerator(state: 8)
        var source = Raster(width: 512, height: 384)
        for index in source.pixels.indices { source.pixels[index] = .random(in: 0...255, using: &random) }
        let small = source.resampled(from: source.bounds, width: 16, height: 12)
        // 1,024 pixels of a uniform spread go into each: a standard error of 2.3; one that aliased would spread by 74.
        #expect(small.pixels.allSatisfy { (115...140).contains($0) })
    }

    @Test func whatIsNotVisibleIsBlack() {
        var source = Raster(width: 4, height: 3)
        source.pixels = (0..<36).map { UInt8($0 + 1) }
        let around = Rectangle(x: -1, y: -1, width: 6, height: 5)
        func shown(_ box: PixelBox) -> [UInt8] {
            source.resampled(from: around, visible: box, width: 6, height: 5).pixels.filter { $0 != 0 }
        }
        #expect(shown(PixelBox(x: 1, y: 1, width: 2, height: 1)) == [16, 17, 18, 19, 20, 21])
        #expect(shown(PixelBox(x: 3, y: -1, width: 2, height: 2)) == [10, 11, 12])
        #expect(shown(PixelBox(x: -2, y: -2, width: 9, height: 9)) == source.pixels)
        for box in [
            PixelBox(x: 9, y: 0, width: 2, height: 2), PixelBox(x: 0, y: -7, width: 2, height: 2),
            PixelBox(x: 0, y: 8, width: 2, height: 2), PixelBox(x: 0, y: 0, width: -3, height: 2),
        ] {
            #expect(shown(box).isEmpty)
        }
        // What is hidden takes no part in its neighbours either, however much is put into one pixel.
        let shrunk = source.resampled(
            from: source.bounds, visible: PixelBox(x: 0, y: 0, width: 2, height: 3), width: 2, height: 1)
        let cut = Raster(
            width: 2, height: 3, pixels: [0, 1, 2].flatMap { row in (0..<6).map { UInt8(12 * row + $0 + 1) } })
        #expect(shrunk == cut.resampled(from: source.bounds, width: 2, height: 1))
    }

    @Test func planesAgreeWithSciPy() throws {
        let fixture = try ResamplingFixture.load()
        let source = Plane(width: fixture.plane.width, height: fixture.plane.height, values: fixture.plane.values)
        #expect(fixture.planes.count == 4)
        for known in fixture.planes {
            let result = source.resampled(from: Rectangle(try #require(known.box)), width: known.width, height: known.height)
            #expect(result.values.count == known.values.count)
            #expect(zip(result.values, known.values).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    @Test func aRampStaysARampUntilTheEdge() {
        let source = Plane(width: 8, height: 2, values: (0..<16).map { Float($0 % 8) + 0.5 })
        let result = source.resampled(from: Rectangle(x: 0, y: 0, width: 8, height: 2), width: 32, height: 3)
        for x in 0..<32 {
            let place = (Float(x) + 0.5) / 4
            #expect(abs(result[x, 1] - max(0.5, min(7.5, place))) < 1e-5)
        }
    }

    @Test func masksTakeTheNearestPixel() {
        let source = Mask(["#..", ".#.", "..#"])
        let whole = Rectangle(x: 0, y: 0, width: 3, height: 3)
        #expect(source.resampledNearest(from: whole, width: 6, height: 3).rows == ["##....", "..##..", "....##"])
        #expect(source.resampledNearest(from: whole, width: 1, height: 1).rows == ["#"])
        let shifted = source.resampledNearest(from: Rectangle(x: -1, y: 1, width: 5, height: 3), width: 5, height: 3)
        #expect(shifted.rows == ["..#..", "...#.", "....."])
    }

    @Test func thresholdsAreExclusive() {
        let plane = Plane(width: 4, height: 1, values: [0.5, 0.50001, .nan, .infinity])
        #expect(plane.thresholded(0.5).rows == [".#.#"])
    }

    @Test func greyImagesGiveTheirStructures() {
        let image = GreyImage(width: 3, height: 1, pixels: [0, 128, 255])
        #expect(image.mask(atLeast: 128).rows == [".##"])
        #expect(image.mask(atLeast: 255).rows == ["..#"])
    }
}
