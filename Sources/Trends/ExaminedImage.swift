public import Screening

/// One image of a subject, as its newest version reads it: what visits and histories are made of.
public struct ExaminedImage: Sendable, Codable, Hashable {
    /// A vertical cup-to-disc ratio with what is known of its error.
    public struct Ratio: Sendable, Codable, Hashable {
        /// Vertical diameter of the cup over that of the disc.
        public var value: Double
        /// 95 % interval, [low, high]; null where a reader drew disc or cup.
        @Nullable public var interval: [Double]?

        /// A ratio with its interval.
        public init(_ value: Double, interval: [Double]? = nil) {
            self.value = value
            self.interval = interval
        }

        /// Whether a reader drew disc or cup: such a ratio has no interval.
        public var isDrawn: Bool { interval == nil }
    }

    /// The networks that measured a ratio, by name; null where none did, or where that is not known.
    public struct Models: Sendable, Codable, Hashable {
        /// That of the disc.
        @Nullable public var disc: String?
        /// That of the cup.
        @Nullable public var cup: String?

        /// The networks' names.
        public init(disc: String? = nil, cup: String? = nil) {
            self.disc = disc
            self.cup = cup
        }
    }

    /// A polyp's share of the picture and how sure the model is of it.
    public struct Polyp: Sendable, Codable, Hashable {
        /// Of the content's area, 0...1.
        public var areaFraction: Double
        /// 0...1; null where a reader drew it.
        @Nullable public var confidence: Double?

        /// A polyp of a size.
        public init(areaFraction: Double, confidence: Double? = nil) {
            self.areaFraction = areaFraction
            self.confidence = confidence
        }

        enum CodingKeys: String, CodingKey {
            case confidence
            case areaFraction = "area_fraction"
        }
    }

    /// The arrival's ID.
    public var id: ScreeningID
    /// The version of its reading.
    public var version: Int
    /// Its bundle, relative to the outbox; null where it is not known any more.
    @Nullable public var bundle: String?
    /// Of its content; null where it could not be read.
    @Nullable public var sha256: Digest?
    /// When it arrived.
    public var received: Timestamp
    /// When it was taken, as stated.
    @Nullable public var taken: ExaminationTime?
    /// The study or visit, as stated.
    @Nullable public var study: String?
    /// What it was taken with, as stated.
    @Nullable public var device: String?
    /// Which eye it is.
    public var eye: Eye
    /// How it ended.
    public var outcome: Outcome
    /// Why, unless measured or no finding.
    public var reasons: [Reason.Code]
    /// What the router said; null where it could not be decoded.
    @Nullable public var modality: Modality?
    /// The quality's grade; null for images out of domain or not decoded.
    @Nullable public var quality: Quality.Grade?
    /// Focus over its threshold, 1 and more where it passed; null where it is not known.
    @Nullable public var focus: Double?
    /// 1 − Dice of the two heads, the larger one of disc and cup, 0...1; null where it is not known.
    @Nullable public var disagreement: Double?
    /// Vertical cup-to-disc ratio; null where there is none.
    @Nullable public var ratio: Ratio?
    /// The rim's smallest width, disc diameters.
    @Nullable public var rimMinimum: Double?
    /// Where that is, degrees counter-clockwise from +x as seen.
    @Nullable public var rimMinimumAngle: Double?
    /// What was found in an endoscopy frame, largest first.
    public var polyps: [Polyp]
    /// Codes of what a person should look at.
    public var attention: [Attention.Code]
    /// Who measured the ratio.
    public var models: Models
    /// The last decision; null where nobody has decided, or where it was read again since.
    @Nullable public var decision: Report.Decision.Verdict?

    /// An image of which little is known yet.
    public init(id: ScreeningID, version: Int = 1, received: Timestamp, eye: Eye = .unknown, outcome: Outcome) {
        self.id = id
        self.version = version
        self.received = received
        self.eye = eye
        self.outcome = outcome
        reasons = []
        polyps = []
        attention = []
        models = Models()
    }

    /// An image as its report has it.
    ///
    /// - Parameters:
    ///   - bundle: the bundle's folder, relative to the outbox.
    ///   - decision: the last one on any version; by default the report's own.
    public init(_ report: Report, bundle: String?, decision: Report.Decision.Verdict? = nil) {
        self.init(
            id: report.id, version: report.version, received: report.source.received, eye: report.source.eye,
            outcome: report.outcome)
        self.bundle = bundle
        self.decision = decision ?? report.decision?.verdict
        sha256 = report.source.sha256
        taken = report.examination.taken
        study = report.examination.study
        device = report.examination.device
        reasons = report.reasons.map(\.code)
        modality = report.modality?.value
        quality = report.quality?.grade
        focus = report.quality?.checks["focus"].flatMap { $0.threshold > 0 ? $0.value / $0.threshold : nil }
        attention = report.attention.map(\.code)
        func name(_ task: ModelTask) -> String? { report.models.first { $0.task == task }?.name }
        models = Models(disc: name(.disc), cup: name(.cup))
        if let fundus = report.fundus {
            disagreement = fundus.disagreement.values.max()
            ratio = fundus.cdr.map { Ratio($0.vertical, interval: $0.interval.count == 2 ? $0.interval : nil) }
            rimMinimum = fundus.rim?.minimum
            rimMinimumAngle = fundus.rim?.minimumAngle
        }
        if let endoscopy = report.endoscopy {
            disagreement = endoscopy.disagreement
            polyps = endoscopy.polyps.map { Polyp(areaFraction: $0.areaFraction, confidence: $0.confidence) }
        }
    }

    enum CodingKeys: String, CodingKey {
        case id, version, bundle, sha256, received, taken, study, device, eye, outcome, reasons, modality, quality, focus
        case disagreement, ratio, polyps, attention, models, decision
        case rimMinimum = "rim_minimum"
        case rimMinimumAngle = "rim_minimum_angle"
    }
}

extension ExaminedImage {
    /// Whether its ratio may stand for an eye: it was measured, and no reader has rejected it.
    public var isCountable: Bool { outcome == .measured && ratio != nil && decision != .reject }

    /// Whether it shows another eye than is stated, and no reader has had a word on it.
    public var isEyeDoubtful: Bool { attention.contains(.eyeConflict) && decision == nil }

    /// What networks its ratio can be compared with: a reader's outlines with those of all.
    var measuredBy: Models? { ratio?.isDrawn == true ? nil : models }

    /// Each photograph once: of those that came more than once, byte for byte, the last arrival, whose sidecar is the site's last word.
    /// By arrival, earliest first.
    public static func withoutCopies(_ images: some Sequence<ExaminedImage>) -> [ExaminedImage] {
        let sorted = images.sorted { ($0.received, $0.id) < ($1.received, $1.id) }
        var last: [Digest: Int] = [:]
        for (place, image) in sorted.enumerated() { if let sha256 = image.sha256 { last[sha256] = place } }
        return sorted.enumerated().filter { place, image in image.sha256.map { last[$0] == place } ?? true }.map(\.element)
    }
}
