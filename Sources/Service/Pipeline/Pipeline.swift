internal import Custody
internal import Files
internal import Glibc
internal import Intake
internal import Journal
internal import Ledger
internal import Logging
internal import Reading
internal import Screening
internal import ServiceLifecycle
internal import Settings

/// Takes arrivals out of the inbox and carries each to its end: two at once, so that decoding and drawing of one overlap the networks of
/// the other. One bad or slow file never holds up the next.
actor Pipeline: ServiceLifecycle.Service {
    /// What it works with.
    struct Tools: Sendable {
        var configuration: Configuration
        let folders: ServiceFolders
        let ledger: any ArrivalLedger & AuditLedger & VisitLedger
        let executor: WorkExecutor
        let telemetry: Telemetry
        let log: Logger
        /// A monotonic clock's reading.
        var now: @Sendable () -> Duration = { ContinuousClock.now - Pipeline.origin }
        var wallClock: @Sendable () -> Timestamp = { .now }
        /// Draws an ID for what came at a time.
        var draw: @Sendable (Timestamp) -> ScreeningID = { time in
            var random = SystemRandomNumberGenerator()
            return ScreeningID(at: time, using: &random)
        }
        var checkpoint: Checkpoint = { _ in }
        /// What every station marks the inbox with; nil: there is no other station.
        var inboxMarker: String?
        /// Takes hold of a path in the inbox for this station and an arrival that was drawn for it, or says that another station or arrival has
        /// it; nil: there is no other station.
        var reserve: (@Sendable (RelativePath, ScreeningID?) async throws -> Bool)?
        /// Lets go of it.
        var release: @Sendable (RelativePath) async -> Void = { _ in }
        /// Reads configuration and models again; throws where either is bad.
        var reload: @Sendable (Configuration) async throws -> (Configuration, any ImageScreener)
        /// Told of every arrival that ends.
        var ended: @Sendable (ArrivalProcessor.Finished) -> Void = { _ in }
    }

    private static let origin = ContinuousClock.now
    private static let width = 2
    /// Tries after which `--drain` leaves an arrival pending.
    static let drainTries = 3

    var tools: Tools
    private(set) var screener: any ImageScreener
    let inbox: Inbox
    let wakeSignal = WakeSignal()
    let isDraining: Bool
    /// What waits in the spool, or must be carried on from an earlier run.
    var queue = RetryQueue()
    /// IDs drawn for files whose row could not be written yet.
    var drawn: [RelativePath: ScreeningID] = [:]
    /// Failures in a row of what is still in the inbox.
    var inboxTries: [RelativePath: Int] = [:]
    private var inFlight = 0
    private var isAlone = false
    private(set) var isStopping = false
    private var wantsReload = false
    /// Why everything must be opened anew; nil: nothing must.
    var reopening: MustReopen?
    private var isReloading = false
    private var isOver = false
    /// Who waits for a reload that was asked for.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// Nothing begins before: storage is in trouble.
    var pausedUntil = Duration.zero
    var troubles = 0
    var lastStatusLine = ""

    /// - Parameter pause: nothing begins before this time has gone by.
    init(_ tools: Tools, screener: any ImageScreener, isDraining: Bool, pause: Duration = .zero) {
        (self.tools, self.screener, self.isDraining) = (tools, screener, isDraining)
        pausedUntil = tools.now() + pause
        tools.telemetry.update { $0.imageDeadline = tools.configuration.imageDeadline }
        inbox = Inbox(
            path: tools.configuration.paths.inbox, spool: tools.folders.spool.root,
            rules: InboxRules(tools.configuration, isDraining: isDraining), commonMarker: tools.inboxMarker,
            wallClock: tools.wallClock,
            ring: { [wakeSignal] in wakeSignal.send() })
    }

    /// Works until it is told to stop; with `isDraining` until nothing is left to do.
    /// - Throws: `refused` where a drain leaves something pending, or readings that were given up hold too much; `MustReopen`.
    func run() async throws {
        try await withGracefulShutdownHandler {
            try await withTaskExecutorPreference(tools.executor) { try await self.workToTheEnd() }
        } onGracefulShutdown: {
            Task { await self.stop() }
        }
        if tools.executor.abandonedCount >= Self.width {
            throw PapillaError(
                .refused, "Readings that were given up have not ended and hold every place",
                hint: "Start the service again; systemd does so by itself")
        }
        if let reopening, !isStopping { throw reopening }
        if isDraining, !isStopping { try await checkDrained() }
    }

    /// Everything of ours must be opened anew.
    enum MustReopen: Error {
        /// Our folders are no longer what is under their paths: something was mounted over them, unmounted, or moved.
        case foldersMoved
        /// This station's lease ran out: what it had in hand is another's.
        case leaseLost
    }

    /// Drops what is in hand as soon as it comes to an end, and has everything opened anew.
    func reopen(_ why: MustReopen) {
        reopening = reopening ?? why
        wakeSignal.send()
    }

    /// Takes up arrivals that became this station's.
    func adopt(_ ids: [ScreeningID]) async {
        do {
            for id in ids {
                // One of which only a later version was under way has ended.
                guard let row = try await tools.ledger.arrival(id), row.state != .finished else { continue }
                try take(row, now: tools.now())
            }
        } catch {
            // They are this station's own already: entering anew finds them.
            _ = trouble(error)
            reopen(.leaseLost)
        }
        wakeSignal.send()
    }

    private func workToTheEnd() async throws {
        defer {
            isOver = true
            endWaiting()
        }
        try await recover()
        await withDiscardingTaskGroup { group in await work(in: &group) }
        report()
    }

    /// Finishes what is in hand and ends.
    func stop() {
        isStopping = true
        tools.telemetry.update { $0.isStopping = true }
        wakeSignal.send()
    }

    /// Reads configuration and models again, between images.
    func requestReload() {
        wantsReload = true
        wakeSignal.send()
    }

    private func work(in group: inout DiscardingTaskGroup) async {
        while !Task.isCancelled {
            let now = tools.now()
            tools.telemetry.update { $0.beat = now }
            lookAtInbox(now)
            if wantsReload, inFlight == 0 { await reload() }
            let mayBegin =
                !isStopping && !wantsReload && reopening == nil && now >= pausedUntil
                && tools.executor.abandonedCount < Self.width
            if mayBegin {
                alarm(.deaths, nil)
                begin(now, in: &group)
            }
            report()
            if inFlight == 0 {
                if isStopping || reopening != nil || tools.executor.abandonedCount >= Self.width { return }
                if isDraining, isDrained { return }
            }
            let wait = nextWake(now, mayBegin: mayBegin) - now
            // Not longer than the watchdog is patient.
            await wakeSignal.wait(atMost: min(.seconds(10), max(.milliseconds(10), wait)))
        }
    }

    private func nextWake(_ now: Duration, mayBegin: Bool) -> Duration {
        let sweep = inbox.nextSweepTime
        guard mayBegin else { return min(sweep, max(pausedUntil, now + .milliseconds(100))) }
        guard inFlight < Self.width, !isAlone else { return sweep }
        return min(sweep, queue.wake ?? sweep, hasSpace ? inbox.wake(now: now) : now + .seconds(5))
    }

    // MARK: - Beginning

    private func begin(_ now: Duration, in group: inout DiscardingTaskGroup) {
        while inFlight < Self.width, !isAlone {
            if let next = queue.take(now: now, alone: inFlight == 0) {
                start(in: &group, alone: next.arrival.attempts > 0) { await self.carryOn(next) }
            } else if queue.isWaitingToBeAlone(now: now) {
                // Nothing new, until what is in hand has ended.
                return
            } else if checkSpace(), let candidate = inbox.next(now: now) {
                start(in: &group, alone: false) { await self.receive(candidate) }
            } else {
                return
            }
        }
    }

    private func start(in group: inout DiscardingTaskGroup, alone: Bool, _ work: @escaping @Sendable () async -> Void) {
        inFlight += 1
        isAlone = alone
        group.addTask(executorPreference: tools.executor) {
            await work()
            await self.ended()
        }
    }

    private func ended() {
        inFlight -= 1
        isAlone = false
        wakeSignal.send()
    }

    /// A file whose turn it is: its row, then its way.
    private func receive(_ candidate: Candidate) async {
        do {
            guard try await isOurs(candidate) else { return }
        } catch { return putOff(candidate, until: trouble(error)) }
        let id: ScreeningID
        do { id = try await receive(candidate, as: candidate.id ?? drawn[candidate.path]) } catch {
            return putOff(candidate, until: trouble(error))
        }
        let arrival = Arrival(
            id: id, path: candidate.path, received: candidate.received, isLast: candidate.isLast, beside: candidate.beside,
            isHeldOpen: candidate.isHeldOpen, since: tools.now())
        await carryOn(RetryQueue.Entry(arrival: arrival, tries: inboxTries[candidate.path] ?? 0, isInInbox: true))
    }

    /// Whether a file is this station's to take in: nobody else does, and it is still there once that is sure.
    private func isOurs(_ candidate: Candidate) async throws -> Bool {
        guard let reserve = tools.reserve, candidate.id == nil else { return true }
        guard try await reserve(candidate.path, drawn[candidate.path]) else {
            putOff(candidate, until: tools.now() + .seconds(2))
            return false
        }
        if try isStillThere(candidate) { return true }
        await tools.release(candidate.path)
        // Where only this machine still knows its name, it must forget that first.
        putOff(candidate, until: tools.now() + .seconds(2))
        return false
    }

    /// Leaves a file in the inbox for now, as the arrival that it has become meanwhile where this station took one over for its path.
    private func putOff(_ candidate: Candidate, until: Duration) {
        inbox.postpone(candidate.path, id: inbox.observations[candidate.path]?.id, until: until, now: tools.now())
    }

    /// Whether a file is still under its path, and the one that was seen there. Names that this machine remembers may be gone: everything is
    /// opened anew, which asks the server of a shared file system.
    private func isStillThere(_ candidate: Candidate) throws(FileError) -> Bool {
        let name = candidate.path.name
        do throws(FileError) {
            guard let folder = try openInbox()?.folder(candidate.path.parent), var status = try folder.status(name) else {
                return false
            }
            do throws(FileError) {
                if status.kind == .file { status = try OpenFile.open(name, in: folder).status() }
            } catch {
                // One that may not be read is answered for as well.
                guard error.number == EACCES || error.number == EPERM else { throw error }
            }
            return candidate.status.map { status.isUnchanged(since: $0) } ?? true
        } catch {
            // Something else is in its place, or the server knows it no more.
            guard error.isMissing || [ESTALE, ELOOP, EINVAL].contains(error.number) else { throw error }
            return false
        }
    }

    /// The inbox as it is now, also where other machines work in it; nil while it is gone.
    func openInbox() throws(FileError) -> Folder? { tools.reserve == nil ? inbox.root : try inbox.reopened() }

    private func receive(_ candidate: Candidate, as known: ScreeningID?) async throws -> ScreeningID {
        if let id = candidate.id { return id }
        let new = { (id: ScreeningID) in
            NewArrival(
                id: id, path: "\(candidate.path)", name: "\(candidate.path.name)", isUrgent: candidate.isUrgent,
                received: candidate.received, device: candidate.status?.device ?? 0, inode: candidate.status?.inode ?? 0)
        }
        // A row that could not be written may be there nevertheless; under the same ID another arrival may be, too.
        if let known, let row = try await tools.ledger.arrival(known), row.isOf(new(known)) {
            drawn[candidate.path] = nil
            return known
        }
        var id = known ?? tools.draw(candidate.received)
        for tries in 1... {
            drawn[candidate.path] = id
            do throws(PapillaError) {
                try await tools.ledger.receive(new(id))
                break
            } catch {
                guard error.code == .refused, tries < Self.drawLimit else { throw error }
                id = tools.draw(candidate.received)
            }
        }
        drawn[candidate.path] = nil
        try tools.checkpoint(.received)
        return id
    }

    /// IDs that are drawn for one file in a row: that all of them are taken is no chance.
    private static let drawLimit = 16

    // MARK: - Reloading

    /// What images are read by from now on: where a reload was asked for, what that brings.
    func settledScreener() async -> any ImageScreener {
        while (wantsReload || isReloading) && !isOver { await withCheckedContinuation { waiting.append($0) } }
        return screener
    }

    private func endWaiting() {
        for one in waiting { one.resume() }
        waiting = []
    }

    private func reload() async {
        (wantsReload, isReloading) = (false, true)
        defer {
            isReloading = false
            endWaiting()
        }
        Notify.reloading()
        do {
            let (configuration, screener) = try await tools.reload(tools.configuration)
            tools.configuration = configuration
            self.screener = screener
            inbox.rules = InboxRules(configuration, isDraining: isDraining)
            tools.telemetry.update { ($0.models, $0.imageDeadline) = (screener.described, configuration.imageDeadline) }
            alarm(.reload, nil)
            tools.log.tell(.reloaded, .notice, "configuration and models were read again")
            try? await tools.ledger.record("reloaded", subject: "service", detail: ["models": screener.described.map(\.name)])
        } catch {
            let error = PapillaError(any: error)
            alarm(.reload, "the last reload was refused, the old configuration and models stay: \(error.description)")
            tools.log.tell(
                .reloadRefused, .error, "the reload was refused, the old configuration and models stay: \(error.detailed)")
        }
        Notify.ready(statusLine)
    }
}
