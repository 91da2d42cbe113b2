public import Screening

/// The audit of a ledger: its chain, what is noted in it, and whether it holds.
public protocol AuditLedger: Sendable {
    /// Adds an audit entry that goes with no change of an arrival: start, stop, reload, alarm, promotion.
    ///
    /// - Parameters:
    ///   - event: what happened, a word in lower case.
    ///   - subject: to what. Never a patient or a file.
    ///   - detail: figures behind it; kept as canonical JSON.
    ///   - actor: `service`, or `user@uid` of the socket's peer.
    func record(_ event: String, subject: String, detail: some Encodable & Sendable, actor: String) async throws(PapillaError)

    /// Adds an audit entry unless there is one of the same event, subject and detail already: for what another file states, and may have
    /// been taken up before.
    /// - Returns: whether it was added.
    func recordOnce(_ event: String, subject: String, detail: some Encodable & Sendable, actor: String) async throws(PapillaError)
        -> Bool

    /// The entries that a filter lets through, oldest first.
    func auditEntries(_ filter: AuditFilter) async throws(PapillaError) -> [AuditEntry]

    /// The newest entry of any of these events.
    func newestEntry(of events: [String]) async throws(PapillaError) -> AuditEntry?

    /// The newest entry's hash and seq: what to note elsewhere, so that a chain cut at its end or rebuilt whole is found out.
    func head() async throws(PapillaError) -> (hash: Digest, entries: Int64)

    /// What tells this ledger from every other: drawn when it was made.
    func identity() async throws(PapillaError) -> String

    /// How often the process ended without having been asked to since `time`: starts without their stop.
    func deaths(since time: Timestamp) async throws(PapillaError) -> Int

    /// Has the database read all that it keeps.
    ///
    /// - Throws: `damaged` where it is corrupt.
    func checkPages() async throws(PapillaError)

    /// Recomputes the whole chain. See ``ChainVerdict``.
    ///
    /// - Parameter head: a hash noted elsewhere, of any entry; the chain must still hold that entry.
    func verifyChain(expecting head: String?) async throws(PapillaError) -> ChainVerdict

    /// The same, in one view with the database's own check of all that it keeps.
    ///
    /// - Throws: `damaged` where it is corrupt.
    func verifyWhole(expecting head: String?) async throws(PapillaError) -> ChainVerdict

    /// The invariants that do not hold; empty in a sound ledger.
    func violatedInvariants() async throws(PapillaError) -> [ViolatedInvariant]
}

extension AuditLedger {
    /// Adds an entry by the service.
    public func record(_ event: String, subject: String, detail: some Encodable & Sendable) async throws(PapillaError) {
        try await record(event, subject: subject, detail: detail, actor: "service")
    }

    /// Every entry, oldest first.
    public func auditEntries() async throws(PapillaError) -> [AuditEntry] { try await auditEntries(AuditFilter()) }

    /// Recomputes the whole chain.
    public func verifyChain() async throws(PapillaError) -> ChainVerdict { try await verifyChain(expecting: nil) }
}
