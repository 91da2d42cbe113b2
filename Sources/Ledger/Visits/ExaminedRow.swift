public import Screening

/// The newest version of one of a subject's images, with all that visits and histories ask of it.
public struct ExaminedRow: Sendable, Hashable {
    /// A polyp of an endoscopy frame.
    public struct Polyp: Sendable, Hashable {
        /// Of the content's area, 0...1.
        public var areaFraction: Double
        /// 0...1; nil where a reader drew it.
        public var confidence: Double?

        package init(areaFraction: Double, confidence: Double?) {
            self.areaFraction = areaFraction
            self.confidence = confidence
        }
    }

    /// As exports have it.
    public var row: ExportRow
    /// Of its content; nil where it could not be read.
    public var sha256: Digest?
    /// Every reason's code.
    public var reasons: [Reason.Code]
    /// The network that outlined the disc.
    public var disc: String?
    /// The network that outlined the cup.
    public var cup: String?
    /// Focus over its threshold; nil where it was not kept.
    public var focus: Double?
    /// 1 − Dice of the network's heads; nil where it was not kept.
    public var disagreement: Double?
    /// Where the rim is thinnest, degrees.
    public var rimMinimumAngle: Double?
    /// Largest first.
    public var polyps: [Polyp]

    /// A row with its findings.
    package init(_ row: ExportRow, _ findings: [Finding], sha256: Digest?, disc: String?, cup: String?) {
        self.row = row
        self.sha256 = sha256
        self.disc = disc
        self.cup = cup
        func measure(_ code: Finding.Measure) -> Double? {
            findings.first { $0.kind == .measure && $0.code == code.rawValue }?.value
        }
        reasons = findings.filter { $0.kind == .reason }.compactMap { Reason.Code(rawValue: $0.code) }
        focus = measure(.focus)
        disagreement = measure(.disagreement)
        rimMinimumAngle = measure(.rimMinimumAngle)
        let ofPolyps = Dictionary(grouping: findings.filter { $0.kind == .polyp }, by: \.position)
        polyps = ofPolyps.sorted { $0.key < $1.key }.map { _, figures in
            func figure(_ code: String) -> Double? { figures.first { $0.code == code }?.value }
            return Polyp(areaFraction: figure("area_fraction") ?? 0, confidence: figure("confidence"))
        }
    }
}
