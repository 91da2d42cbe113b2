import Imaging
import Screening
import Testing

@testable import Reading

struct FieldOfViewTests {
    private func near(_ found: PixelBox, _ x: Int, _ y: Int, _ width: Int, _ height: Int, within pixels: Int) -> Bool {
        abs(found.x - x) <= pixels && abs(found.y - y) <= pixels && abs(found.x + found.width - x - width) <= pixels
            && abs(found.y + found.height - y - height) <= pixels
    }

    @Test func circleOnNoisyBorder() throws {
        let raster = Drawn.fundus(
            900, 700, field: .circle(450, 350, 320), disc: .circle(600, 350, 50), cup: .circle(600, 350, 20))
        let field = FieldOfView(of: raster)
        #expect(near(field.box, 130, 30, 640, 640, within: 5))
        let circle = try #require(field.circle)
        #expect(abs(circle.centre.x - 450) < 3 && abs(circle.centre.y - 350) < 3 && abs(circle.radius - 320) < 4)
        #expect(abs(field.area / (Double.pi * 320 * 320) - 1) < 0.03)
    }

    @Test func circleCutAtTopAndBottom() throws {
        let raster = Drawn.fundus(
            1000, 600, field: .circle(480, 300, 380), disc: .circle(700, 300, 50), cup: .circle(700, 300, 20))
        let field = FieldOfView(of: raster)
        #expect(near(field.box, 100, 0, 760, 600, within: 5))
        let circle = try #require(field.circle)
        #expect(abs(circle.centre.x - 480) < 4 && abs(circle.centre.y - 300) < 4 && abs(circle.radius - 380) < 6)
    }

    @Test func withoutBorderAllIsField() {
        let field = FieldOfView(of: Drawn.image(400, 300) { x, y in Drawn.retina(x, y) })
        #expect(field.box == PixelBox(x: 0, y: 0, width: 400, height: 300))
        #expect(field.circle == nil)
        #expect(field.share > 0.99)
    }

    @Test func blackImageIsAllField() {
        let field = FieldOfView(of: Raster(width: 300, height: 200))
        #expect(field.box == PixelBox(x: 0, y: 0, width: 300, height: 200))
    }

    @Test func darkLumenIsNotABorder() {
        // Shades off to black at the left edge, as a lumen does.
        let field = FieldOfView(of: Drawn.image(400, 300) { x, y in (x / 2 + Int(6 * Drawn.noise(x, y)), x / 3, x / 4) })
        #expect(field.box.x < 70 && field.box.width > 330)
    }

    @Test func sidePanelsAndTextAreLeftOut() {
        // An octagon of mucosa at the right; at the left grey ground, lines of text, and a green panel four pixels from the picture.
        let raster = Drawn.image(960, 540) { x, y in
            let (u, v) = (x - 280, y)
            if u >= 0, u < 670, u + v > 120, u + (540 - v) > 120, (670 - u) + v > 120, (670 - u) + (540 - v) > 120 {
                let (red, green, blue) = Drawn.retina(x, y)
                return (red + 40, green + 20, blue + 40)
            }
            if x < 276, y > 320, x > 2 { return (45, 185, 145) }
            if x < 200, y % 40 < 3, y < 300, x % 7 < 5 { return (230, 230, 230) }
            return x < 130 ? (0, 0, 0) : (17, 17, 17)
        }
        let field = FieldOfView(of: raster)
        // Two pixels of the low resolution.
        #expect(near(field.box, 280, 0, 670, 540, within: 8))
        #expect(!field.isComposite)
    }

    @Test func insetInTheCornerStaysInTheBox() {
        let raster = Drawn.image(600, 500) { x, y in x < 180 && y > 340 ? (0, 0, 0) : Drawn.retina(x, y) }
        #expect(FieldOfView(of: raster).box == PixelBox(x: 0, y: 0, width: 600, height: 500))
    }

    @Test func twoPicturesAreComposite() {
        let raster = Drawn.image(800, 400) { x, y in (x < 380 || x > 420) && y > 20 ? Drawn.retina(x, y) : (0, 0, 0) }
        #expect(FieldOfView(of: raster).isComposite)
    }

    @Test(
        "B10: light of one narrow band is no panel, and one picture no composite",
        arguments: [(0.2, 1.1, 0.9), (0.5, 1.4, 1.1), (0.3, 0.8, 1.6)])
    func narrowBand(_ red: Double, _ green: Double, _ blue: Double) {
        // Smooth mucosa, even on the left and the right, with darker folds between.
        let raster = Drawn.image(720, 540) { x, y in
            guard x > 40, x < 680, y > 20, y < 520 else { return (0, 0, 0) }
            let light = 150 - (abs(x - 360) < 60 ? 60 + Int(30 * Drawn.noise(x / 5, y / 5)) : 0)
            return (Int(Double(light) * red), Int(Double(light) * green), Int(Double(light) * blue))
        }
        let field = FieldOfView(of: raster)
        #expect(!field.isComposite)
        #expect(field.box.width > 620 && field.box.height > 480, "\(field.box)")
    }

    @Test func circleFitIgnoresStraightSides() throws {
        var points: [Point] = Ellipse.circle(100, 120, 80).points(count: 200).filter { $0.x < 150 }
        points += (0..<40).map { Point(x: 150, y: 80 + Double($0) * 2) }
        let circle = try #require(Circle.fit(points, tolerance: 1.5, minimumShare: 0.6))
        #expect(abs(circle.centre.x - 100) < 0.5 && abs(circle.centre.y - 120) < 0.5 && abs(circle.radius - 80) < 0.5)
        #expect(Circle.fit((0..<100).map { Point(x: Double($0), y: 3) }, tolerance: 1, minimumShare: 0.6) == nil)
    }
}
