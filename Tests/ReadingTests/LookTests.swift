import Imaging
import Neural
import Screening
import Testing

@testable import Reading

struct LookTests {
    @Test func probabilityIsTheSecondMapsShare() {
        var logits = [Float](repeating: 0, count: 2 * 64)
        logits[64 + 3] = 2
        logits[5] = 2
        let look = NetworkAnswer(logits: [.mask: logits], side: 8, temperature: 1, distanceMap: nil)
        #expect(abs(look.probability.values[3] - 0.8808) < 1e-4)
        #expect(abs(look.probability.values[5] - 0.1192) < 1e-4)
        #expect(look.probability.values[0] == 0.5)
        #expect(look.auxiliary == nil && look.disagreement(threshold: 0.5) == nil)
        let cool = NetworkAnswer(logits: [.mask: logits], side: 8, temperature: 2, distanceMap: nil)
        #expect(abs(cool.probability.values[3] - 0.7311) < 1e-4)
    }

    /// The distance head encloses a region only where it was trained on the signed map.
    @Test func distanceHeadEnclosesWhereItIsNegative() {
        let mask = [Float](repeating: 0, count: 128)
        var distance = [Float](repeating: 1, count: 64)
        distance[10] = -1
        let look = NetworkAnswer(logits: [.mask: mask, .distance: distance], side: 8, temperature: 1, distanceMap: "D3")
        #expect(look.auxiliary?.area == 1 && look.auxiliary?[2, 1] == true)
        #expect(
            NetworkAnswer(logits: [.mask: mask, .distance: distance], side: 8, temperature: 1, distanceMap: "D2").auxiliary == nil
        )
    }

    @Test func contourHeadEnclosesTheRegionInsideItsBand() throws {
        // The contour of a circle of radius 60, dilated by 5 px, as the target is made.
        let side = 256
        let circle = Ellipse.circle(128, 128, 60).mask(width: side, height: side)
        let band = circle.boundary().dilated(radius: 5)
        let logits = [Float](repeating: 0, count: side * side) + band.pixels.map { $0 == 0 ? Float(-4) : 4 }
        let mask = [Float](repeating: 0, count: side * side) + circle.pixels.map { $0 == 0 ? Float(-4) : 4 }
        let look = NetworkAnswer(logits: [.mask: mask, .contour: logits], side: side, temperature: 1, distanceMap: nil)
        let disagreement = try #require(look.disagreement(threshold: 0.5))
        #expect(disagreement < 0.03)
    }

    @Test func emptyRegionsAgree() {
        #expect(Overlap(Mask(width: 4, height: 4), Mask(width: 4, height: 4)).dice == 1)
    }
}
