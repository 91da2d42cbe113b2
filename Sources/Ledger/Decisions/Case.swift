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

    /// As a database has it.
    package init(
        id: ScreeningID, image: Digest, patient: String? = nil, original: String, outcome: Outcome,
        modality: Modality? = nil, verdict: Report.Decision.Verdict, reader: String, decided: Timestamp, version: Int,
        blind: Bool, bundle: String, bundleDigest: Digest
    ) {
        self.id = id
        self.image = image
        self.patient = patient
        self.original = original
        self.outcome = outcome
        self.modality = modality
        self.verdict = verdict
        self.reader = reader
        self.decided = decided
        self.version = version
        self.blind = blind
        self.bundle = bundle
        self.bundleDigest = bundleDigest
    }
}
