public import Imaging

/// A picture's looks in 256 bits: of a view of 17 x 16 grey pixels, whether each is darker than the next (a difference hash). Another size,
/// another JPEG quality or a frame a moment later change few of them.
public struct Likeness: Sendable, Hashable {
    /// Pictures that differ in so many bits or fewer are of one scene.
    public static let limit = 10

    let bits: [UInt64]

    /// The likeness of a picture.
    public init(of raster: Raster) {
        let small = raster.resampled(from: raster.bounds, width: 17, height: 16)
        func grey(_ x: Int, _ y: Int) -> Int {
            let at = 3 * (y * 17 + x)
            return 299 * Int(small.pixels[at]) + 587 * Int(small.pixels[at + 1]) + 114 * Int(small.pixels[at + 2])
        }
        bits = (0..<4).map { part in
            (0..<64).reduce(UInt64(0)) { word, bit in
                let (x, y) = (bit % 16, part * 4 + bit / 16)
                return word << 1 | (grey(x, y) < grey(x + 1, y) ? 1 : 0)
            }
        }
    }

    /// In how many bits two pictures differ, 0...256.
    public func distance(to other: Likeness) -> Int {
        zip(bits, other.bits).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
    }

    /// Which of some pictures belong together, as chains of likenesses: for each the first one of its chain.
    static func chains(_ likenesses: [Likeness]) -> [Int] {
        var first = Array(likenesses.indices)
        func root(_ index: Int) -> Int {
            var at = index
            while first[at] != at { at = first[at] }
            return at
        }
        for (a, b, _) in pairs(likenesses) {
            let (one, other) = (root(a), root(b))
            if one != other { first[max(one, other)] = min(one, other) }
        }
        return likenesses.indices.map(root)
    }

    /// All pairs within the limit, the first before the second.
    static func pairs(_ likenesses: [Likeness]) -> [(Int, Int, distance: Int)] {
        let words = likenesses.flatMap(\.bits)
        return Cores.map(likenesses.count) { a -> [(Int, Int, distance: Int)] in
            var found: [(Int, Int, distance: Int)] = []
            for b in (a + 1)..<max(a + 1, likenesses.count) {
                var distance = 0
                for word in 0..<4 { distance += (words[4 * a + word] ^ words[4 * b + word]).nonzeroBitCount }
                if distance <= limit { found.append((a, b, distance)) }
            }
            return found
        }.flatMap(\.self)
    }
}
