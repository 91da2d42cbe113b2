public import Screening

/// One screening as a line for spreadsheets and programs: the newest version of an arrival that has ended.
public struct ExportRow: Sendable, Codable, Hashable {
    /// The arrival's ID.
    public var id: ScreeningID
    /// When it arrived.
    public var received: Timestamp
    /// The file's name; null once forgotten.
    @Nullable public var file: String?
    /// Whom it is of, as the issuer numbers people.
    @Nullable public var subject: String?
    /// The study or visit.
    @Nullable public var study: String?
    /// Which eye it is: stated, or as the photograph shows it.
    public var eye: Eye
    /// How it ended.
    public var outcome: Outcome
    /// The first reason's code; null for measured and no_finding.
    @Nullable public var reason: String?
    /// What the router saw; null where the image could not be decoded.
    @Nullable public var modality: Modality?
    /// The quality's grade.
    @Nullable public var quality: Quality.Grade?
    /// Vertical cup-to-disc ratio.
    @Nullable public var vcdr: Double?
    /// The lower end of its 95 % interval.
    @Nullable public var vcdrLow: Double?
    /// The upper end of its 95 % interval.
    @Nullable public var vcdrHigh: Double?
    /// Horizontal cup-to-disc ratio.
    @Nullable public var hcdr: Double?
    /// Cup-to-disc ratio of the areas.
    @Nullable public var areaRatio: Double?
    /// The rim's smallest width, disc diameters.
    @Nullable public var rimMinimum: Double?
    /// How many polyps; null where none were looked for.
    @Nullable public var polyps: Int?
    /// Their share of the content's area, 0...1.
    @Nullable public var polypAreaFraction: Double?
    /// The largest of the polyps' confidences, 0...1.
    @Nullable public var maxConfidence: Double?
    /// Codes of what a person should look at.
    public var attention: [String]
    /// Names of the models that took part: router, disc, cup, polyp.
    public var models: [String]
    /// 1, and one more for each correction.
    public var version: Int
    /// The last decision; null where nobody has decided, or where it was read again since.
    @Nullable public var decision: Report.Decision.Verdict?
    /// Who made it.
    @Nullable public var reader: String?
    /// The bundle's folder, relative to the outbox; null once forgotten.
    @Nullable public var bundle: String?
    /// Who gave the subject's number.
    @Nullable public var issuer: String?
    /// The order's number.
    @Nullable public var accession: String?
    /// When the image was taken: a day or a time.
    @Nullable public var taken: ExaminationTime?
    /// What it was taken with.
    @Nullable public var device: String?
    /// Who took it.
    @Nullable public var operatorName: String?
    /// Whether the reader drew without having been shown what the models found; null where nobody has decided.
    @Nullable public var blind: Bool?

    /// As a database has it.
    package init(
        id: ScreeningID, received: Timestamp, file: String? = nil, subject: String? = nil, study: String? = nil, eye: Eye,
        outcome: Outcome, reason: String? = nil, modality: Modality? = nil, quality: Quality.Grade? = nil,
        vcdr: Double? = nil, vcdrLow: Double? = nil, vcdrHigh: Double? = nil, hcdr: Double? = nil, areaRatio: Double? = nil,
        rimMinimum: Double? = nil, polyps: Int? = nil, polypAreaFraction: Double? = nil, maxConfidence: Double? = nil,
        attention: [String], models: [String], version: Int, decision: Report.Decision.Verdict? = nil,
        reader: String? = nil, bundle: String? = nil, issuer: String? = nil, accession: String? = nil,
        taken: ExaminationTime? = nil, device: String? = nil, operatorName: String? = nil, blind: Bool? = nil
    ) {
        self.id = id
        self.received = received
        self.file = file
        self.subject = subject
        self.study = study
        self.eye = eye
        self.outcome = outcome
        self.reason = reason
        self.modality = modality
        self.quality = quality
        self.vcdr = vcdr
        self.vcdrLow = vcdrLow
        self.vcdrHigh = vcdrHigh
        self.hcdr = hcdr
        self.areaRatio = areaRatio
        self.rimMinimum = rimMinimum
        self.polyps = polyps
        self.polypAreaFraction = polypAreaFraction
        self.maxConfidence = maxConfidence
        self.attention = attention
        self.models = models
        self.version = version
        self.decision = decision
        self.reader = reader
        self.bundle = bundle
        self.issuer = issuer
        self.accession = accession
        self.taken = taken
        self.device = device
        self.operatorName = operatorName
        self.blind = blind
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case id, received, file, subject, study, eye, outcome, reason, modality, quality, vcdr
        case vcdrLow = "vcdr_low"
        case vcdrHigh = "vcdr_high"
        case hcdr
        case areaRatio = "area_ratio"
        case rimMinimum = "rim_minimum"
        case polyps
        case polypAreaFraction = "polyp_area_fraction"
        case maxConfidence = "max_confidence"
        case attention, models, version, decision, reader, bundle, issuer, accession, taken, device
        case operatorName = "operator"
        case blind
    }

    /// The columns of the CSV, in order; the same words are the keys of the JSON lines.
    public static let columns = CodingKeys.allCases.map(\.rawValue)

    /// The cells of the CSV, in the order of `columns`; several values in a cell are separated by a space, a missing one is empty.
    public var cells: [String] {
        func text(_ value: (some CustomStringConvertible)?) -> String { value.map(\.description) ?? "" }
        return [
            id.description, received.description, file ?? "", subject ?? "", study ?? "", eye.rawValue, outcome.rawValue,
            reason ?? "",
            modality?.rawValue ?? "", quality?.rawValue ?? "", text(vcdr), text(vcdrLow), text(vcdrHigh), text(hcdr),
            text(areaRatio),
            text(rimMinimum), text(polyps), text(polypAreaFraction), text(maxConfidence), attention.joined(separator: " "),
            models.joined(separator: " "), "\(version)", decision?.rawValue ?? "", reader ?? "", bundle ?? "",
            issuer ?? "", accession ?? "", text(taken), device ?? "", operatorName ?? "", text(blind),
        ]
    }
}
