internal import Control
internal import Custody
internal import Deliveries
internal import Journal
internal import Ledger
internal import Logging
internal import Registry
internal import Screening
internal import Settings
internal import Synchronization

/// Answers what is asked through the socket, from before the folders are open until the last image is done.
final class RequestHandler: Sendable {
    /// What requests that change something work with: there once the service runs.
    struct Resources: Sendable {
        let ledger: any WholeLedger
        let folders: ServiceFolders
        let reviewing: Reviewing
        let promotion: Promotion
        /// As it is now.
        let configuration: @Sendable () async -> Configuration
        /// What reads images, as it is now.
        let screener: @Sendable () async -> any ImageScreener
        /// Where readings run.
        let executor: WorkExecutor
        /// Has the visits looked at in which something changed.
        let visitsChanged: @Sendable () -> Void
        /// Has what became due carried out.
        let deliver: @Sendable () -> Void
        /// Has the models read again before anything else begins.
        let reload: @Sendable () async -> Void
    }

    let telemetry: Telemetry
    let log: Logger
    private let resources = Mutex<Resources?>(nil)
    /// Requests that are changing an arrival.
    private let underWay = Mutex((count: 0, waiting: [CheckedContinuation<Void, Never>]()))

    init(telemetry: Telemetry, log: Logger) { (self.telemetry, self.log) = (telemetry, log) }

    /// Answers everything from now on.
    func open(_ resources: Resources) { self.resources.withLock { $0 = resources } }

    /// Answers questions alone, once what is being done to arrivals has ended: the ledger can be closed then, and other folders opened.
    func close() async {
        resources.withLock { $0 = nil }
        await withCheckedContinuation { continuation in
            let isQuiet = underWay.withLock { state in
                if state.count > 0 { state.waiting.append(continuation) }
                return state.count == 0
            }
            if isQuiet { continuation.resume() }
        }
    }

    /// Answers one request.
    /// - Throws: `refused` for what the peer's role does not allow, and for what must wait until the service runs; what the request's own
    ///   work throws.
    func answer(_ request: ControlRequest, _ peer: Peer) async throws -> ControlResponse {
        try peer.check(request.role)
        let actor = peer.actor
        switch request {
        case .ping: return ControlResponse()
        case .status: return ControlResponse(status: ServiceStatus(telemetry, resources.withLock(\.self)?.folders))
        default: break
        }
        guard let resources = try await opened(for: request) else {
            throw PapillaError(
                .refused, "The service is starting or stopping", hint: "papilla status says what it waits for", isRetryable: true)
        }
        defer { if request.concernsArrivals { ended() } }
        switch request {
        case .requeue(let arrivals, let failed):
            log.tell(.control, .notice, "failed arrivals are read again", ["actor": actor])
            let requeue = Requeue(ledger: resources.ledger, folders: resources.folders)
            return ControlResponse(requeued: try await requeue.run(arrivals, allFailed: failed, actor: actor))
        case .reread(let arrival):
            let reread = try await resources.reviewing.reread(
                arrival, by: await resources.screener(), on: resources.executor, actor: actor)
            guard reread.result == .read else { return ControlResponse(reread: reread) }
            resources.deliver()
            resources.visitsChanged()
            log.tell(.control, .notice, "an arrival was read again by today's models", id: reread.id, ["actor": actor])
            return ControlResponse(reread: reread)
        case .deliver(let arrivals, let target):
            let again = Redelivery(ledger: resources.ledger, configuration: await resources.configuration())
            let rows = try await again.run(arrivals, target: target, actor: actor)
            resources.deliver()
            log.tell(.control, .notice, "results are delivered again", ["actor": actor, "results": "\(rows.count)"])
            return ControlResponse(deliveries: rows)
        case .forget(let arrival):
            let configuration = await resources.configuration()
            let forget = Forget(ledger: resources.ledger, folders: resources.folders, withdraw: configuration.withdraw)
            let forgotten = try await forget.run(arrival, actor: actor)
            log.tell(.control, .notice, "an arrival is forgotten", id: forgotten.id, ["actor": actor])
            resources.visitsChanged()
            return ControlResponse(forgotten: forgotten)
        case .forgetSubject(let subject):
            let configuration = await resources.configuration()
            let forget = Forget(ledger: resources.ledger, folders: resources.folders, withdraw: configuration.withdraw)
            let forgotten = try await forget.run(subject, actor: actor)
            log.tell(.control, .notice, "a subject is forgotten", ["actor": actor, "arrivals": "\(forgotten.count)"])
            return ControlResponse(forgottenSubject: forgotten)
        case .review(let review):
            var review = review
            review.reader = try peer.reader(review.reader, await resources.configuration().readers)
            let decided = try await resources.reviewing.run(review, actor: actor)
            resources.deliver()
            resources.visitsChanged()
            log.tell(.control, .notice, "a reader decided: \(decided.verdict.rawValue)", id: decided.arrival, ["actor": actor])
            return ControlResponse(decided: decided)
        case .promote, .rollback:
            let change = try await resources.promotion.perform(request, actor: actor)
            log.tell(.control, .notice, "a model became live", ["actor": actor, "model": change.name])
            await resources.reload()
            return ControlResponse(change: change)
        case .ping, .status: return ControlResponse()
        }
    }

    /// What there is to work with, waited for a little: a start takes seconds.
    private func opened(for request: ControlRequest) async throws -> Resources? {
        for _ in 0..<80 {
            if let resources = begin(request) { return resources }
            try await Task.sleep(for: .milliseconds(100))
        }
        return begin(request)
    }

    /// Counts a request in the very moment in which it is found open.
    private func begin(_ request: ControlRequest) -> Resources? {
        resources.withLock { resources in
            if resources != nil, request.concernsArrivals { underWay.withLock { $0.count += 1 } }
            return resources
        }
    }

    private func ended() {
        let waiting = underWay.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.count -= 1
            guard state.count == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

extension ControlRequest {
    /// Whether it changes arrivals, and so must end before the ledger is closed. A model's promotion may take long, and makes good for itself.
    fileprivate var concernsArrivals: Bool {
        switch self {
        case .requeue, .reread, .deliver, .review, .forget, .forgetSubject: true
        case .ping, .status, .promote, .rollback: false
        }
    }
}
