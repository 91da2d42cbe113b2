internal import DataSets
internal import Imaging
public import Reading
public import Screening

/// The reading of one image of a data set, held against its truth.
public struct ImageScore: Sendable, Equatable {
    /// The data set.
    public let set: String
    /// The image's ID there.
    public let id: String
    /// Its group: patient, sequence or centre.
    public let group: String
    /// Whom the image is of, among all sets.
    public let owner: String
    /// The manifest's label.
    public var label = ""
    /// How good the image is, where its quality was graded.
    public var quality: Quality.Grade?
    /// Whether nothing was measured in it, because of the router, its quality or what was found wrong with it.
    public var isRefused = false
    /// Of the masks; nil for the router.
    public var dice: Double?
    /// Of the masks; nil for the router.
    public var jaccard: Double?
    /// Whether the truth has no pixel inside.
    public var isEmpty = false
    /// Whether the reading found nothing.
    public var isFoundEmpty = false
    /// The vertical cup-to-disc ratio of the truth's masks.
    public var drawnRatio: Double?
    /// The vertical cup-to-disc ratio of the reading's ellipses; nil where it had none.
    public var readRatio: Double?
    /// The reading's own 95 % interval of that ratio, [low, high].
    public var readInterval: [Double]?
    /// One standard deviation of that ratio, as the networks' own uncertainty has it.
    public var readDeviation: Double?
    /// Whether a person is asked to look at the ratio; nil but for the cup.
    public var hasRatioAttention: Bool?
    /// 1 - Dice between the network's two heads, where it has them.
    public var disagreement: Double?
    /// Mean probability inside of what was found, the least sure of several.
    public var confidence: Double?
    /// Of each polyp drawn in the truth its share of the content; nil but for polyps.
    public var polyps: [Double]?
    /// Regions that were judged; empty but for polyps.
    public var regions: [FoundRegion] = []
    /// Whether a person is asked to look for a polyp: one was found, or something borderline.
    public var isFlagged = false
    /// Pixels drawn in the truth.
    public var truthArea = 0
    /// Some of the network's pixels with their truth, evenly spread over the view; empty for the router.
    public var pixels: [CalibrationSample] = []
    /// What the image shows; nil but for the router.
    public var shown: Modality?
    /// What the router took it for, after its thresholds; nil but for the router.
    public var routed: Modality?
    /// The router's probabilities by what it knows; empty but for the router.
    public var probabilities: [String: Double] = [:]

    /// The score of an image of which nothing is said so far.
    init(_ item: DataSet.Item, of set: DataSet) {
        self.init(set: set.name, id: item.id, group: item.group, owner: set.owner(of: item))
    }

    /// The same without a data set: groups of one name in two sets are two.
    init(set: String, id: String, group: String, owner: String? = nil) {
        (self.set, self.id, self.group, self.owner) = (set, id, group, owner ?? "\(group)\u{0}\(set)")
    }

    /// Of each polyp drawn, whether a region of one of some verdicts has its centroid in it; empty but for polyps.
    public func foundPolyps(counting verdicts: [JudgedRegions.Verdict] = [.polyp]) -> [Bool] {
        let hit = Set(regions.filter { verdicts.contains($0.verdict) }.compactMap(\.polyp))
        return (polyps ?? []).indices.map { hit.contains($0) }
    }

    /// Regions taken for a polyp whose centroid lies in none that is drawn; nil but for polyps.
    public var falseRegions: Int? { polyps.map { _ in regions.count { $0.polyp == nil && $0.verdict == .polyp } } }
}

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
