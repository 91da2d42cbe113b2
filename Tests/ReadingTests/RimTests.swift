import Imaging
import Screening
import Testing

@testable import Reading

struct RimTests {
    @Test func concentricCirclesHaveAnEvenRim() {
        let rim = Rim(disc: .circle(100, 100, 50), cup: .circle(100, 100, 30), eye: .right)
        #expect(rim.widths.count == 72)
        #expect(rim.widths.allSatisfy { abs($0 - 0.2) < 1e-9 })
        for mean in [rim.inferior, rim.superior, rim.nasal, rim.temporal] { #expect(abs((mean ?? 0) - 0.2) < 1e-9) }
    }

    @Test func thinnestWhereTheCupIsNearest() {
        // The cup is shifted down: the rim is thinnest at 270°, and thickest at 90°.
        let rim = Rim(disc: .circle(100, 100, 50), cup: .circle(100, 115, 30), eye: .unknown)
        #expect(rim.minimumAngle == 270)
        #expect(abs(rim.minimum - 0.05) < 1e-9)
        #expect(abs(rim.widths[18] - 0.35) < 1e-9)
        #expect(rim.inferior < rim.superior)
        #expect(rim.nasal == nil && rim.temporal == nil && rim.isnt == nil)
    }

    @Test func widthsFollowTheEllipsesAngle() {
        let disc = Ellipse(cx: 0, cy: 0, a: 60, b: 40, angle: 30)
        let rim = Rim(disc: disc, cup: Ellipse(cx: 0, cy: 0, a: 30, b: 20, angle: 30), eye: .unknown)
        #expect(rim.widths.allSatisfy { abs($0 - 0.25) < 1e-9 })
        #expect(abs((disc.exit(from: Point(x: 0, y: 0), degrees: 30) ?? 0) - 60) < 1e-9)
        #expect(abs((disc.exit(from: Point(x: 0, y: 0), degrees: 120) ?? 0) - 40) < 1e-9)
    }

    /// A healthy disc, inferior ≥ superior ≥ nasal ≥ temporal: the cup lies temporally and a little up.
    @Test func isntInBothEyes() {
        func rim(_ cupX: Double, _ eye: Eye) -> Rim {
            Rim(disc: .circle(0, 0, 50), cup: Ellipse(cx: cupX, cy: -3, a: 36, b: 20, angle: 0), eye: eye)
        }
        let (right, left) = (rim(-6, .right), rim(6, .left))
        #expect(right.isnt == true && left.isnt == true)
        for (a, b) in [(right.nasal, left.nasal), (right.temporal, left.temporal), (right.superior, left.superior)] {
            #expect(abs((a ?? 0) - (b ?? 1)) < 1e-9)
        }
        #expect(rim(6, .right).isnt == false)
        #expect((right.nasal ?? 0) > (right.temporal ?? 1))
    }

    @Test func raysThatMissTheCupAreAllRim() {
        let rim = Rim(disc: .circle(0, 0, 50), cup: .circle(30, 0, 10), eye: .unknown)
        #expect(rim.widths[36] == 0.5)
        #expect(abs(rim.widths[0] - 0.1) < 1e-9)
    }

    @Test func extentsOfWhatTwoEllipsesShare() {
        let (a, b) = (Ellipse.circle(0, 0, 50), Ellipse.circle(60, 0, 50))
        let extents = b.extents(clippedTo: a)
        // The lens of two circles: 40 wide, and as high as their common chord.
        #expect(abs(extents.horizontal - 40) < 0.05)
        #expect(abs(extents.vertical - 80) < 0.25)
        #expect(Ellipse.circle(200, 0, 10).extents(clippedTo: a) == (0, 0))
        #expect(abs(Ellipse.circle(5, 5, 10).extents(clippedTo: a).vertical - 20) < 1e-3)
    }
}
