public import Screening

/// What readers made of what the models showed: the models' version that the last decision was about, and where that decision left it.
public struct Judgement: Sendable, Hashable {
    /// What became of the models' result.
    public enum Verdict: String, Sendable, Codable { case accepted, corrected, rejected }

    /// The arrival.
    public var id: ScreeningID
    /// What became of it.
    public var verdict: Verdict
    /// Codes of attention that the models' result raised.
    public var attention: Set<Attention.Code>
    /// Names of the models that took part, by task.
    public var models: [ModelTask: String]
    /// Whether a reader drew before the models' result was shown. Then `kept` is what was drawn so, whatever came later.
    public var blind: Bool
    /// The models' bundle, relative to the outbox; nil once forgotten.
    public var shown: String?
    /// The bundle of the version that counts, or that was drawn blind; nil once forgotten.
    public var kept: String?
    /// Of the bytes of report.json in the models' bundle.
    public var shownDigest: Digest
    /// Of the bytes of report.json in the bundle of the version that counts.
    public var keptDigest: Digest
    /// Vertical cup-to-disc ratio that the models showed.
    public var shownRatio: Double?
    /// Vertical cup-to-disc ratio of that version.
    public var keptRatio: Double?

    /// As a database has it.
    package init(
        id: ScreeningID, verdict: Verdict, attention: Set<Attention.Code>, models: [ModelTask: String], blind: Bool,
        shown: String? = nil, kept: String? = nil, shownDigest: Digest, keptDigest: Digest, shownRatio: Double? = nil,
        keptRatio: Double? = nil
    ) {
        self.id = id
        self.verdict = verdict
        self.attention = attention
        self.models = models
        self.blind = blind
        self.shown = shown
        self.kept = kept
        self.shownDigest = shownDigest
        self.keptDigest = keptDigest
        self.shownRatio = shownRatio
        self.keptRatio = keptRatio
    }
}
