import Imaging
import Screening
import Testing

@Suite("Contours")
struct ContourTests {
    @Test("a rectangle is its four corners, clockwise as seen")
    func rectangle() {
        var mask = Mask(width: 9, height: 7)
        for y in 2..<6 { for x in 1..<4 { mask[x, y] = true } }
        let polygons = Contour.trace(mask)
        #expect(polygons.count == 1)
        #expect(Set(polygons[0]) == [Point(x: 1, y: 2), Point(x: 4, y: 2), Point(x: 4, y: 6), Point(x: 1, y: 6)])
        #expect(Contour.signedArea(polygons[0]) == 12)
    }

    @Test("areas add up to the pixels; one outline a region, one more for each hole")
    func areas() {
        for mask in Mask.assortment() {
            let areas = Contour.trace(mask).map(Contour.signedArea)
            #expect(areas.reduce(0, +) == Double(mask.area))
            #expect(areas.filter { $0 > 0 }.count == mask.components().count)
            #expect(areas.filter { $0 > 0 }.reduce(0, +) == filledAreas(mask))
        }
    }

    @Test("an outline comes before the holes in it")
    func order() {
        let mask = Mask(["#####", "#.#.#", "#####"])
        #expect(Contour.trace(mask).map(Contour.signedArea) == [15, -1, -1])
    }

    @Test("pixels that meet at a corner share an outline, holes that do so have one each")
    func corners() {
        #expect(Contour.trace(Mask(["#.", ".#"])).map(Contour.signedArea) == [2])
        #expect(Contour.trace(Mask(["####", "#.##", "##.#", "####"])).map(Contour.signedArea) == [16, -1, -1])
    }

    @Test("points are corners only, without repetition along a line")
    func cornersOnly() {
        for polygon in Mask.assortment().flatMap(Contour.trace) {
            for index in polygon.indices {
                let a = polygon[index]
                let b = polygon[(index + 1) % polygon.count]
                let c = polygon[(index + 2) % polygon.count]
                #expect((b.x - a.x) * (c.y - b.y) != (c.x - b.x) * (b.y - a.y))
            }
        }
    }

    @Test("simplified outlines keep their shape", arguments: [200, 60, 24])
    func simplification(count: Int) throws {
        let ellipse = Ellipse(cx: 210.3, cy: 187.9, a: 160, b: 95, angle: 33)
        let outline = try #require(Contour.trace(ellipse.mask(width: 420, height: 380)).first)
        #expect(outline.count > 400)
        let simple = Contour.simplify(outline, to: count)
        #expect(simple.count == count)
        #expect(simple.allSatisfy { outline.contains($0) })
        #expect(abs(Contour.signedArea(simple) / ellipse.area - 1) < (count == 24 ? 0.04 : 0.01))
        // Still one turn around: the points keep their order.
        let places = simple.map { outline.firstIndex(of: $0) ?? -1 }
        #expect(places == places.sorted())
    }

    @Test("a polygon that is short enough is left alone, and three points always stay")
    func shortPolygons() {
        let square = [Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1), Point(x: 0, y: 1)]
        #expect(Contour.simplify(square, to: 4) == square)
        #expect(Contour.simplify(square, to: 0).count == 3)
        #expect(Contour.simplify([], to: 10).isEmpty)
        #expect(Contour.signedArea([]) == 0)
    }

    /// Each region's pixels with its holes filled.
    private func filledAreas(_ mask: Mask) -> Double {
        let map = mask.labelled()
        return Double(map.components.reduce(0) { $0 + map.mask(of: $1).filledHoles().area })
    }
}
