import Imaging
import Screening
import Testing

@testable import Reading

struct NetworkViewTests {
    @Test func squareStandsAroundTheBox() {
        let view = NetworkView(around: PixelBox(x: 100, y: 50, width: 300, height: 200), side: 128)
        #expect(view.rectangle == Rectangle(x: 100, y: 0, width: 300, height: 300))
        #expect(view.coverage == PixelBox(x: 100, y: 50, width: 300, height: 200))
    }

    @Test func whatLiesBesideTheBoxIsBlack() {
        // A tall box between white panels: the square reaches into them, but must not show them.
        let raster = Drawn.image(300, 200) { x, _ in x < 100 || x >= 200 ? (255, 255, 255) : (90, 60, 30) }
        let shown = NetworkView(around: PixelBox(x: 100, y: 0, width: 100, height: 200), side: 64).pixels(of: raster)
        for y in 0..<64 {
            #expect(shown.pixels[3 * (y * 64 + 4)] == 0)
            #expect(shown.pixels[3 * (y * 64 + 60)] == 0)
            #expect(shown.pixels[3 * (y * 64 + 32)] == 90)
        }
    }

    @Test func inputIsPlanarAndNormalised() {
        let raster = Raster(width: 40, height: 40, fill: (255, 51, 0))
        let view = NetworkView(around: PixelBox(x: 0, y: 0, width: 40, height: 40), side: 32)
        let input = view.input(of: raster, mean: [0.5, 0.2, 0], deviation: [0.5, 0.1, 1])
        #expect(input.count == 3 * 32 * 32)
        #expect(input[..<1024].allSatisfy { abs($0 - 1) < 1e-5 })
        #expect(input[1024..<2048].allSatisfy { abs($0) < 1e-5 })
        #expect(input[2048...].allSatisfy { $0 == 0 })
    }

    @Test func discViewIsTwoAndAHalfDiametersWide() {
        let view = NetworkView(disc: Point(x: 500, y: 400), diameter: 100, width: 1000, height: 800, side: 256)
        #expect(view.rectangle == Rectangle(x: 375, y: 275, width: 250, height: 250))
        #expect(view.insideShare == 1)
        #expect(NetworkView(disc: Point(x: 0, y: 400), diameter: 100, width: 1000, height: 800, side: 256).insideShare == 0.5)
    }

    @Test(arguments: [(0.0, 0.0), (33.3, 71.9), (-20.5, 10.25)])
    func carriedBackIsWhereItWas(x: Double, y: Double) {
        let view = NetworkView(
            rectangle: Rectangle(x: 200 + x, y: 100 + y, width: 330, height: 330),
            visible: PixelBox(x: 0, y: 0, width: 800, height: 600), side: 256)
        let truth = Ellipse(cx: 365 + x, cy: 265 + y, a: 90, b: 70, angle: 30)
        let look = PaintedLook(ellipses: [truth]).look(view)
        let back = view.carryBack(look.probability, over: view.coverage).thresholded(0.5)
        let expected = truth.mask(width: 800, height: 600)
        #expect(Overlap(back.placed(at: view.coverage, width: 800, height: 600), expected).dice > 0.995)
    }

    @Test func partOfTheCoverageIsTheSameAsThatPartOfAll() {
        let view = NetworkView(
            rectangle: Rectangle(x: 10, y: 20, width: 300, height: 300), visible: PixelBox(x: 0, y: 0, width: 400, height: 400),
            side: 64)
        let plane = PaintedLook(ellipses: [.circle(150, 170, 60)], softness: 20).look(view).probability
        let whole = view.carryBack(plane, over: view.coverage)
        let part = view.carryBack(plane, over: PixelBox(x: 100, y: 150, width: 20, height: 10))
        for y in 0..<10 {
            for x in 0..<20 { #expect(abs(part[x, y] - whole[x + 90, y + 130]) < 1e-4) }
        }
    }

    @Test(arguments: [64, 192])
    func anUnrolledPictureHasWhatStoodThere(side: Int) {
        // Colours that change slowly with the place, so that resampling does not matter.
        let raster = Drawn.image(600, 500) { x, y in
            (x * 255 / 600, y * 255 / 500, 90)
        }
        let view = NetworkView(unrolledDisc: Point(x: 280, y: 260), diameter: 200, width: 600, height: 500, side: side)
        #expect(view.rectangle == Rectangle(x: 120, y: 100, width: 320, height: 320))
        let shown = view.pixels(of: raster)
        for y in 0..<side {
            for x in 0..<side {
                let place = view.original(Point(x: Double(x) + 0.5, y: Double(y) + 0.5))
                let index = 3 * (y * side + x)
                let (red, green) = (Double(shown.pixels[index]), Double(shown.pixels[index + 1]))
                #expect(abs(red - place.x * 255 / 600) < 3)
                #expect(abs(green - place.y * 255 / 500) < 3)
                #expect(shown.pixels[index + 2] == 90)
            }
        }
        // The middle row points to the right, the middle column lies half-way to the border.
        let half = Double(side) / 2
        let middle = view.original(Point(x: half, y: half))
        #expect(abs(middle.x - 360) < 1e-9)
        #expect(abs(middle.y - 260) < 1e-9)
    }

    @Test(arguments: [(365.0, 265.0), (371.3, 259.1)])
    func anUnrolledEllipseComesBackWhereItWas(x: Double, y: Double) {
        let view = NetworkView(unrolledDisc: Point(x: 365, y: 265), diameter: 200, width: 800, height: 600, side: 192)
        let truth = Ellipse(cx: x, cy: y, a: 70, b: 50, angle: 30)
        let back = view.carryBack(PaintedLook(ellipses: [truth]).look(view).probability, over: view.coverage).thresholded(0.5)
        let expected = truth.mask(width: 800, height: 600)
        #expect(Overlap(back.placed(at: view.coverage, width: 800, height: 600), expected).dice > 0.99)
    }
}
