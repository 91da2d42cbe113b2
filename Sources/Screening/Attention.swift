/// Something about a screening that a person should look at. Thresholds are absolute: the model's manifest gives them and
/// the configuration may override them; each entry states the one that was used.
public struct Attention: Sendable, Codable, Hashable {
    /// The machine-readable part.
    public enum Code: String, Sendable, Codable, CaseIterable {
        case ratioHigh = "ratio_high"
        case ratioInterval = "ratio_interval"
        case rimThin = "rim_thin"
        case disagreement
        case lowConfidence = "low_confidence"
        case discShape = "disc_shape"
        case discSize = "disc_size"
        case cupOutsideDisc = "cup_outside_disc"
        case qualityUsable = "quality_usable"
        case eyeConflict = "eye_conflict"
        case polyp
        case polypBorderline = "polyp_borderline"
        case outOfDomainNear = "out_of_domain_near"
        /// What a sidecar, container or name states and could not be used.
        case sidecar
        /// Sidecar, container and name disagree on whose image it is or what was examined.
        case identityConflict = "identity_conflict"
        case cupNotSeen = "cup_not_seen"
        case colourSpace = "colour_space"
        /// A file holds more frames than were read.
        case framesLeftOut = "frames_left_out"
        /// An eye's ratio differs from an earlier visit's by more than measurement error: of visits, never of a single image.
        case change
    }

    /// The machine-readable part.
    public var code: Code
    /// One sentence for a person.
    public var detail: String
    /// The measured value, where there is one.
    @Nullable public var value: Double?
    /// The threshold that it was held against, where there is one.
    @Nullable public var threshold: Double?

    /// An entry with its sentence and the figures behind it.
    public init(_ code: Code, _ detail: String, value: Double? = nil, threshold: Double? = nil) {
        self.code = code
        self.detail = detail
        self.value = value
        self.threshold = threshold
    }
}

extension Attention.Code {
    /// How much this alone calls for a person, 1...8: work lists add up the weights of a screening's codes and begin with the largest sum.
    public var weight: Int {
        switch self {
        case .ratioHigh, .polyp: 8
        case .rimThin, .identityConflict, .change: 7
        case .ratioInterval, .polypBorderline: 5
        case .disagreement, .lowConfidence, .eyeConflict, .sidecar: 4
        case .cupOutsideDisc, .discShape, .cupNotSeen, .framesLeftOut: 3
        case .discSize, .outOfDomainNear, .colourSpace: 2
        case .qualityUsable: 1
        }
    }
}
