public import Control
internal import Custody
internal import Files
internal import Glibc
public import Ledger
public import Registry
internal import Screening
public import Settings

/// Decides whether a model may become live, by its name and the ledger's cases.
///
/// Returns the figures that decided it, for the audit; throws `refused`, with the figures in words, where it may not.
public typealias PromotionGate =
    @Sendable (
        _ model: String, _ ledger: any ArrivalLedger & DecisionLedger & VisitLedger
    ) async throws -> [String: Double]

/// Promotion and rollback of a configuration's models, through the gate and into the audit.
///
/// `live.json` changes first, in one rename, and states who asked; then the audit takes up what it lacks of that file's history. Whatever
/// stops the process in between, the next start takes it up before models are loaded: no image is read by a model whose promotion is not
/// in the audit. What was promoted past the service (`--models`) is taken up in the same way.
public struct Promotion: Sendable {
    let store: ModelStore
    let ledger: any WholeLedger
    let gate: PromotionGate
    /// Called between the two files: where a test stops it.
    var betweenFiles: @Sendable () throws -> Void = {}
    /// One change at a time: what is live is read, judged and written.
    private let changes = KeyedLock<String>()

    init(store: ModelStore, ledger: any WholeLedger, gate: @escaping PromotionGate) {
        (self.store, self.ledger, self.gate) = (store, ledger, gate)
    }

    /// Does what was asked of the running service; where none runs, does it here, under the lock that a service would hold.
    ///
    /// - Parameter request: a promotion or a rollback.
    /// - Throws: `refused` with the gate's figures, or where a service is just starting; what the store throws.
    public static func perform(
        _ request: ControlRequest, _ configuration: Configuration, gate: @escaping PromotionGate
    ) async throws -> LiveModels.Change {
        let paths = configuration.paths
        if let answer = try ControlClient.ask(request, at: paths.socket, patience: 1800) {
            guard let change = answer.change else {
                throw PapillaError(.internal, "The service did not say what became live", hint: "Is it of another version?")
            }
            return change
        }
        let ledger: any WholeLedger
        do { ledger = try await paths.openLedger(.open) } catch {
            guard error.code == .notFound else { throw error }
            throw PapillaError(
                .notFound, "There is no ledger yet that could note it", place: paths.shownLedger,
                hint: "Start the service once; for models without a service give --models DIR")
        }
        let lock = try LedgerLock(beside: paths.locked)
        defer { withExtendedLifetime(lock) {} }
        let promotion = Promotion(store: ModelStore(directory: paths.models), ledger: ledger, gate: gate)
        let change = try await promotion.perform(request, actor: UserAccount.actor(getuid()))
        try await ledger.close()
        return change
    }

    /// Makes a model live, or the one before it.
    func perform(_ request: ControlRequest, actor: String) async throws -> LiveModels.Change {
        await changes.lock("live.json")
        defer { changes.unlock("live.json") }
        try await settle()
        let change: LiveModels.Change
        switch request {
        case .promote(let model):
            // First what costs nothing: a model that cannot be loaded is refused for that.
            _ = try store.load(model)
            try await pass(model, actor)
            change = try store.promote(model, by: actor)
        case .rollback(let task): change = try store.rollback(task, by: actor)
        case .ping, .status, .requeue, .reread, .deliver, .review, .forget, .forgetSubject:
            throw PapillaError(.internal, "This is not about models")
        }
        try betweenFiles()
        try await settle()
        return change
    }

    /// Makes the models that came with an upgrade live where the live ones came with the program too, and notes it in the audit.
    func upgrade() async throws -> [LiveModels.Change] {
        await changes.lock("live.json")
        defer { changes.unlock("live.json") }
        let taken = try store.takeUpShipped()
        try await settle()
        return taken
    }

    /// Notes in the audit what `live.json` says was done and the audit does not know yet.
    func settle() async throws {
        for change in try store.liveModels().history {
            let event = change.event == .promote ? "promoted" : "rolled_back"
            _ = try await ledger.recordOnce(event, subject: change.name, detail: change, actor: change.by ?? "unknown")
        }
    }

    private func pass(_ model: String, _ actor: String) async throws {
        do {
            let figures = try await gate(model, ledger)
            try await ledger.record("promotion_allowed", subject: model, detail: figures, actor: actor)
        } catch let error as PapillaError where error.code == .refused {
            try await ledger.record("promotion_refused", subject: model, detail: ["why": error.message], actor: actor)
            throw error
        }
    }
}
