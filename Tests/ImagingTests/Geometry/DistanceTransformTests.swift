import Imaging
import Testing

@Suite("Distance transform, dilation, boundary")
struct DistanceTransformTests {
    @Test("agree with SciPy and scikit-image")
    func fixture() throws {
        for expected in try GeometryFixture.load().masks {
            let mask = Mask(expected.mask)
            let distances = DistanceTransform.euclidean(toForeground: mask)
            if let squared = expected.squaredDistances {
                #expect(distances.values == squared.joined().map { Float(Double($0).squareRoot()) })
            } else {
                #expect(distances.values.allSatisfy { $0 == .infinity })
            }
            #expect(mask.boundary().rows == expected.boundary)
            #expect(mask.dilated(radius: 5).rows == expected.dilated5)
        }
    }

    @Test("are exact: every pixel against every foreground pixel")
    func bruteForce() {
        for mask in Mask.assortment() {
            let foreground = mask.pixels.indices.filter { mask.pixels[$0] != 0 }.map { ($0 % mask.width, $0 / mask.width) }
            let squared = mask.pixels.indices.map { index in
                foreground.map {
                    ($0.0 - index % mask.width) * ($0.0 - index % mask.width) + ($0.1 - index / mask.width)
                        * ($0.1 - index / mask.width)
                }
                .min()
            }
            let distances = DistanceTransform.euclidean(toForeground: mask)
            #expect((distances.width, distances.height) == (mask.width, mask.height))
            #expect(distances.values == squared.map { $0.map { Float(Double($0).squareRoot()) } ?? .infinity })
            for radius in [0, 0.99, 1, 1.5, 2.0.squareRoot(), 3.7] {
                #expect(
                    mask.dilated(radius: radius).pixels == squared.map { Double($0 ?? .max) <= radius * radius + 1e-9 ? 255 : 0 })
            }
        }
    }

    @Test("far apart pixels keep exact distances")
    func long() {
        var mask = Mask(width: 30_001, height: 2)
        mask[0, 0] = true
        let distances = DistanceTransform.euclidean(toForeground: mask)
        #expect(distances[30_000, 0] == 30_000)
        #expect(distances[30_000, 1] == Float((30_000.0 * 30_000 + 1).squareRoot()))
    }

    @Test("the boundary is foreground with background, or nothing, beside it")
    func boundary() {
        #expect(Mask.full(4, 4).boundary().rows == ["####", "#..#", "#..#", "####"])
        for mask in Mask.assortment() {
            let boundary = mask.boundary()
            for y in 0..<mask.height {
                for x in 0..<mask.width {
                    let inner = mask[x - 1, y] && mask[x + 1, y] && mask[x, y - 1] && mask[x, y + 1]
                    #expect(boundary[x, y] == (mask[x, y] && !inner))
                }
            }
        }
    }
}
