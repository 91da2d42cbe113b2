public import Screening

/// How one image of a data set was read, held against its truth.
public struct ImageScore: Sendable, Equatable {
    /// The data set.
    public let set: String
    /// The image's ID there.
    public let id: String
    /// Its group: patient, sequence or centre.
    public let group: String
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
    /// What the image shows; nil but for the router.
    public var shown: Modality?
    /// What the router took it for, after its thresholds; nil but for the router.
    public var routed: Modality?
}
