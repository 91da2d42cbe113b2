internal import GRDB
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
    /// The last decision; null where nobody has decided.
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

extension ExportRow {
    /// What every query of these rows begins with: the newest version of each arrival that has ended, and the last decision on it.
    static let select = """
        SELECT screening.*, arrival.received, arrival.name, arrival.patient, arrival.study, arrival.issuer, arrival.accession,
            arrival.taken, arrival.equipment, arrival.operator, decision.verdict, decision.reader, decision.blind,
            router.name AS router_name, disc.name AS disc_name, cup.name AS cup_name, polyp.name AS polyp_name
        FROM arrival
            JOIN screening ON screening.arrival = arrival.id
                AND screening.version = (SELECT max(version) FROM screening AS newest WHERE newest.arrival = arrival.id)
            LEFT JOIN decision ON decision.id = \(DecisionRow.last)
            LEFT JOIN model AS router ON router.id = screening.router
            LEFT JOIN model AS disc ON disc.id = screening.disc
            LEFT JOIN model AS cup ON cup.id = screening.cup
            LEFT JOIN model AS polyp ON polyp.id = screening.polyp
        """

    /// Reads a screening joined with its arrival and models, and its findings.
    init(_ row: Row, _ findings: [Finding]) throws {
        let text: String = row["arrival"]
        guard let id = ScreeningID(text), let received = Timestamp(row["received"] as String),
            let eye = Eye(rawValue: row["eye"]),
            let outcome = Outcome(rawValue: row["outcome"])
        else {
            throw PapillaError(.damaged, "A screening of the ledger cannot be read", place: text, hint: LedgerFile.damageHint)
        }
        func measure(_ code: Finding.Measure) -> Double? {
            findings.first { $0.kind == .measure && $0.code == code.rawValue }?.value
        }
        (self.id, self.received, self.eye, self.outcome) = (id, received, eye, outcome)
        (file, subject, study, bundle) = (row["name"], row["patient"], row["study"], row["bundle"])
        (issuer, accession, device, operatorName) = (row["issuer"], row["accession"], row["equipment"], row["operator"])
        taken = (row["taken"] as String?).flatMap { ExaminationTime($0) }
        reason = findings.first { $0.kind == .reason && $0.position == 0 }?.code
        modality = (row["modality"] as String?).flatMap(Modality.init)
        quality = (row["quality"] as String?).flatMap(Quality.Grade.init)
        (vcdr, vcdrLow, vcdrHigh, hcdr) = (measure(.vcdr), measure(.vcdrLow), measure(.vcdrHigh), measure(.hcdr))
        let fraction = measure(.polypAreaFraction)
        (areaRatio, rimMinimum, polypAreaFraction) = (measure(.areaRatio), measure(.rimMinimum), fraction)
        let areas = findings.filter { $0.kind == .polyp && $0.code == "area" }
        let confidences = findings.filter { $0.kind == .polyp && $0.code == "confidence" }.compactMap(\.value)
        polyps = fraction == nil ? nil : areas.count
        maxConfidence = confidences.max()
        (version, reader, blind) = (row["version"], row["reader"], row["blind"])
        decision = (row["verdict"] as String?).flatMap(Report.Decision.Verdict.init)
        attention = findings.filter { $0.kind == .attention }.map(\.code)
        models = ["router_name", "disc_name", "cup_name", "polyp_name"].compactMap { row[$0] }
    }
}

extension LedgerStore {
    /// Hands every screening that a filter lets through to `body`, in order of arrival, without holding them all in memory.
    ///
    /// Of an arrival with corrections, the newest version. The filter's `states` does not matter: what is pending has no screening.
    public nonisolated func export(_ filter: ArrivalFilter = ArrivalFilter(), to body: (ExportRow) throws -> Void)
        throws(PapillaError)
    {
        try read { db in
            let (clause, arguments) = filter.clause
            let rows = try Row.fetchCursor(
                db,
                sql: ExportRow.select + clause, arguments: arguments)
            while let row = try rows.next() { try body(ExportRow(row, try Finding.stored(db, screening: row["id"]))) }
        }
    }
}
