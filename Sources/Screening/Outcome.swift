/// The end of an arrival. Every arrival ends in exactly one of these; until then it is pending.
public enum Outcome: String, Sendable, Codable, CaseIterable {
    /// A disc with its cup, or at least one polyp, was segmented and measured.
    case measured
    /// An endoscopy frame, good enough, in which no polyp reached the threshold.
    case noFinding = "no_finding"
    /// Fundus or endoscopy, but not fit to measure.
    case ungradable
    /// Neither a colour fundus photograph nor an endoscopy frame.
    case outOfDomain = "out_of_domain"
    /// Could not be read or processed, and trying again will not help.
    case failed

    /// Whether the original goes to quarantine (true) or to the archive (false).
    public var isQuarantined: Bool { self == .failed }
}

/// The reason why an arrival did not end as `measured` or `no_finding`.
public struct Reason: Sendable, Codable, Hashable {
    /// The machine-readable part.
    public enum Code: String, Sendable, Codable, CaseIterable {
        // ungradable
        case tooSmall = "too_small"
        case tooDark = "too_dark"
        case tooBright = "too_bright"
        case outOfFocus = "out_of_focus"
        case lowContrast = "low_contrast"
        case noDisc = "no_disc"
        case discCut = "disc_cut"
        case ambiguousDisc = "ambiguous_disc"
        case incomplete
        // out of domain
        case neither
        case greyscale
        case transparent
        case uncertain
        case composite
        // failed
        case empty
        case notAnImage = "not_an_image"
        case unsupportedFormat = "unsupported_format"
        case truncated
        case corrupt
        case tooLarge = "too_large"
        case notARegularFile = "not_a_regular_file"
        case crashed
        case timedOut = "timed_out"
        case outOfMemory = "out_of_memory"
        case vanished
        case `internal`

        /// The outcome that this reason belongs to.
        public var outcome: Outcome {
            switch self {
            case .tooSmall, .tooDark, .tooBright, .outOfFocus, .lowContrast, .noDisc, .discCut, .ambiguousDisc, .incomplete:
                .ungradable
            case .neither, .greyscale, .transparent, .uncertain, .composite: .outOfDomain
            default: .failed
            }
        }
    }

    /// The machine-readable part.
    public var code: Code
    /// One sentence for a person: what was found and what was expected. Never names a patient or a file.
    public var detail: String

    /// A reason with its sentence.
    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

/// The kind of image, as the router sees it.
public enum Modality: String, Sendable, Codable, CaseIterable {
    case fundus
    case endoscopy
    case neither
}

/// The eye that a fundus photograph shows.
public enum Eye: String, Sendable, Codable {
    case right
    case left
    case unknown
}

/// The task that a network is trained for.
public enum ModelTask: String, Sendable, Codable, CaseIterable {
    case router
    case disc
    case cup
    case polyp
}
