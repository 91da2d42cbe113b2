public import Screening

/// What reading finished arrivals again by later models needs of a ledger. Such a reading is the next version of the same arrival; where the
/// process stops on the way, `pendingCorrections` and `abandonCorrection` of ``DecisionLedger`` hold for it as for a correction.
public protocol RereadLedger: Sendable {
    /// Writes down that the next version of a screening is about to be published, before it is.
    ///
    /// - Parameters:
    ///   - version: the one that will be published.
    ///   - actor: `user@uid` of the process that asked for it.
    /// - Throws: `notFound`; `refused` where the arrival has not ended, was forgotten or is being forgotten, where another version came first,
    ///   and while one is being published.
    func beginRereading(of id: ScreeningID, version: Int, actor: String) async throws(PapillaError)

    /// Writes a published version down with its findings, its deliveries and the arrival's outcome, in one transaction.
    ///
    /// - Parameter end: of the new version, its report with `reread`; `original` does not matter.
    /// - Throws: `internal` where no such version was begun.
    func concludeRereading(_ end: Ending) async throws(PapillaError)
}
