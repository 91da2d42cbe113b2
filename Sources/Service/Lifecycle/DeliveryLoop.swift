internal import Custody
internal import Deliveries
internal import Files
internal import Journal
internal import Ledger
internal import Logging
internal import Screening
internal import ServiceLifecycle
internal import Settings

/// Has results carried to their targets, each target by itself: one that does not answer holds up neither the others nor the images.
///
/// What is due is in the ledger; here is only when it is tried next. Woken by every arrival that ends, and by the clock.
actor DeliveryLoop: ServiceLifecycle.Service {
    /// A target as it went lately.
    private struct Line {
        var isRunning = false
        /// Passes in a row that did not bring everything.
        var failures = 0
        /// Not before.
        var due = Duration.zero
        /// Where passes go on until then: what could not be carried out is not looked at each time.
        var after: Int64 = 0
        /// What is wrong; nil where nothing is.
        var trouble: String?
        /// Results that are tried no more.
        var givenUp = 0
        /// Everything that is due was tried since the start, also what was given up: nobody may have been there to try it in its time.
        var isTried = false
    }

    private let ledger: any DeliveryLedger & AuditLedger
    private let folders: ServiceFolders
    private let executor: WorkExecutor
    private let stationPass: StationPass
    private let alarms: Alarms
    private let log: Logger
    private let now: @Sendable () -> Duration
    /// As it is now: a reload changes it.
    private let configuration: @Sendable () async -> Configuration
    /// Sent where something became due.
    private let wakeSignal: WakeSignal
    private var lines: [String: Line] = [:]

    /// Between two looks where nobody wakes it.
    private static let tick = Duration.seconds(5)

    init(
        ledger: any DeliveryLedger & AuditLedger, folders: ServiceFolders, executor: WorkExecutor, telemetry: Telemetry,
        log: Logger, stationPass: StationPass = StationPass(),
        wakeSignal: WakeSignal, now: @escaping @Sendable () -> Duration,
        configuration: @escaping @Sendable () async -> Configuration
    ) {
        self.ledger = ledger
        self.folders = folders
        self.executor = executor
        self.stationPass = stationPass
        alarms = Alarms(telemetry: telemetry, ledger: ledger, log: log)
        self.log = log
        self.wakeSignal = wakeSignal
        self.now = now
        self.configuration = configuration
    }

    /// Works until it is told to stop; the report in hand is carried out.
    func run() async throws {
        await cancelWhenGracefulShutdown { await self.work() }
    }

    private func work() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                await begin(in: &group)
                await wakeSignal.wait(atMost: Self.tick)
            }
        }
    }

    /// Carries out what is due, as a drain does at its end: each target is tried three times.
    ///
    /// - Throws: `refused` where something is still due.
    func drain() async throws {
        let targets = await configuration().deliveries
        for target in targets {
            lines[target.name] = nil
            for tries in 1...Pipeline.drainTries {
                await pass(target)
                guard lines[target.name]?.trouble != nil, tries < Pipeline.drainTries else { break }
                try await Task.sleep(for: Backoff.wait(tries))
            }
        }
        let due = try await ledger.deliveryCounts().filter { count in targets.contains { $0.name == count.target } }
        guard let first = due.first(where: { $0.due > 0 }) else { return }
        let count = due.map(\.due).reduce(0, +)
        throw PapillaError(
            .refused,
            "\(count) \(count == 1 ? "result is" : "results are") still to be delivered, to \(first.target) for one",
            hint: lines[first.target]?.trouble ?? "papilla deliveries lists them; run it again")
    }

    private func begin(in group: inout DiscardingTaskGroup) async {
        let targets = await configuration().deliveries
        lines = lines.filter { line in line.value.isRunning || targets.contains { $0.name == line.key } }
        tell()
        // What every station makes due, one carries out.
        guard stationPass.isKeeper else { return }
        for target in targets {
            let line = lines[target.name] ?? Line()
            guard !line.isRunning, now() >= line.due || line.after > 0 else { continue }
            lines[target.name, default: Line()].isRunning = true
            group.addTask(executorPreference: executor) { await self.pass(target) }
        }
    }

    private func pass(_ delivery: Configuration.Delivery) async {
        let name = delivery.name
        var line = lines[name] ?? Line()
        let isWhole = now() >= line.due
        let deliverer = Deliverer(ledger: ledger, folders: folders, target: delivery.target)
        let limit = delivery.givesUp(at: .now)
        let isFirst = !line.isTried
        do {
            let pass = try await Self.carryOut(
                deliverer, after: isWhole ? 0 : line.after, since: isFirst ? nil : limit, on: executor)
            if pass.delivered > 0 {
                log.tell(.delivered, .info, "results were delivered", ["target": name, "reports": "\(pass.delivered)"])
            }
            if pass.stuck > 0 {
                line.trouble =
                    "results cannot go to \(name): "
                    + (pass.refusal ?? "their bundles are not in the outbox, not as they were published, or hold nothing for it")
                if isWhole { fail(&line) }
                line.after = pass.last
            } else if isWhole {
                line = Line()
            } else {
                line.after = pass.last
            }
        } catch is CancellationError {
        } catch {
            let error = PapillaError(any: error)
            let reason = error.cause.map { "\(error.message): \($0)" } ?? error.message
            line.trouble = "results do not reach \(name): \(reason)" + (error.hint.map { ". \($0)" } ?? "")
            line.after = 0
            fail(&line)
        }
        line.isTried = !isFirst || isWhole && !Task.isCancelled
        line.givenUp = await givenUp(name, before: limit)
        line.isRunning = false
        lines[name] = line
        tell()
    }

    private func fail(_ line: inout Line) {
        line.failures += 1
        line.due = now() + Backoff.wait(line.failures)
    }

    /// How many results are tried no more.
    private func givenUp(_ target: String, before limit: Timestamp?) async -> Int {
        guard let limit else { return 0 }
        let counts = try? await ledger.deliveryCounts(givingUp: [target: limit])
        return counts?.first { $0.target == target }?.givenUp ?? 0
    }

    private nonisolated static func carryOut(
        _ deliverer: Deliverer, after number: Int64, since limit: Timestamp?, on executor: WorkExecutor
    ) async throws -> Deliverer.Pass {
        try await withTaskExecutorPreference(executor) { try await deliverer.pass(after: number, since: limit) }
    }

    private func tell() {
        let troubles = lines.sorted { $0.key < $1.key }.flatMap { name, line in
            [line.trouble, line.givenUp > 0 ? "\(line.givenUp) given up for \(name): papilla deliveries lists them" : nil]
                .compactMap(\.self)
        }
        alarms.set(.deliveries, troubles.isEmpty ? nil : troubles.joined(separator: "; "))
    }
}
