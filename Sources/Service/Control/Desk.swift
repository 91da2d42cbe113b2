internal import Ledger
internal import Logging
internal import Registry
internal import Screening
internal import Synchronization

/// Answers what is asked through the socket, from before the folders are open until the last image is done.
final class Desk: Sendable {
    /// What requests that change something work with: there once the service runs.
    struct Room: Sendable {
        let ledger: Ledger
        let house: House
        let configuration: Configuration
        let reviewing: Reviewing
        let promotion: Promotion
        /// Has the models read again before anything else begins.
        let reload: @Sendable () async -> Void
    }

    let telemetry: Telemetry
    let log: Logger
    private let room = Mutex<Room?>(nil)

    init(telemetry: Telemetry, log: Logger) { (self.telemetry, self.log) = (telemetry, log) }

    /// Opens the desk for everything, or with nil only for questions.
    func open(_ room: Room?) { self.room.withLock { $0 = room } }

    /// Answers one request of `actor` (`user@uid`).
    /// - Throws: `refused` for what must wait until the service runs; what the request's own work throws.
    func answer(_ request: ControlRequest, _ actor: String) async throws -> ControlResponse {
        switch request {
        case .ping: return ControlResponse()
        case .status: return ControlResponse(status: ServiceStatus(telemetry, room.withLock(\.self)?.house))
        default: break
        }
        guard let room = try await opened() else {
            throw PapillaError(
                .refused, "The service is starting or stopping", hint: "papilla status says what it waits for", isRetryable: true)
        }
        switch request {
        case .requeue(let arrivals, let failed):
            log.tell(.control, .notice, "failed arrivals are read again", ["actor": actor])
            let requeue = Requeue(ledger: room.ledger, house: room.house, inbox: room.configuration.paths.inbox)
            return ControlResponse(requeued: try await requeue.run(arrivals, allFailed: failed, actor: actor))
        case .forget(let arrival):
            let forget = Forget(ledger: room.ledger, house: room.house)
            let forgotten = try await forget.run(arrival, actor: actor)
            log.tell(.control, .notice, "an arrival is forgotten", id: forgotten.id, ["actor": actor])
            return ControlResponse(forgotten: forgotten)
        case .review(let review):
            let decided = try await room.reviewing.run(review, actor: actor)
            log.tell(.control, .notice, "a reader decided: \(decided.verdict.rawValue)", id: decided.arrival, ["actor": actor])
            return ControlResponse(decided: decided)
        case .promote, .rollback:
            let change = try await room.promotion.perform(request, actor: actor)
            log.tell(.control, .notice, "a model became live", ["actor": actor, "model": change.name])
            await room.reload()
            return ControlResponse(change: change)
        case .ping, .status: return ControlResponse()
        }
    }

    /// What there is to work with, waited for a little: a start takes seconds.
    private func opened() async throws -> Room? {
        for _ in 0..<80 {
            if let room = room.withLock(\.self) { return room }
            try await Task.sleep(for: .milliseconds(100))
        }
        return room.withLock(\.self)
    }
}
