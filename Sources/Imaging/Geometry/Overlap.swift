/// How far two masks agree.
public struct Overlap: Sendable, Equatable {
    /// 2 |A and B| / (|A| + |B|); 1 where both are empty.
    public let dice: Double
    /// |A and B| / |A or B|; 1 where both are empty.
    public let jaccard: Double

    /// Compares two masks of one size.
    public init(_ first: Mask, _ second: Mask) {
        precondition(first.width == second.width && first.height == second.height, "masks of one image have one size")
        var (both, sum) = (0, 0)
        for (a, b) in zip(first.pixels, second.pixels) {
            if a != 0 { sum += 1 }
            if b != 0 { sum += 1 }
            if a != 0, b != 0 { both += 1 }
        }
        dice = sum == 0 ? 1 : 2 * Double(both) / Double(sum)
        jaccard = sum == 0 ? 1 : Double(both) / Double(sum - both)
    }
}
