internal import Imaging
internal import Screening

/// A region that was taken for a polyp, held against the truth.
public struct FoundRegion: Sendable, Equatable {
    /// Mean probability.
    public let confidence: Double
    /// Of the content, 0...1.
    public let share: Double
    /// Pixels.
    public let area: Int
    /// Those of them that are polyp.
    public let overlap: Int
    /// The polyp that its centroid lies in, by number (Bernal et al., "Comparative validation of polyp detection methods", IEEE TMI 36,
    /// 2017); nil for a false alarm.
    public let polyp: Int?

    /// A region whose centroid lies in a polyp of the truth, or in none.
    init(_ polyp: Polyp, in map: ComponentMap, truth: Mask, labels: [Int32]) {
        confidence = polyp.confidence ?? 1
        share = polyp.areaFraction
        area = Int(polyp.area)
        let component = map.components.first {
            [$0.box.x, $0.box.y, $0.box.width, $0.box.height] == polyp.box && $0.area == Int(polyp.area)
        }
        overlap = component.map { map.mask(of: $0).intersectionArea(with: truth) } ?? 0
        let (x, y) = (Int(polyp.centroid[0]), Int(polyp.centroid[1]))
        let label = x >= 0 && y >= 0 && x < truth.width && y < truth.height ? Int(labels[y * truth.width + x]) : 0
        self.polyp = label > 0 ? label : nil
    }

    init(confidence: Double, share: Double, area: Int, overlap: Int, polyp: Int?) {
        (self.confidence, self.share, self.area, self.overlap, self.polyp) = (confidence, share, area, overlap, polyp)
    }
}

extension Mask {
    /// Pixels in both masks, which have one size, or the program stops.
    func intersectionArea(with other: Mask) -> Int {
        precondition(width == other.width && height == other.height, "masks of one size")
        var count = 0
        for index in pixels.indices where pixels[index] != 0 && other.pixels[index] != 0 { count += 1 }
        return count
    }
}
