internal import Custody
internal import Files
internal import Journal
internal import Ledger
internal import Logging
internal import Registry
internal import Screening
internal import ServiceLifecycle
internal import Settings
internal import Trends

/// Puts together what was taken of a subject at a visit, when nothing more has come of it for `visit_settle`, and publishes it.
///
/// The ledger says of whom there is something to publish, whichever station had it in hand and however long ago; here is only when it is
/// looked at. A stop loses nothing.
actor VisitLoop: ServiceLifecycle.Service {
    private let ledger: any ArrivalLedger & VisitLedger
    private let folders: ServiceFolders
    private let store: ModelStore
    private let executor: WorkExecutor
    private let pass: StationPass
    private let log: Logger
    private let now: @Sendable () -> Duration
    private let wallClock: @Sendable () -> Timestamp
    /// As it is now: a reload changes it.
    private let configuration: @Sendable () async -> Configuration
    /// Sent where something happened in this process.
    private let wakeSignal: WakeSignal
    /// Of whom nothing could be published: how often in a row, and not before when.
    private var failures: [Subject: (count: Int, until: Duration)] = [:]

    /// Between two looks where nobody wakes it, and where `visit_settle` is shorter.
    private static let (tick, shortTick) = (Duration.seconds(5), Duration.seconds(1))

    init(
        ledger: any ArrivalLedger & VisitLedger, folders: ServiceFolders, store: ModelStore, executor: WorkExecutor, log: Logger,
        pass: StationPass = StationPass(), wakeSignal: WakeSignal, now: @escaping @Sendable () -> Duration,
        wallClock: @escaping @Sendable () -> Timestamp = { .now },
        configuration: @escaping @Sendable () async -> Configuration
    ) {
        self.ledger = ledger
        self.folders = folders
        self.store = store
        self.executor = executor
        self.pass = pass
        self.log = log
        self.wakeSignal = wakeSignal
        self.now = now
        self.wallClock = wallClock
        self.configuration = configuration
    }

    /// Works until it is told to stop; the visit in hand is published.
    func run() async throws {
        await cancelWhenGracefulShutdown { await self.work() }
    }

    private func work() async {
        while !Task.isCancelled {
            let settle = await configuration().visitSettle
            await lookAtSettled(for: settle)
            await wakeSignal.wait(atMost: min(Self.tick, max(Self.shortTick, settle)))
        }
    }

    /// Looks at everyone of whom nothing more has come for so long.
    private func lookAtSettled(for settle: Duration) async {
        guard pass.isKeeper else { return }
        let settled = Timestamp(milliseconds: wallClock().milliseconds - Int64(settle / .milliseconds(1)))
        for due in (try? await ledger.dueSubjects(settledBy: settled)) ?? [] where !Task.isCancelled && pass.isKeeper {
            guard failures[due.subject].map({ $0.until <= now() }) ?? true else { continue }
            _ = await look(at: due)
        }
    }

    /// Publishes everything, as a drain does at its end. Of several stations the keeper publishes, and goes on after this one's end.
    ///
    /// - Throws: `refused` where a visit could not be published.
    func drain() async throws {
        guard pass.isKeeper || !pass.isValid else { return }
        var failed = 0
        for due in try await ledger.dueSubjects(settledBy: nil) { failed += await look(at: due) ? 0 : 1 }
        guard failed == 0 else {
            throw PapillaError(
                .refused, "Visits of \(failed) subject\(failed == 1 ? "" : "s") could not be published",
                hint: "The journal says why; run it again when that is mended")
        }
    }

    /// - Returns: whether there is nothing left to publish.
    private func look(at due: DueSubject) async -> Bool {
        let subject = due.subject
        do {
            let published = try await Self.publish(
                subject, VisitPublisher(ledger: ledger, folders: folders, store: store, wallClock: wallClock), on: executor)
            for visit in published {
                log.tell(
                    .visited, .info, "a visit was published", ["visit": visit.id.description, "version": "\(visit.version)"])
            }
            try await ledger.looked(at: due)
            failures[subject] = nil
            return true
        } catch {
            let count = (failures[subject]?.count ?? 0) + 1
            failures[subject] = (count, now() + Backoff.wait(count))
            guard !(error is CancellationError) else { return false }
            log.tell(.trouble, .error, "a visit could not be published: \(PapillaError(any: error).description)")
            return false
        }
    }

    private nonisolated static func publish(
        _ subject: Subject, _ publisher: VisitPublisher, on executor: WorkExecutor
    ) async throws -> [VisitRow] {
        try await withTaskExecutorPreference(executor) { try await publisher.publish(subject) }
    }
}
