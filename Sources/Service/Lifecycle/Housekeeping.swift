internal import Control
internal import Custody
internal import Deliveries
internal import Files
internal import Journal
internal import Ledger
internal import Logging
internal import Screening
internal import ServiceLifecycle
internal import Settings

/// What is done by the clock: the metrics file and alarms, and hourly the audit's head to the journal, the statement of each day that is
/// over, what retention removes, and what a stop left half done.
struct Housekeeping: ServiceLifecycle.Service {
    let ledger: any WholeLedger
    let folders: ServiceFolders
    let telemetry: Telemetry
    let log: Logger
    /// What is known of the clock since the start.
    let clocks: ClockWatch
    var pass = StationPass()
    var wallClock: @Sendable () -> Timestamp = { .now }
    /// A clock that nobody sets, and that goes on while the machine sleeps.
    var steadyClock: @Sendable () -> Duration = { ClockWatch.steady }
    /// As it is now: a reload changes it.
    let configuration: @Sendable () async -> Configuration

    private static let tick = Duration.seconds(15)
    private static let ticksAnHour = 240
    /// Days back for which a statement is written where it is missing.
    private static let days: Int64 = 7

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var ticks = 0
            var wasKeeper = false
            var clocks = clocks
            while true {
                let configuration = await configuration()
                await checkClock(&clocks)
                await checkAlarms(configuration.alarms)
                await writeMetrics(configuration)
                let isHour = ticks % Self.ticksAnHour == 0
                if isHour {
                    if ticks > 0 { await tellHead() }
                    await complete(configuration)
                }
                // What is done once for all is done at once where it falls to this station.
                let isKeeper = pass.isKeeper
                if isKeeper, isHour || !wasKeeper {
                    if pass.isShared { await completeRequeues() }
                    await writeMissingStatements(configuration)
                    await retain(configuration.retention, &clocks)
                }
                wasKeeper = isKeeper
                ticks += 1
                try await Task.sleep(for: Self.tick)
            }
        }
    }

    /// What is done last, when nothing is in hand any more.
    func finish() async {
        let configuration = await configuration()
        await tellHead()
        if pass.isKeeper { await writeStatement(of: wallClock().day, configuration) }
        await writeMetrics(configuration)
    }

    private func writeMetrics(_ configuration: Configuration) async {
        guard let metrics = configuration.paths.metrics else { return }
        let overview = try? await ledger.overview(failures: 0, givingUp: configuration.givenUp(at: wallClock()))
        let text = MetricsFile.text(telemetry.now, disks: ServiceStatus(telemetry, folders).disks, overview, now: wallClock())
        do { try MetricsFile.write(text, to: metrics) } catch {
            log.tell(.trouble, .warning, "the metrics file could not be written: \(PapillaError(any: error).description)")
        }
    }

    // MARK: - Alarms

    /// Calls a person where something has waited for too long, or nothing comes any more.
    func checkAlarms(_ limits: Configuration.Alarms) async {
        let alarms = Alarms(telemetry: telemetry, ledger: ledger, log: log, wallClock: wallClock)
        let now = wallClock()
        // A ledger that cannot be read is another alarm's affair.
        do {
            let pending = try await ledger.oldestPending()
            let oldest = limits.oldest.flatMap { limit in pending.flatMap { isOver(limit, since: $0.received, now) ? $0 : nil } }
            alarms.set(.oldest, oldest.map { "\($0.id) has been pending since \($0.received)" })
        } catch {}
        if let last = try? await ledger.lastReceived() ?? telemetry.now.started {
            let since = max(last, telemetry.now.started)
            alarms.set(
                .silence,
                limits.silence.flatMap { isOver($0, since: since, now) ? "nothing has arrived since \(since)" : nil })
        }
    }

    /// Writes down that the clock is ahead, and calls a person while it is doubted.
    ///
    /// - Returns: the time; nil while it is doubted.
    @discardableResult
    func checkClock(_ clocks: inout ClockWatch) async -> Timestamp? {
        let now = wallClock()
        clocks.look(now, steadyClock())
        Alarms(telemetry: telemetry, ledger: ledger, log: log, wallClock: wallClock).set(.clock, clocks.advice)
        // A ledger that cannot be written is another alarm's affair, and what is new is noted once it can.
        try? await clocks.note(in: ledger)
        return clocks.doubt == nil ? now : nil
    }

    private func isOver(_ limit: Duration, since time: Timestamp, _ now: Timestamp) -> Bool {
        Double(now.milliseconds - time.milliseconds) > limit / .milliseconds(1)
    }

    /// What was kept long enough goes, by age only while the clock is not doubted, and by the very time that was found good.
    func retain(_ rules: Configuration.Retention, _ clocks: inout ClockWatch) async {
        let time = await checkClock(&clocks)
        let now = time ?? wallClock()
        let retention = Retention(ledger: ledger, folders: folders, log: log, wallClock: { now })
        do {
            try await retention.complete()
            try await retention.run(rules, byAge: time != nil)
        } catch {
            log.tell(.trouble, .warning, "originals could not be removed: \(PapillaError(any: error).description)")
        }
    }

    // MARK: - What is half done

    /// Ends the forgetting of what this service has in hand: an error cut it short, or a station that this one took over from.
    func complete(_ configuration: Configuration) async {
        do { try await Forget(ledger: ledger, folders: folders, withdraw: configuration.withdraw).complete() } catch {
            log.tell(
                .trouble, .warning, "what is half forgotten could not be forgotten: \(PapillaError(any: error).description)")
        }
    }

    /// Ends what any station began of reading again, and did not end: one that still is at it has a younger copy.
    func completeRequeues() async {
        let moment = Timestamp(milliseconds: wallClock().milliseconds - Self.requeueAge)
        do { try await Requeue(ledger: ledger, folders: folders).complete(before: moment) } catch {
            log.tell(
                .trouble, .warning, "what was to be read again could not be: \(PapillaError(any: error).description)")
        }
    }

    private static let requeueAge: Int64 = 300_000

    // MARK: - Statements

    /// The audit's head and count leave the file here, so that a chain that was cut or rebuilt is found out.
    private func tellHead() async {
        guard let head = try? await ledger.head() else { return }
        log.tell(.auditHead, .notice, "audit head", ["hash": head.hash.description, "entries": "\(head.entries)"])
    }

    /// The statements of the days before today on which something arrived, unless they were written when the day was over.
    func writeMissingStatements(_ configuration: Configuration) async {
        let now = wallClock().milliseconds
        for back in (1...Self.days).reversed() {
            let day = Timestamp(milliseconds: now - back * 86_400_000).day
            guard !isWritten(day) else { continue }
            await writeStatement(of: day, configuration)
        }
    }

    /// Whether a day's statement was written after its end: at a stop it is written for a day that goes on.
    private func isWritten(_ day: String) -> Bool {
        struct Written: Decodable {
            struct Signed: Decodable { var at: Timestamp }
            var signed: Signed
        }
        guard let bytes = try? folders.publisher.outbox.read(StatementFile.name(of: day), limit: 1 << 20),
            let written = try? CanonicalJSON.decode(Written.self, from: bytes)
        else { return false }
        return written.signed.at.day > day
    }

    private func writeStatement(of day: String, _ configuration: Configuration) async {
        do {
            // Looking through the folders takes long where there are many; a day on which nothing arrived needs no look.
            guard let start = Timestamp(startOf: day),
                try await !ledger.arrivals(
                    ArrivalFilter(since: start, until: Timestamp(milliseconds: start.milliseconds + 86_400_000), limit: 1)
                ).isEmpty
            else { return }
            let statement = try await ledger.statement(
                day: day, in: configuration.paths.folders(of: ledger), givingUp: configuration.givenUp(at: wallClock()))
            let head = try await ledger.head()
            let file = StatementFile(at: wallClock(), statement: statement, head: head.hash, entries: head.entries)
            try folders.publisher.outbox.replace(StatementFile.name(of: day), with: try file.signed(by: StatementKey.load()))
            log.tell(
                .statement, statement.unexplained == 0 ? .notice : .error, "statement",
                ["day": day, "received": "\(statement.received)", "unexplained": "\(statement.unexplained)"])
        } catch {
            log.tell(.trouble, .error, "the day's statement could not be written: \(PapillaError(any: error).description)")
        }
    }
}
