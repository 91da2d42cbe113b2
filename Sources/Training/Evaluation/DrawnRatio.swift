internal import Imaging

/// The vertical cup-to-disc ratio of drawn masks as the REFUGE challenge takes it (Orlando et al., 2020): pixels of the tallest column.
enum DrawnRatio {
    /// Cup over disc; nil without a disc.
    static func vertical(cup: Mask, disc: Mask) -> Double? {
        let height = tallest(disc)
        return height == 0 ? nil : Double(tallest(cup)) / Double(height)
    }

    private static func tallest(_ mask: Mask) -> Int {
        var columns = [Int](repeating: 0, count: mask.width)
        for y in 0..<mask.height {
            for x in 0..<mask.width where mask.pixels[y * mask.width + x] != 0 { columns[x] += 1 }
        }
        return columns.max() ?? 0
    }
}
