internal import Ledger
internal import Logging
internal import Screening
internal import Synchronization

/// Answers what is asked through the socket, from before the folders are open until the last image is done.
final class Desk: Sendable {
    /// What requests that change something work with: there once the service runs.
    struct Room: Sendable {
        let ledger: Ledger
        let house: House
        let configuration: Configuration
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
        let room = room.withLock(\.self)
        switch request {
        case .ping: return ControlResponse()
        case .status: return ControlResponse(status: ServiceStatus(telemetry, room?.house))
        default: break
        }
        guard let room else {
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
        case .ping, .status: return ControlResponse()
        }
    }
}
