public import Ledger
public import Registry
public import Screening

/// An answer of the service, one JSON object a line.
public struct ControlResponse: Sendable, Codable {
    /// The reason for which a request was refused.
    public struct Problem: Sendable, Codable, Hashable {
        /// As in `PapillaError`.
        public var code: String
        /// What happened and what was expected.
        public var message: String
        /// What to do.
        public var hint: String?
    }

    /// Whether it was done.
    public var ok = true
    /// Why not.
    public var error: Problem?
    /// How the service stands, where that was asked.
    public var status: ServiceStatus?
    /// What was queued again, where that was asked.
    public var requeued: [RequeuedArrival]?
    /// What became of an arrival that was to be read again by today's models.
    public var reread: RereadArrival?
    /// The deliveries that are tried again, where that was asked.
    public var deliveries: [DeliveryRow]?
    /// What a reader decided, as it is written down.
    public var decided: DecisionRow?
    /// Which model became live, where that was asked.
    public var change: LiveModels.Change?

    /// What was forgotten, where that was asked.
    public var forgotten: ForgottenArrival?
    /// Everything of a subject that was forgotten, where that was asked.
    public var forgottenSubject: [ForgottenArrival]?

    package init(
        status: ServiceStatus? = nil, requeued: [RequeuedArrival]? = nil, reread: RereadArrival? = nil,
        deliveries: [DeliveryRow]? = nil, decided: DecisionRow? = nil,
        forgotten: ForgottenArrival? = nil, forgottenSubject: [ForgottenArrival]? = nil,
        change: LiveModels.Change? = nil
    ) {
        self.status = status
        self.requeued = requeued
        self.reread = reread
        self.deliveries = deliveries
        self.decided = decided
        self.forgotten = forgotten
        self.forgottenSubject = forgottenSubject
        self.change = change
    }

    package init(_ error: PapillaError) {
        ok = false
        self.error = Problem(code: error.code.rawValue, message: error.explained, hint: error.hint)
    }

    /// The refusal as an error; nil where there is none.
    public var refusal: PapillaError? {
        error.map { PapillaError(PapillaError.Code(rawValue: $0.code) ?? .internal, $0.message, hint: $0.hint) }
    }
}
