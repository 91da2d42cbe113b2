internal import GRDB
public import Screening

/// A screening whose last decision accepts or corrects it: what a site has to train and judge models with.
public struct Case: Sendable, Codable, Hashable {
    /// The arrival.
    public var id: ScreeningID
    /// Of the image's bytes.
    public var image: Digest
    /// From sidecar or name.
    @Nullable public var patient: String?
    /// The original, as the ledger names it: `archive/2026-11-24/ID/NAME`.
    public var original: String
    /// How the decided version ended.
    public var outcome: Outcome
    /// What kind of image it is.
    @Nullable public var modality: Modality?
    /// The last decision: accept or correct.
    public var verdict: Report.Decision.Verdict
    /// Who decided.
    public var reader: String
    /// When.
    public var decided: Timestamp
    /// The version that holds the masks.
    public var version: Int
    /// Whether that version was drawn without the models' result having been shown.
    public var blind: Bool
    /// That version's bundle, relative to the outbox. `disc-raw.png`, `cup-raw.png` and `polyp.png` in it are the masks, of the original's
    /// size; those that were not found or drawn are missing.
    public var bundle: String
    /// Of the bytes of that bundle's report.json.
    public var bundleDigest: Digest
}

extension LedgerStore {
    /// Every case, in order of arrival. What was forgotten, rejected or not decided is none.
    public nonisolated func cases() throws(PapillaError) -> [Case] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT arrival.id, arrival.patient, arrival.original, truth.sha256, truth.outcome, truth.modality, truth.version,
                        truth.bundle, truth.bundle_sha256, ifnull(made.blind, 0) AS blind, decision.verdict, decision.reader, decision.at
                    FROM arrival JOIN decision ON decision.id = \(DecisionRow.last)
                        JOIN screening AS truth ON truth.id = ifnull(decision.result, decision.screening)
                        LEFT JOIN decision AS made ON made.result = truth.id
                    WHERE decision.verdict IN ('accept', 'correct') AND forgotten IS NULL AND original LIKE 'archive/%' AND truth.bundle IS NOT NULL
                    ORDER BY arrival.received, arrival.id
                    """
            ).map { row in
                guard let id = ScreeningID(row["id"]), let image = (row["sha256"] as String?).flatMap(Digest.init),
                    let outcome = Outcome(rawValue: row["outcome"]), let decided = Timestamp(row["at"] as String),
                    let bundleDigest = Digest(row["bundle_sha256"] as String),
                    let verdict = Report.Decision.Verdict(rawValue: row["verdict"])
                else { throw PapillaError(.damaged, "A case of the ledger cannot be read", hint: LedgerFile.damageHint) }
                return Case(
                    id: id, image: image, patient: row["patient"], original: row["original"], outcome: outcome,
                    modality: (row["modality"] as String?).flatMap(Modality.init), verdict: verdict, reader: row["reader"],
                    decided: decided, version: row["version"], blind: row["blind"], bundle: row["bundle"],
                    bundleDigest: bundleDigest)
            }
        }
    }
}
