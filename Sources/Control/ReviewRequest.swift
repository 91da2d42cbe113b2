public import FoundationEssentials
public import Ledger
public import Screening

/// A reader's word, as a command or the review page hands it to the service.
public struct ReviewRequest: Sendable, Codable, Hashable {
    /// An ID, or a unique beginning of it.
    public var arrival: String
    /// Accept, reject or correct.
    public var verdict: Report.Decision.Verdict
    /// Who decides; nil for whoever asks. Only an administrator may give another name than their own.
    public var reader: String?
    /// Why.
    public var note: String?
    /// What the reader saw; nil where the newest version is meant, whatever it is.
    public var seen: Seen?
    /// PNG files of the original's size by structure (disc, cup, polyp), 0 outside and 255 inside, or any of the encodings that data sets may have.
    public var masks: [String: Data]
    /// Whether the reader drew without having been shown what the models found.
    public var blind: Bool

    /// A reader's word.
    public init(
        arrival: String, verdict: Report.Decision.Verdict, reader: String? = nil, note: String? = nil, seen: Seen? = nil,
        masks: [String: Data] = [:], blind: Bool = false
    ) {
        (self.arrival, self.verdict, self.reader, self.note) = (arrival, verdict, reader, note)
        (self.seen, self.masks, self.blind) = (seen, masks, blind)
    }
}
