internal import Ledger
public import Logging
internal import Reading
internal import Registry
public import Screening
internal import ServiceLifecycle

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

    private let configuration: Configuration
    private let isDraining: Bool
    private let log: Logger
    private let ended: @Sendable (Result) -> Void

    /// A service that is not running yet.
    ///
    /// - Parameters:
    ///   - isDraining: end when nothing is left to do, and wait for no deadline.
    ///   - ended: told of every arrival that ends.
    public init(
        _ configuration: Configuration, isDraining: Bool, log: Logger, ended: @escaping @Sendable (Result) -> Void = { _ in }
    ) {
        (self.configuration, self.isDraining, self.log, self.ended) = (configuration, isDraining, log, ended)
    }

    /// Runs the service until SIGTERM or, draining, until nothing is left to do.
    ///
    /// - Throws: `refused` where another service works on the ledger, or a drain leaves something pending; what models, ledger and folders
    ///   throw at the start.
    public func run() async throws {
        let signals = Signals(log: log)
        Notify.status("Starting")
        log.tell(.started, .notice, "starting", ["version": Version.current])
        let house = try House(configuration.paths)
        let lock = try Lock(beside: configuration.paths.ledger)
        defer { withExtendedLifetime(lock) {} }
        let ledger = try house.ledger(configuration.paths.ledger)
        let telemetry = Telemetry()
        let screener = try await loading { try await Self.screener(configuration) }
        telemetry.update { $0.models = screener.described }
        try await ledger.record("started", subject: "service", detail: ["version": Version.current])
        try await serve(house, ledger, telemetry, screener, signals)
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

    private static func screener(_ configuration: Configuration) async throws -> ImageReader {
        try ImageReader(
            models: try await ReadingModels(store: ModelStore(directory: configuration.paths.models)),
            settings: configuration.reading)
    }

    private func serve(
        _ house: House, _ ledger: Ledger, _ telemetry: Telemetry, _ screener: ImageReader, _ signals: Signals
    ) async throws {
        let executor = WorkExecutor()
        let outbox = configuration.paths.outbox
        let tools = Pipeline.Tools(
            configuration: configuration, house: house, ledger: ledger, executor: executor, telemetry: telemetry, log: log,
            reload: { [log] running in
                let read = try Configuration.load(path: running.file ?? "/etc/papilla/papilla.yaml")
                let fixed = read.fixedKeys(differingFrom: running)
                if !fixed.isEmpty {
                    log.tell(.reloaded, .warning, "these keys change at the next start only: \(fixed.joined(separator: ", "))")
                }
                let next = read.reloaded(into: running)
                return (next, try await Self.screener(next))
            }, ended: { [ended] in ended(Result($0, outbox: outbox)) })
        let pipeline = Pipeline(tools, screener: screener, isDraining: isDraining)
        let reviewing = Reviewing(ledger: ledger, house: house, limits: configuration.limits)
        try await reviewing.recover()
        let requeue = Requeue(ledger: ledger, house: house, inbox: configuration.paths.inbox)
        let socket = try ControlSocket(path: configuration.paths.socket, executor: executor, log: log) { [log] request, actor in
            switch request {
            case .ping: return ControlResponse()
            case .status: return ControlResponse(status: ServiceStatus(telemetry, house))
            case .requeue(let arrivals, let failed):
                log.tell(.control, .notice, "failed arrivals are read again", ["actor": actor])
                return ControlResponse(requeued: try await requeue.run(arrivals, allFailed: failed, actor: actor))
            case .review(let review):
                let decided = try await reviewing.run(review, actor: actor)
                log.tell(
                    .control, .notice, "a reader decided: \(decided.verdict.rawValue)", id: decided.arrival, ["actor": actor])
                return ControlResponse(decided: decided)
            }
        }
        let housekeeping = Housekeeping(
            ledger: ledger, folders: configuration.paths.folders, house: house, telemetry: telemetry,
            metrics: configuration.paths.metrics,
            log: log)
        let group = group(pipeline, socket, housekeeping, telemetry, now: tools.now)
        telemetry.update { $0.isReady = true }
        log.tell(.ready, .notice, "ready", ["models": screener.described.map(\.name).joined(separator: " ")])
        Notify.ready("Ready")
        do { try await run(group, pipeline, signals) } catch {
            await end(housekeeping, ledger, telemetry, failure: error)
            throw error
        }
        await end(housekeeping, ledger, telemetry, failure: nil)
    }

    private func group(
        _ pipeline: Pipeline, _ socket: ControlSocket, _ housekeeping: Housekeeping, _ telemetry: Telemetry,
        now: @escaping @Sendable () -> Duration
    ) -> ServiceGroup {
        typealias Member = ServiceGroupConfiguration.ServiceConfiguration
        var members = [
            Member(service: socket, successTerminationBehavior: .ignore),
            Member(service: housekeeping, successTerminationBehavior: .ignore),
        ]
        if let interval = Notify.watchdogInterval {
            let watchdog = Watchdog(
                telemetry: telemetry, interval: interval, imageDeadline: configuration.imageDeadline, now: now)
            members.append(Member(service: watchdog, successTerminationBehavior: .ignore, failureTerminationBehavior: .ignore))
        }
        // Last, and so first to stop: what it needs is there until nothing is in hand.
        members.append(Member(service: pipeline, successTerminationBehavior: .gracefullyShutdownGroup))
        var quiet = log
        quiet.logLevel = .error
        return ServiceGroup(configuration: ServiceGroupConfiguration(services: members, logger: quiet))
    }

    /// Runs the group beside the signals, which are heard until it has ended.
    private func run(_ group: ServiceGroup, _ pipeline: Pipeline, _ signals: Signals) async throws {
        let listening = Task {
            await signals.listen(reload: { await pipeline.requestReload() }, stop: { await group.triggerGracefulShutdown() })
        }
        defer { listening.cancel() }
        try await group.run()
    }

    private func end(_ housekeeping: Housekeeping, _ ledger: Ledger, _ telemetry: Telemetry, failure: (any Error)?) async {
        Notify.stopping()
        telemetry.update { $0.isStopping = true }
        let why = failure.map { PapillaError(any: $0).description } ?? "as asked"
        try? await ledger.record("stopped", subject: "service", detail: ["why": why])
        await housekeeping.finish()
        try? await ledger.close()
        log.tell(.stopped, failure == nil ? .notice : .error, "stopped", ["why": why])
    }
}

extension Server.Result {
    init(_ finished: Passage.Finished, outbox: String) {
        let (report, timing) = (finished.report, finished.timing)
        (id, file, outcome, reasons) = (report.id, report.source.path, report.outcome, report.reasons.map(\.code))
        milliseconds = timing.decode + timing.route + timing.infer + timing.render + timing.publish
        bundle = "\(outbox)/\(finished.bundle)"
        modality = report.modality?.value
        vcdr = report.fundus?.cdr.vertical
        polyps = report.endoscopy?.polyps.count
    }
}

extension Configuration.Paths {
    /// For the ledger's checks.
    var folders: Folders { Folders(inbox: inbox, outbox: outbox, spool: spool, archive: archive, quarantine: quarantine) }
}
