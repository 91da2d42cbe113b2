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
/// What there is to publish follows from the ledger alone; here is only when it is looked at. A stop loses nothing: the next start looks at
/// everyone of whom something came since the last visit was written down, and some time before.
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
    private let notes: VisitNotes
    private var due: [Subject: Duration] = [:]
    private var failures: [Subject: Int] = [:]
    /// When it was last looked what other stations did.
    private var looked: Timestamp?

    /// Between two looks where nobody wakes it.
    private static let tick = Duration.seconds(5)
    /// How far before the last visit a start looks, s, besides `visit_settle`: longer than a visit waits for its turn.
    private static let lookBack: Int64 = 3600

    init(
        ledger: any ArrivalLedger & VisitLedger, folders: ServiceFolders, store: ModelStore, executor: WorkExecutor, log: Logger,
        pass: StationPass = StationPass(), notes: VisitNotes, now: @escaping @Sendable () -> Duration,
        wallClock: @escaping @Sendable () -> Timestamp = { .now },
        configuration: @escaping @Sendable () async -> Configuration
    ) {
        self.ledger = ledger
        self.folders = folders
        self.store = store
        self.executor = executor
        self.pass = pass
        self.log = log
        self.notes = notes
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
            let ended = notes.take()
            guard pass.isKeeper else {
                due = [:]
                await notes.wakeSignal.wait(atMost: Self.tick)
                continue
            }
            for id in ended { await note(id) }
            if pass.isShared { await noteOthers() }
            let time = now()
            for subject in due.filter({ $0.value <= time }).map(\.key) where !Task.isCancelled { await look(at: subject) }
            let next = due.values.min().map { $0 - now() } ?? Self.tick
            await notes.wakeSignal.wait(atMost: min(Self.tick, max(.milliseconds(10), next)))
        }
    }

    /// An arrival has ended, or was decided on. Where it was said to be the last of its visit, nothing more is waited for.
    private func note(_ id: ScreeningID) async {
        guard let row = try? await ledger.arrival(id), row.forgotten == nil, let subject = row.identification.subject else {
            return
        }
        due[subject] = now() + (row.isLast ? .zero : await configuration().visitSettle)
    }

    /// What other stations have ended or decided on.
    private func noteOthers() async {
        let present = wallClock()
        let since = looked ?? Timestamp(milliseconds: present.milliseconds - Self.lookBack * 1000)
        guard present.milliseconds - since.milliseconds >= 30_000 || looked == nil,
            let changed = try? await ledger.changedSubjects(since: Timestamp(milliseconds: since.milliseconds - 60_000))
        else { return }
        looked = present
        let settle = await configuration().visitSettle
        for subject in changed where due[subject.subject] == nil {
            let waited = Duration.milliseconds(max(0, present.milliseconds - subject.at.milliseconds))
            due[subject.subject] = now() + (subject.isLast ? .zero : max(.zero, settle - waited))
        }
    }

    /// Takes up what an earlier run has left: everyone of whom something came lately.
    func recover() async throws {
        let settle = await configuration().visitSettle
        let present = wallClock()
        for changed in try await ledger.changedSubjects(since: try await since(settle)) where due[changed.subject] == nil {
            let waited = Duration.milliseconds(max(0, present.milliseconds - changed.at.milliseconds))
            due[changed.subject] = now() + (changed.isLast ? .zero : max(.zero, settle - waited))
        }
    }

    private func since(_ settle: Duration) async throws -> Timestamp {
        let begin = try await ledger.visitsBegin()
        guard let last = try await ledger.lastVisit() else { return begin }
        let back = (settle.components.seconds + Self.lookBack) * 1000
        return max(begin, Timestamp(milliseconds: last.milliseconds - back))
    }

    /// Publishes everything, as a drain does at its end.
    ///
    /// - Throws: `refused` where a visit could not be published.
    func drain() async throws {
        try await recover()
        for subject in due.keys { await look(at: subject) }
        guard due.isEmpty else {
            let count = due.count
            throw PapillaError(
                .refused, "Visits of \(count) subject\(count == 1 ? "" : "s") could not be published",
                hint: "The journal says why; run it again when that is mended")
        }
    }

    private func look(at subject: Subject) async {
        due[subject] = nil
        do {
            let published = try await Self.publish(
                subject, VisitPublisher(ledger: ledger, folders: folders, store: store, wallClock: wallClock), on: executor)
            failures[subject] = nil
            for visit in published {
                log.tell(
                    .visited, .info, "a visit was published", ["visit": visit.id.description, "version": "\(visit.version)"])
            }
        } catch {
            let count = (failures[subject] ?? 0) + 1
            failures[subject] = count
            due[subject] = now() + Backoff.wait(count)
            guard !(error is CancellationError) else { return }
            log.tell(.trouble, .error, "a visit could not be published: \(PapillaError(any: error).description)")
        }
    }

    private nonisolated static func publish(
        _ subject: Subject, _ publisher: VisitPublisher, on executor: WorkExecutor
    ) async throws -> [VisitRow] {
        try await withTaskExecutorPreference(executor) { try await publisher.publish(subject) }
    }
}
