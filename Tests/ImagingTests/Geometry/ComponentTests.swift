import Imaging
import Testing

@Suite("Connected components and holes")
struct ComponentTests {
    @Test("agree with scikit-image")
    func fixture() throws {
        for expected in try GeometryFixture.load().masks {
            let components = Mask(expected.mask).components()
            #expect(components.map(\.area) == expected.components.map(\.area))
            for (component, region) in zip(components, expected.components) {
                #expect([component.box.x, component.box.y, component.box.width, component.box.height] == region.box)
                #expect(
                    abs(component.centroid.x - region.centroid[0]) < 1e-9 && abs(component.centroid.y - region.centroid[1]) < 1e-9
                )
            }
            #expect(Mask(expected.mask).filledHoles().rows == expected.filled)
        }
    }

    @Test("agree with a flood fill, pixel by pixel")
    func bruteForce() {
        for mask in Mask.assortment() {
            let map = mask.labelled()
            let expected = floodFill(mask)
            #expect(map.labels == expected.labels)
            #expect(map.components.map(\.label) == Array(1..<expected.count + 1))
            for component in map.components {
                let pixels = map.mask(of: component)
                #expect(pixels.area == component.area)
                #expect(pixels.pixels == expected.labels.map { $0 == component.label ? 255 : 0 })
            }
        }
    }

    @Test("a comb whose teeth meet only in its last row is one region")
    func comb() {
        var mask = Mask(width: 101, height: 12)
        for y in 0..<12 { for x in stride(from: 0, to: 101, by: 2) { mask[x, y] = true } }
        #expect(mask.components().count == 51)
        for x in 0..<101 { mask[x, 11] = true }
        #expect(mask.components().map(\.area) == [51 * 11 + 101])
    }

    @Test("keeping chooses regions, and keeping all changes nothing")
    func keeping() {
        let mask = Mask(["##...", "##..#", ".....", "#.#.#"])
        #expect(mask.keeping { $0.area > 1 }.rows == ["##...", "##...", ".....", "....."])
        #expect(mask.keeping { $0.label == 2 }.rows == [".....", "....#", ".....", "....."])
        for mask in Mask.assortment() {
            #expect(mask.keeping { _ in true } == mask)
            #expect(mask.keeping { _ in false }.area == 0)
        }
    }

    @Test("sums of a plane go to their region")
    func sums() {
        let mask = Mask(["#.#", "#.."])
        let plane = Plane(width: 3, height: 2, values: [1, 2, 4, 8, 16, 32])
        #expect(mask.labelled().sums(of: plane) == [9, 4])
    }

    @Test("holes are background without a 4-connected way out")
    func holes() {
        #expect(Mask(["###", "#.#", "###"]).filledHoles() == .full(3, 3))
        #expect(Mask(["##.", "#.#", "###"]).filledHoles().rows == ["##.", "###", "###"])
        #expect(Mask(["#.#", "#.#", "###"]).filledHoles().rows == ["#.#", "#.#", "###"])
        for mask in Mask.assortment() {
            let filled = mask.filledHoles()
            #expect(zip(mask.pixels, filled.pixels).allSatisfy { $0 <= $1 })
            #expect(filled.filledHoles() == filled)
        }
    }

    /// 8-connected regions, numbered as they are met row by row.
    private func floodFill(_ mask: Mask) -> (labels: [Int32], count: Int) {
        var labels = [Int32](repeating: 0, count: mask.width * mask.height)
        var count = 0
        for start in labels.indices where mask.pixels[start] != 0 && labels[start] == 0 {
            count += 1
            var open = [start]
            labels[start] = Int32(count)
            while let index = open.popLast() {
                let (x, y) = (index % mask.width, index / mask.width)
                for dy in -1...1 {
                    for dx in -1...1 where mask[x + dx, y + dy] && labels[(y + dy) * mask.width + x + dx] == 0 {
                        labels[(y + dy) * mask.width + x + dx] = Int32(count)
                        open.append((y + dy) * mask.width + x + dx)
                    }
                }
            }
        }
        return (labels, count)
    }
}
