internal import Imaging
public import Reading
public import Registry

/// A region that was judged, held against the truth.
public struct FoundRegion: Sendable, Equatable {
    /// How sure the model is of it.
    public var confidence: Double
    /// What became of it.
    public var verdict = JudgedRegions.Verdict.polyp
    /// Pixels.
    public let area: Int
    /// Those of them that are polyp.
    public let overlap: Int
    /// The polyp that its centroid lies in, by its place among the drawn (Bernal et al., "Comparative validation of polyp detection
    /// methods", IEEE TMI 36, 2017); nil for a false alarm.
    public let polyp: Int?
    /// What the network says of it.
    public var evidence: [RegionConfidence.Feature: Double] = [:]

    init(confidence: Double, area: Int, overlap: Int, polyp: Int?) {
        self.confidence = confidence
        self.area = area
        self.overlap = overlap
        self.polyp = polyp
    }

    /// A region of a frame whose truth is known.
    init(_ region: JudgedRegions.Region, of judged: JudgedRegions, in truth: DrawnPolyps) {
        let label = region.component.label
        let mask = judged.mask(width: truth.mask.width, height: truth.mask.height) { $0.component.label == label }
        let (x, y) = (
            Int(region.component.centroid.x) + judged.window.x, Int(region.component.centroid.y) + judged.window.y
        )
        self.init(
            confidence: region.confidence, area: region.component.area, overlap: mask.intersectionArea(with: truth.mask),
            polyp: truth.polyp(x, y))
        verdict = region.verdict
        evidence = region.evidence
    }
}

/// The polyps that are drawn in a mask. Specks under a twentieth of a percent of the content are flaws of a mask, not polyps.
struct DrawnPolyps {
    let mask: Mask
    /// Of each, its share of the content.
    let shares: [Double]
    private let labels: [Int32]
    /// From a label to a place among the shares.
    private let places: [Int: Int]

    static let leastShare = 0.0005

    init(_ mask: Mask, content: Double) {
        let map = mask.labelled()
        let kept = map.components.filter { Double($0.area) >= Self.leastShare * content }
        self.mask = mask
        shares = kept.map { min(1, Double($0.area) / content) }
        labels = map.labels
        places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1.label, $0) })
    }

    /// The polyp at a pixel; nil for none.
    func polyp(_ x: Int, _ y: Int) -> Int? {
        guard x >= 0, y >= 0, x < mask.width, y < mask.height else { return nil }
        return places[Int(labels[y * mask.width + x])]
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
