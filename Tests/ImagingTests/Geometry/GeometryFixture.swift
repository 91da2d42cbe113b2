import Foundation
import Imaging
import Screening
import TestSupport

/// What SciPy and scikit-image answered (Fixtures/geometry.py).
struct GeometryFixture: Decodable {
    struct MaskCase: Decodable {
        struct Region: Decodable { var area: Int, box: [Int], centroid: [Double] }
        var mask: [String], components: [Region], filled: [String], boundary: [String], dilated5: [String]
        var squaredDistances: [[Int]]?
    }
    struct EllipseCase: Decodable { var points: [[Double]], cx: Double, cy: Double, a: Double, b: Double, angle: Double }

    var masks: [MaskCase]
    var ellipses: [EllipseCase]

    static func load() throws -> GeometryFixture {
        return try JSONDecoder().decode(
            Self.self, from: Data(contentsOf: Checkout.top.appending(path: "Tests/ImagingTests/Fixtures/geometry.json")))
    }
}

extension Mask {
    /// A mask drawn in text: `#` is inside.
    init(_ rows: [String]) {
        self.init(
            width: rows.first?.utf8.count ?? 0, height: rows.count,
            pixels: rows.flatMap { $0.utf8.map { $0 == UInt8(ascii: "#") ? 255 : 0 } })
    }

    /// The mask as text.
    var rows: [String] { (0..<height).map { y in String((0..<width).map { x in self[x, y] ? "#" : "." }) } }

    /// A full mask.
    static func full(_ width: Int, _ height: Int) -> Mask {
        Mask(width: width, height: height, pixels: [UInt8](repeating: 255, count: width * height))
    }

    /// Pixels that are inside with a given probability, and after that blobs: each pixel as most of its 3 x 3 neighbours,
    /// `rounds` times.
    static func random(_ width: Int, _ height: Int, density: Double, rounds: Int, _ random: inout SeededGenerator) -> Mask {
        var mask = Mask(width: width, height: height)
        for y in 0..<height { for x in 0..<width { mask[x, y] = Double.random(in: 0..<1, using: &random) < density } }
        for _ in 0..<rounds {
            let before = mask
            for y in 0..<height {
                for x in 0..<width {
                    var count = 0
                    for dy in -1...1 { for dx in -1...1 where before[x + dx, y + dy] { count += 1 } }
                    mask[x, y] = count >= 5
                }
            }
        }
        return mask
    }

    /// Masks of all kinds, the extremes among them.
    static func assortment() -> [Mask] {
        var random = SeededGenerator(state: 11)
        var masks = [
            Mask(width: 0, height: 0), Mask(width: 7, height: 0), Mask(width: 5, height: 4), .full(5, 4), .full(1, 1),
            .full(1, 9), .full(9, 1),
        ]
        var pixel = Mask(width: 6, height: 5)
        pixel[5, 4] = true
        masks.append(pixel)
        for (width, height) in [(1, 33), (33, 1), (2, 17), (17, 2), (24, 19), (40, 31)] {
            for (density, rounds) in [(0.5, 0), (0.1, 0), (0.9, 0), (0.5, 2), (0.55, 4)] {
                masks.append(.random(width, height, density: density, rounds: rounds, &random))
            }
        }
        return masks
    }
}
