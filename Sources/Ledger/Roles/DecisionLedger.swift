public import Screening

/// What reviewing needs of a ledger: what readers see, what they decide, and what became of it.
public protocol DecisionLedger: Sendable {
    /// Writes down that a reader accepts or rejects the newest version of a screening, with its audit entry in one transaction.
    ///
    /// - Parameter actor: `user@uid` of the process that asked for it.
    /// - Throws: `notFound`; `refused` where the arrival has not ended or was forgotten, where something else than the newest was seen,
    ///   and while a correction is under way; `internal` for a correction, which has its own way.
    func decide(_ decision: NewDecision, actor: String) async throws(PapillaError) -> DecisionRow

    /// Writes down that the next version of a screening is about to be published, before it is: whatever stops the process then, the next
    /// start finds the bundle and concludes, or finds none and gives up.
    ///
    /// - Parameter version: the one that will be published.
    /// - Throws: as `decide`; `refused` also where another correction came first, and for a blind one where anybody has decided on the
    ///   image already: from then on its result is shown to everyone.
    func beginCorrection(_ decision: NewDecision, version: Int, actor: String) async throws(PapillaError)

    /// Writes a published correction down: the new version with its findings, the decision, and the arrival's outcome, in one transaction.
    ///
    /// - Parameter end: of the new version, its report with the decision; `original` does not matter.
    /// - Throws: `internal` where no such correction was begun.
    func concludeCorrection(_ end: Ending) async throws(PapillaError) -> DecisionRow

    /// Writes down that a later version that was begun did not come about: its bundle is not in the outbox.
    func abandonCorrection(of id: ScreeningID) async throws(PapillaError)

    /// Later versions that were begun and have not ended.
    func pendingCorrections() async throws(PapillaError) -> [PendingCorrection]

    /// Every decision on an arrival, in their order; the last one counts.
    func decisions(of id: ScreeningID) async throws(PapillaError) -> [DecisionRow]

    /// Every version of a screening: its number, its bundle, relative to the outbox (nil once forgotten), and the digest of that bundle's
    /// report.json, the first version first.
    func versions(of id: ScreeningID) async throws(PapillaError) -> [(version: Int, bundle: String?, digest: Digest)]

    /// The screenings that a reader wants to see, the newest version of each.
    func review(_ filter: ReviewFilter) async throws(PapillaError) -> [ExportRow]

    /// Undecided screenings that are to be drawn blind: whose results no page shows before a reader has drawn.
    ///
    /// - Parameters:
    ///   - share: of all screenings, 0...1; the same share always names the same ones.
    ///   - id: only whether this one is among them; nil for all.
    func blind(share: Double, only id: ScreeningID?) async throws(PapillaError) -> Set<ScreeningID>

    /// Earlier measured photographs of the same patient's same eye, the latest first, each with the time of its examination: when it was
    /// taken, or else when it came. None where patient or eye is not known. What a reader rejected is none, nor is the same image again.
    func earlier(than id: ScreeningID) async throws(PapillaError) -> [EarlierScreening]

    /// What readers made of every screening that anybody decided on, in order of arrival.
    func judgements() async throws(PapillaError) -> [Judgement]

    /// Every case, in order of arrival. What was forgotten, rejected or not decided is none.
    func cases() async throws(PapillaError) -> [Case]
}

extension DecisionLedger {
    /// What draws attention, what most needs a person first.
    public func review() async throws(PapillaError) -> [ExportRow] { try await review(ReviewFilter()) }

    /// Every undecided screening that is to be drawn blind.
    ///
    /// - Parameter share: of all screenings, 0...1.
    public func blind(share: Double) async throws(PapillaError) -> Set<ScreeningID> { try await blind(share: share, only: nil) }
}
