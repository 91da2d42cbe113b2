internal import Control
internal import Custody
internal import Deliveries
internal import Files
internal import Journal
internal import Ledger
public import Logging
internal import Reading
internal import Registry
public import Screening
internal import ServiceLifecycle
public import Settings

/// The service: the inbox read, every image screened, every bundle published, until it is told to stop.
public struct Server: Sendable {
    /// What one arrival came to, for a table on a terminal and for programs.
    public struct Result: Sendable, Codable, Hashable {
        /// The arrival.
        public var id: ScreeningID
        /// Its path in the inbox.
        public var file: String
        /// What kind of image it is; null where that was not found out.
        @Nullable public var modality: Modality?
        /// How it ended.
        public var outcome: Outcome
        /// Why, where it has reasons.
        public var reasons: [Reason.Code]
        /// Vertical cup-to-disc ratio.
        @Nullable public var vcdr: Double?
        /// How many polyps.
        @Nullable public var polyps: Int?
        /// From the start of its reading to its publication.
        public var milliseconds: Double
        /// The bundle's folder.
        public var bundle: String
    }

    /// As a reload changed it last, once everything was opened anew.
    var configuration: Configuration
    let isDraining: Bool
    let log: Logger
    private let gate: PromotionGate
    private let ended: @Sendable (Result) -> Void

    /// A service that is not running yet.
    ///
    /// - Parameters:
    ///   - isDraining: end when nothing is left to do, and wait for no deadline.
    ///   - gate: decides whether a model may become live.
    ///   - ended: told of every arrival that ends.
    public init(
        _ configuration: Configuration, isDraining: Bool, log: Logger, gate: @escaping PromotionGate,
        ended: @escaping @Sendable (Result) -> Void = { _ in }
    ) {
        (self.configuration, self.isDraining, self.log, self.gate, self.ended) = (configuration, isDraining, log, gate, ended)
    }

    /// Runs the service until SIGTERM or, draining, until nothing is left to do. What is missing at the start and may come is waited for.
    ///
    /// - Throws: `refused` where another service works on the ledger, or a drain leaves something pending; what models, ledger and folders
    ///   throw at the start.
    public func run() async throws {
        let signals = Signals(log: log)
        let lifecycle = LifecycleControl()
        let listening = Task { await signals.listen(reload: { await lifecycle.reload() }, stop: { await lifecycle.stop() }) }
        defer { listening.cancel() }
        let life = Task { try await live(lifecycle) }
        await lifecycle.hold(life)
        do { try await life.value } catch is CancellationError {
            guard await lifecycle.isStopping else { throw CancellationError() }
            log.tell(.stopped, .notice, "stopped", ["why": "as asked, at the start"])
        }
    }

    private func live(_ lifecycle: LifecycleControl) async throws {
        Notify.status("Starting")
        log.tell(.started, .notice, "starting", ["version": Version.current])
        let telemetry = Telemetry()
        let retrier = StartRetrier(
            log: log, telemetry: telemetry, paths: configuration.paths, limit: isDraining ? Pipeline.drainTries : nil)
        let path = configuration.paths.locked
        let lock = try await retrier.wait {
            do { _ = try Folder.make(AbsolutePath.parent(of: path)) } catch { throw PapillaError(any: error) }
            return try await LedgerLock.take(beside: path)
        }
        defer { withExtendedLifetime(lock) {} }
        let (executor, requestHandler) = (WorkExecutor(), RequestHandler(telemetry: telemetry, log: log))
        // Requests are worked on apart from images.
        let socket = try ControlSocket(path: configuration.paths.socket, executor: WorkExecutor(), log: log) {
            try await requestHandler.answer($0, $1)
        }
        let answering = Task(executorPreference: executor) { await socket.run() }
        let result: Swift.Result<Void, any Error>
        do {
            result = .success(
                try await work(
                    Parts(executor: executor, telemetry: telemetry, requestHandler: requestHandler, retrier: retrier), lifecycle))
        } catch { result = .failure(error) }
        answering.cancel()
        await answering.value
        try result.get()
    }

    /// What lasts as long as the process.
    private struct Parts: Sendable {
        let executor: WorkExecutor
        let telemetry: Telemetry
        let requestHandler: RequestHandler
        let retrier: StartRetrier
    }

    /// What a service leaves to the next, where everything must be opened anew.
    struct Former: Sendable {
        let why: Pipeline.MustReopen
        let configuration: Configuration
        let screener: any ImageScreener
        /// The audit knows of its end.
        let isEndNoted: Bool
    }

    /// Opens the folders and works in them; again where the folders under its paths have changed, or a station's lease ran out.
    private func work(_ parts: Parts, _ lifecycle: LifecycleControl) async throws {
        var (server, former): (Server, Former?) = (self, nil)
        while let ended = try await server.work(parts, lifecycle, after: former) {
            server.configuration = ended.configuration
            former = ended
            switch ended.why {
            case .foldersMoved:
                log.tell(.trouble, .error, "a folder of ours is no longer what is under its path; all are opened anew")
            case .leaseLost:
                log.tell(
                    .trouble, .error, "this station's lease holds no more; what it had in hand is dropped, and it claims anew")
            }
        }
    }

    /// - Returns: nil where the service has ended.
    private func work(_ parts: Parts, _ lifecycle: LifecycleControl, after former: Former?) async throws -> Former? {
        let pass = configuration.paths.isShared ? StationPass(station: Station.name(configuration)) : StationPass()
        let opened = try await parts.retrier.wait { try await self.openFolders(parts.telemetry, pass, after: former) }
        let ledger = opened.ledger
        let promotion = Promotion(store: ModelStore(directory: configuration.paths.models), ledger: ledger, gate: gate)
        // At the start of any station: the keeper may have started before its models were there.
        for change in try await promotion.upgrade() {
            log.tell(
                .ready, .notice, "a newer model came with the program and is live",
                [
                    "task": change.task.rawValue, "model": change.name, "previous": change.previous ?? "none",
                    "back": "papilla models rollback \(change.task.rawValue)",
                ])
        }
        // Before models are loaded: what becomes live meanwhile is read after.
        let known = pass.isShared ? await Station.newestModel(ledger) : 0
        let screener = try await screener(after: former)
        parts.telemetry.update { $0.models = screener.described }
        return try await serve(opened, promotion, parts, screener, lifecycle, pass, newestModel: known)
    }

    /// The models that are live, also where they changed since the service began. Those that were read by before stay where they cannot be
    /// loaded, as in a reload.
    private func screener(after former: Former?) async throws -> any ImageScreener {
        do { return try await loading { try await Self.screener(configuration) } } catch {
            guard let former, !(error is CancellationError) else { throw error }
            log.tell(
                .reloadRefused, .error, "models could not be loaded anew, the old ones stay: \(PapillaError(any: error).detailed)"
            )
            return former.screener
        }
    }

    /// Loads models, telling systemd that it takes a while.
    private func loading<Value>(_ body: () async throws -> Value) async throws -> Value {
        Notify.status("Loading models")
        let patience = Task {
            while (try? await Task.sleep(for: .seconds(5))) != nil { Notify.extendTimeout(.seconds(15)) }
        }
        defer { patience.cancel() }
        return try await body()
    }

    static func screener(_ configuration: Configuration) async throws -> ImageReader {
        try ImageReader(
            models: try await ReadingModels(
                store: ModelStore(directory: configuration.paths.models), precision: configuration.precision),
            settings: configuration.reading, writers: configuration.bundleWriters)
    }

    private func serve(
        _ opened: Opened, _ promotion: Promotion, _ parts: Parts, _ screener: any ImageScreener, _ lifecycle: LifecycleControl,
        _ pass: StationPass, newestModel: Int64
    ) async throws -> Former? {
        let (folders, ledger) = (opened.folders, opened.ledger)
        let outbox = configuration.paths.outbox
        let becameDue = WakeSignal()
        let visitsDue = WakeSignal()
        let reserve = { @Sendable (path: RelativePath, known: ScreeningID?) async throws -> Bool in
            try await ledger.reserve("\(path)", for: known)
        }
        let tools = Pipeline.Tools(
            configuration: configuration, folders: folders, ledger: ledger, executor: parts.executor, telemetry: parts.telemetry,
            log: log,
            inboxMarker: pass.isShared ? try await ledger.identity() : nil, reserve: pass.isShared ? reserve : nil,
            release: { path in try? await ledger.release("\(path)") },
            reload: { [log] running in
                let read = try Configuration.load(path: running.file ?? "/etc/papilla/papilla.yaml")
                let fixed = read.fixedKeys(differingFrom: running)
                if !fixed.isEmpty {
                    log.tell(.reloaded, .warning, "these keys change at the next start only: \(fixed.joined(separator: ", "))")
                }
                let next = read.reloaded(into: running)
                try await promotion.settle()
                return (next, try await Self.screener(next))
            },
            ended: { [ended] in
                becameDue.send()
                visitsDue.send()
                ended(Result($0, outbox: outbox))
            })
        let pipeline = Pipeline(tools, screener: screener, isDraining: isDraining, pause: opened.pause)
        let now = { @Sendable in await pipeline.tools.configuration }
        let reviewing = Reviewing(ledger: ledger, folders: folders, configuration: now)
        try await reviewing.recover()
        let deliveries = DeliveryLoop(
            ledger: ledger, folders: folders, executor: parts.executor, telemetry: parts.telemetry, log: log,
            stationPass: pass, wakeSignal: becameDue, now: tools.now, configuration: now)
        let visits = VisitLoop(
            ledger: ledger, folders: folders, store: ModelStore(directory: configuration.paths.models), executor: parts.executor,
            log: log, pass: pass, wakeSignal: visitsDue, now: tools.now, configuration: now)
        let housekeeping = Housekeeping(
            ledger: ledger, folders: folders, telemetry: parts.telemetry, log: log, clocks: opened.clocks,
            pass: pass, configuration: now)
        let check = FileCheck(
            ledger: ledger, folders: folders, paths: configuration.paths, telemetry: parts.telemetry, log: log, pass: pass)
        let station = Station(
            name: Station.name(configuration), ledger: ledger, folders: folders, paths: configuration.paths, pass: pass, log: log,
            newestModel: newestModel,
            adopt: { arrivals in
                await pipeline.adopt(arrivals)
                // What cannot be ended now is ended when somebody decides on it, by the clock, or at the next start.
                try? await reviewing.recover()
                try? await Forget(ledger: ledger, folders: folders, withdraw: now().withdraw).complete()
            }, reload: { await pipeline.requestReload() },
            lost: { await pipeline.reopen(.leaseLost) })
        let group = group(
            pipeline, [housekeeping, deliveries, visits] + (pass.isShared ? [station] : []), isDraining ? nil : check,
            parts.telemetry, now: tools.now)
        parts.requestHandler.open(
            RequestHandler.Resources(
                ledger: ledger, folders: folders, reviewing: reviewing, promotion: promotion,
                configuration: now, screener: { await pipeline.settledScreener() }, executor: parts.executor,
                visitsChanged: { visitsDue.send() },
                deliver: { becameDue.send() },
                reload: { await pipeline.requestReload() }))
        parts.telemetry.update { $0.isReady = true }
        for reason in (screener as? ImageReader)?.models.fallbacks ?? [] {
            log.tell(.ready, .info, "a model runs in fp32", ["why": reason])
        }
        log.tell(.ready, .notice, "ready", ["models": screener.described.map(\.name).joined(separator: " ")])
        Notify.ready("Ready")
        await lifecycle.hold(pipeline)
        let failure: (any Error)?
        do {
            try await group.run()
            if isDraining, await !lifecycle.isStopping {
                try await visits.drain()
                try await deliveries.drain()
            }
            failure = nil
        } catch { failure = error }
        await lifecycle.hold(nil)
        await parts.requestHandler.close()
        let isEndNoted = await end(housekeeping, ledger, parts.telemetry, opened.heartbeat, failure: failure)
        guard let failure else { return nil }
        guard let why = failure as? Pipeline.MustReopen else { throw failure }
        return Former(
            why: why, configuration: await pipeline.tools.configuration, screener: await pipeline.screener,
            isEndNoted: isEndNoted)
    }

    private func group(
        _ pipeline: Pipeline, _ others: [any ServiceLifecycle.Service], _ check: FileCheck?, _ telemetry: Telemetry,
        now: @escaping @Sendable () -> Duration
    ) -> ServiceGroup {
        typealias Member = ServiceGroupConfiguration.ServiceConfiguration
        var members = others.map { Member(service: $0, successTerminationBehavior: .ignore) }
        if let check {
            members.append(Member(service: check, successTerminationBehavior: .ignore, failureTerminationBehavior: .ignore))
        }
        if let interval = Notify.watchdogInterval {
            let watchdog = Watchdog(
                telemetry: telemetry, interval: interval, now: now)
            members.append(Member(service: watchdog, successTerminationBehavior: .ignore, failureTerminationBehavior: .ignore))
        }
        // Last, and so first to stop: what it needs is there until nothing is in hand.
        members.append(Member(service: pipeline, successTerminationBehavior: .gracefullyShutdownGroup))
        var quiet = log
        quiet.logLevel = .error
        return ServiceGroup(configuration: ServiceGroupConfiguration(services: members, logger: quiet))
    }

    /// - Returns: whether the audit knows of it.
    private func end(
        _ housekeeping: Housekeeping, _ ledger: any WholeLedger, _ telemetry: Telemetry, _ heartbeat: Heartbeat?,
        failure: (any Error)?
    ) async -> Bool {
        let isMoving = failure is Pipeline.MustReopen
        if !isMoving { Notify.stopping() }
        telemetry.update { ($0.isReady, $0.isStopping) = (!isMoving, !isMoving) }
        let why =
            failure.map { isMoving ? "as asked, to open everything anew" : PapillaError(any: $0).description } ?? "as asked"
        await telemetry.notes.end()
        let isNoted = (try? await ledger.record("stopped", subject: "service", detail: ["why": why])) != nil
        await housekeeping.finish()
        await heartbeat?.end()
        if configuration.paths.isShared { try? await ledger.leave() }
        try? await ledger.close()
        if !isMoving { log.tell(.stopped, failure == nil ? .notice : .error, "stopped", ["why": why]) }
        return isNoted
    }
}

extension Server.Result {
    init(_ finished: ArrivalProcessor.Finished, outbox: String) {
        let (report, timing) = (finished.report, finished.timing)
        (id, file, outcome, reasons) = (report.id, report.source.path, report.outcome, report.reasons.map(\.code))
        milliseconds = timing.decode + timing.route + timing.infer + timing.render + timing.publish
        bundle = "\(outbox)/\(finished.bundle)"
        modality = report.modality?.value
        vcdr = report.fundus?.cdr?.vertical
        polyps = report.endoscopy?.polyps.count
    }
}
