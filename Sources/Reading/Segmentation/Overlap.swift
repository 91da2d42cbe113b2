internal import Imaging

/// How much two regions overlap.
enum Overlap {
    /// Dice = 2|A∩B| / (|A| + |B|); 1 where both are empty. The masks have one size, or the program stops.
    static func dice(_ a: Mask, _ b: Mask) -> Double {
        precondition(a.width == b.width && a.height == b.height, "masks of one size")
        var (both, sum) = (0, 0)
        for index in a.pixels.indices {
            let (first, second) = (a.pixels[index] != 0, b.pixels[index] != 0)
            both += first && second ? 1 : 0
            sum += (first ? 1 : 0) + (second ? 1 : 0)
        }
        return sum == 0 ? 1 : 2 * Double(both) / Double(sum)
    }
}
