internal import Ledger
public import Screening

/// A row of the work list. Of a screening that is to be drawn blind it says what came in, and nothing that was found.
public struct WorkRow: Sendable, Codable, Hashable {
    /// The screening.
    public var id: ScreeningID
    /// When it arrived.
    public var received: Timestamp
    /// The file's name.
    @Nullable public var file: String?
    /// Whom it is of.
    @Nullable public var subject: String?
    /// Which eye it is.
    public var eye: Eye
    /// What the router saw.
    @Nullable public var modality: Modality?
    /// How it ended.
    @Nullable public var outcome: Outcome?
    /// The first reason's code.
    @Nullable public var reason: String?
    /// Vertical cup-to-disc ratio.
    @Nullable public var vcdr: Double?
    /// How many polyps.
    @Nullable public var polyps: Int?
    /// Codes of what a person should look at.
    public var attention: [String]
    /// 1, and one more for each correction.
    public var version: Int
    /// The last decision.
    @Nullable public var decision: Report.Decision.Verdict?
    /// Whether it is to be drawn before its result is shown.
    public var blind: Bool

    /// What draws attention and is nothing that models found: whose image it is is asked at once.
    static let shownBlind: Set<Attention.Code> = [.sidecar, .identityConflict]

    init(_ row: ExportRow, blind: Bool) {
        id = row.id
        received = row.received
        file = row.file
        subject = row.subject
        eye = row.eye
        modality = row.modality
        version = row.version
        decision = row.decision
        self.blind = blind
        attention = []
        guard !blind else {
            attention = row.attention.filter { code in Self.shownBlind.contains { $0.rawValue == code } }
            return
        }
        outcome = row.outcome
        reason = row.reason
        vcdr = row.vcdr
        polyps = row.polyps
        attention = row.attention
    }
}
