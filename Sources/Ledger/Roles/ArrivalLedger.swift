public import Screening

/// What intake and pipeline need of a ledger: arrivals on their way from state to state, and what is asked of them.
///
/// Every step is one transaction with its audit entry, on disk when it returns; a step that fails changes nothing.
public protocol ArrivalLedger: Sendable {
    /// Writes an arrival down, before its file moves. State: `received`.
    ///
    /// - Throws: `refused` where the ID is taken (draw another); `system` where it could not be written.
    func receive(_ new: NewArrival) async throws(PapillaError)

    /// Writes down that an arrival's file is in the spool, and its content. State: `claimed`.
    ///
    /// From `received`, or from `waiting` where the file has changed since (the rest of it came).
    /// - Throws: `notFound`, or `refused` from another state.
    func claim(_ id: ScreeningID, _ claim: Claim) async throws(PapillaError)

    /// Writes down that a reading begins, before the file is opened. State: `reading`.
    ///
    /// - Parameter attempt: its number, by who counts: one of this number that was begun already is not begun again. Nil: one more.
    /// - Returns: the attempts without an end so far, this one included: more than one means that the process died in the ones before.
    /// - Throws: `notFound`, or `refused` before the claim and after the end.
    func begin(_ id: ScreeningID, attempt: Int?) async throws(PapillaError) -> Int

    /// Writes down that an arrival waits for something that may come back. State: `waiting`.
    ///
    /// A reading that ends here did end: it does not count as an attempt that died.
    /// - Parameter what: what it waits for, in words that name no patient and no file: `space on the outbox's disk`.
    /// - Throws: `notFound`, or `refused` after the end.
    func wait(_ id: ScreeningID, for what: String) async throws(PapillaError)

    /// Writes an arrival's end down: outcome, screening, findings, models and deliveries, in one transaction. State: `finished`.
    ///
    /// An end that is written down already is not written again: who wrote it may not have heard of it.
    /// - Throws: `notFound`; `refused` where it has ended otherwise; `internal` where the ending cannot be this arrival's.
    func finish(_ id: ScreeningID, _ end: Ending) async throws(PapillaError)

    /// What has not ended, in the order of service: urgent first, then by arrival.
    func pending() async throws(PapillaError) -> [ArrivalRow]

    /// The arrivals that a filter lets through.
    func arrivals(_ filter: ArrivalFilter) async throws(PapillaError) -> [ArrivalRow]

    /// One arrival by its ID; nil where there is none.
    func arrival(_ id: ScreeningID) async throws(PapillaError) -> ArrivalRow?

    /// The one arrival that a person means: the whole ID, its beginning from the hyphen on, or three or more characters of its second part.
    ///
    /// - Throws: `notFound` where there is none; `badInput` where it is too short, or fits several: the hint lists them.
    func arrival(matching prefix: String) async throws(PapillaError) -> ArrivalRow

    /// A finished reading of the same content under the same models and settings, and its bundle relative to the outbox; nil if none.
    ///
    /// The reading itself rather than one that was used again, and never one that failed.
    func reusable(sha256: Digest, key: String) async throws(PapillaError) -> (id: ScreeningID, bundle: String)?

    /// How the work stands now.
    ///
    /// - Parameters:
    ///   - failures: how many of the latest failures to name.
    ///   - limits: by delivery target, the moment before which what became due is given up.
    func overview(failures: Int, givingUp limits: [String: Timestamp]) async throws(PapillaError) -> Overview

    /// What came first of all that has not ended; nil where everything has.
    func oldestPending() async throws(PapillaError) -> Overview.Oldest?

    /// When the latest arrival came; nil before the first.
    func lastReceived() async throws(PapillaError) -> Timestamp?

    /// Hands every screening that a filter lets through to `body`, in order of arrival, without holding them all in memory.
    ///
    /// Of an arrival with corrections, the newest version. The filter's `states` does not matter: what is pending has no screening.
    func export(_ filter: ArrivalFilter, to body: (ExportRow) throws -> Void) async throws(PapillaError)
}

extension ArrivalLedger {
    /// Writes down that one more reading begins.
    @discardableResult
    public func begin(_ id: ScreeningID) async throws(PapillaError) -> Int { try await begin(id, attempt: nil) }

    /// Every arrival.
    public func arrivals() async throws(PapillaError) -> [ArrivalRow] { try await arrivals(ArrivalFilter()) }

    /// How the work stands now, with the five latest failures.
    public func overview(givingUp limits: [String: Timestamp] = [:]) async throws(PapillaError) -> Overview {
        try await overview(failures: 5, givingUp: limits)
    }

    /// How the work stands now, with no delivery given up.
    public func overview(failures: Int) async throws(PapillaError) -> Overview {
        try await overview(failures: failures, givingUp: [:])
    }

    /// Hands every screening to `body`, in order of arrival.
    public func export(to body: (ExportRow) throws -> Void) async throws(PapillaError) {
        try await export(ArrivalFilter(), to: body)
    }
}
