import Foundation
import Imaging
import Screening
import Testing

@Suite("Ellipses")
struct EllipseTests {
    @Test("fits agree with scikit-image on noisy points and arcs")
    func fixture() throws {
        for expected in try GeometryFixture.load().ellipses {
            let ellipse = try #require(EllipseFit.fit(expected.points.map { Point(x: $0[0], y: $0[1]) }))
            #expect(abs(ellipse.cx - expected.cx) < 1e-6 && abs(ellipse.cy - expected.cy) < 1e-6)
            #expect(abs(ellipse.a - expected.a) < 1e-6 && abs(ellipse.b - expected.b) < 1e-6)
            #expect(abs(ellipse.angle - expected.angle) < 1e-6)
        }
    }

    @Test("exact points give the ellipse back, however far off, small or thin")
    func recovery() throws {
        var random = SeededGenerator(state: 3)
        for round in 0..<300 {
            let a = exp(Double.random(in: log(0.01)...log(5000), using: &random))
            let b = a * (round % 5 == 0 ? 0.01 : Double.random(in: 0.1...0.98, using: &random))
            let ellipse = Ellipse(
                cx: Double.random(in: -4000...4000, using: &random), cy: Double.random(in: -4000...4000, using: &random), a: a,
                b: b,
                angle: 90 - Double.random(in: 0..<180, using: &random))
            let fitted = try #require(EllipseFit.fit(ellipse.points(count: 5 + round % 60)))
            // Points near 4000 carry 5e-13 of rounding: what small axes can lose.
            let tolerance = 1e-7 * a + 1e-9
            #expect(abs(fitted.cx - ellipse.cx) < tolerance && abs(fitted.cy - ellipse.cy) < tolerance)
            #expect(abs(fitted.a - a) < tolerance && abs(fitted.b - b) < tolerance)
            let turn = abs(fitted.angle - ellipse.angle)
            #expect(min(turn, 180 - turn) < 1e-3)
            #expect(fitted.angle > -90 && fitted.angle <= 90 && fitted.a >= fitted.b)
        }
    }

    @Test("a circle is fitted as one")
    func circle() throws {
        let circle = try #require(EllipseFit.fit(Ellipse(cx: 10, cy: 20, a: 7, b: 7, angle: 0).points(count: 40)))
        #expect(abs(circle.a - 7) < 1e-9 && abs(circle.b - 7) < 1e-9)
    }

    @Test("points that make no ellipse give none")
    func degenerate() {
        func points(_ values: [(Double, Double)]) -> [Point] { values.map { Point(x: $0.0, y: $0.1) } }
        #expect(EllipseFit.fit([]) == nil)
        #expect(EllipseFit.fit(points([(0, 0), (1, 0), (1, 1), (0, 1)])) == nil)
        #expect(EllipseFit.fit(points((0..<20).map { (Double($0), 3 * Double($0) - 7) })) == nil)
        #expect(EllipseFit.fit(points((0..<20).map { (5, Double($0)) })) == nil)
        #expect(EllipseFit.fit(points((0..<20).map { (Double($0), 5) })) == nil)
        #expect(EllipseFit.fit(points(Array(repeating: (3, 4), count: 20))) == nil)
        #expect(EllipseFit.fit(points([(0, 0), (1, 0), (1, 1), (0, 1), (.nan, 2)])) == nil)
        #expect(EllipseFit.fit(points([(0, 0), (1, 0), (1, 1), (0, 1), (.infinity, 2)])) == nil)
        #expect(EllipseFit.fit(Mask(width: 10, height: 10)) == nil)
    }

    @Test("the angle is counter-clockwise as seen")
    func angle() throws {
        // From the lower left to the upper right of the picture: y falls as x rises.
        let rising = try #require(EllipseFit.fit(Mask(["....##", "...##.", "..##..", ".##...", "##...."])))
        #expect(rising.angle > 20 && rising.angle < 60)
        #expect(Ellipse(cx: 50, cy: 50, a: 40, b: 5, angle: 45).contains(70, 30))
        #expect(!Ellipse(cx: 50, cy: 50, a: 40, b: 5, angle: 45).contains(70, 70))
        let upright = try #require(EllipseFit.fit(Ellipse(cx: 0, cy: 0, a: 9, b: 4, angle: 90).points(count: 30)))
        #expect(abs(abs(upright.angle) - 90) < 1e-6)
    }

    @Test("an ellipse drawn as a mask is found again")
    func maskRoundTrip() throws {
        var random = SeededGenerator(state: 5)
        for _ in 0..<40 {
            let a = Double.random(in: 12...90, using: &random)
            let ellipse = Ellipse(
                cx: Double.random(in: 100...140, using: &random), cy: Double.random(in: 100...140, using: &random), a: a,
                b: a * Double.random(in: 0.5...0.95, using: &random), angle: Double.random(in: -89...90, using: &random))
            let mask = ellipse.mask(width: 240, height: 240)
            #expect(abs(Double(mask.area) / ellipse.area - 1) < 0.02)
            let fitted = try #require(EllipseFit.fit(mask))
            #expect(abs(fitted.cx - ellipse.cx) < 0.15 && abs(fitted.cy - ellipse.cy) < 0.15)
            #expect(abs(fitted.a - a) < 0.3 && abs(fitted.b - ellipse.b) < 0.3)
            #expect(abs(fitted.verticalDiameter - ellipse.verticalDiameter) < 0.5)
        }
    }

    @Test("a region cut by the image's border is fitted by the edges that are its own")
    func cutByBorder() throws {
        let ellipse = Ellipse(cx: 30, cy: 60, a: 50, b: 40, angle: 90)
        let fitted = try #require(EllipseFit.fit(ellipse.mask(width: 120, height: 120)))
        #expect(abs(fitted.cx - 30) < 1 && abs(fitted.cy - 60) < 0.5 && abs(fitted.a - 50) < 1 && abs(fitted.b - 40) < 1)
    }

    @Test("masks hold the pixels whose centres are inside, on and off the image")
    func masks() {
        var random = SeededGenerator(state: 9)
        var ellipses = [Ellipse(cx: 10, cy: 10, a: 5, b: 5, angle: 0), Ellipse(cx: 10.5, cy: 10.5, a: 5, b: 5, angle: 0)]
        ellipses += [Ellipse(cx: 3.5, cy: 3.5, a: 0.2, b: 0.1, angle: 0), Ellipse(cx: 500, cy: 1, a: 4, b: 2, angle: 10)]
        for _ in 0..<60 {
            let a = Double.random(in: 0.3...40, using: &random)
            ellipses.append(
                Ellipse(
                    cx: Double.random(in: -10...50, using: &random), cy: Double.random(in: -10...40, using: &random), a: a,
                    b: a * Double.random(in: 0.05...1, using: &random), angle: Double.random(in: -89...90, using: &random)))
        }
        for ellipse in ellipses {
            let mask = ellipse.mask(width: 41, height: 29)
            for y in 0..<29 { for x in 0..<41 { #expect(mask[x, y] == ellipse.contains(Double(x) + 0.5, Double(y) + 0.5)) } }
        }
        #expect(Ellipse(cx: .nan, cy: 0, a: 1, b: 1, angle: 0).mask(width: 3, height: 3).area == 0)
        #expect(Ellipse(cx: 1, cy: 1, a: 1e18, b: 1e18, angle: 0).mask(width: 3, height: 3).area == 9)
    }

    @Test("diameters are the extents of the points")
    func diameters() {
        for angle in stride(from: -85.0, through: 90, by: 12.5) {
            let ellipse = Ellipse(cx: 3, cy: 4, a: 20, b: 11, angle: angle)
            let points = ellipse.points(count: 20_000)
            let (xs, ys) = (points.map(\.x), points.map(\.y))
            #expect(abs((xs.max() ?? 0) - (xs.min() ?? 0) - ellipse.horizontalDiameter) < 1e-5)
            #expect(abs((ys.max() ?? 0) - (ys.min() ?? 0) - ellipse.verticalDiameter) < 1e-5)
            #expect(abs(Contour.signedArea(points) / ellipse.area - 1) < 1e-6)
        }
    }
}
