public import Screening

/// How one image of a data set was read, held against its truth.
public struct ImageScore: Sendable, Equatable {
    /// The data set.
    public let set: String
    /// The image's ID there.
    public let id: String
    /// Its group: patient, sequence or centre.
    public let group: String
    /// Whom the image is of, among all sets: groups of one name in two sets are two. Ordered by group.
    var owner: String { "\(group)\u{0}\(set)" }
    /// The manifest's label.
    public var label = ""
    /// How good the image is, where its quality was graded.
    public var quality: Quality.Grade?
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
    /// 1 - Dice between the network's two heads, where it has them.
    public var disagreement: Double?
    /// Mean probability inside of what was found, the least sure of several.
    public var confidence: Double?
    /// Polyps drawn in the truth; nil but for polyps.
    public var polyps: Int?
    /// Regions found; empty but for polyps.
    public var regions: [FoundRegion] = []
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
}
