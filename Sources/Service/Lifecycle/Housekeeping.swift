internal import Ledger
internal import Logging
internal import Screening
internal import ServiceLifecycle

/// What is done by the clock: the metrics file, the audit's head to the journal hourly, and the statement of each day that is over.
struct Housekeeping: ServiceLifecycle.Service {
    let ledger: Ledger
    let folders: Folders
    let house: House
    let telemetry: Telemetry
    let metrics: String?
    let log: Logger
    var wallClock: @Sendable () -> Timestamp = { .now }

    private static let tick = Duration.seconds(15)
    private static let ticksAnHour = 240

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var ticks = 0
            while true {
                await writeMetrics()
                if ticks % Self.ticksAnHour == 0 {
                    if ticks > 0 { await tellHead() }
                    await writeMissingStatement()
                }
                ticks += 1
                try await Task.sleep(for: Self.tick)
            }
        }
    }

    /// What is done last, when nothing is in hand any more.
    func finish() async {
        await tellHead()
        await writeStatement(of: wallClock().day)
        await writeMetrics()
    }

    private func writeMetrics() async {
        guard let metrics else { return }
        let pending = try? await ledger.overview(failures: 0).states.filter { $0.key != ArrivalState.finished.rawValue }.values
            .reduce(0, +)
        let disks = ServiceStatus(telemetry, house).disks
        do { try MetricsFile.write(MetricsFile.text(telemetry.now, disks: disks, pending: pending), to: metrics) } catch {
            log.tell(.trouble, .warning, "the metrics file could not be written: \(PapillaError(any: error).description)")
        }
    }

    /// The audit's head and count leave the file here, so that a chain that was cut or rebuilt is found out.
    private func tellHead() async {
        guard let head = try? await ledger.head() else { return }
        log.tell(.auditHead, .notice, "audit head", ["hash": head.hash.description, "entries": "\(head.entries)"])
    }

    /// The statement of the day before today, unless it was written already.
    private func writeMissingStatement() async {
        let yesterday = Timestamp(milliseconds: wallClock().milliseconds - 86_400_000).day
        guard (try? house.publisher.outbox.status(StatementFile.name(of: yesterday))) == .some(nil) else { return }
        await writeStatement(of: yesterday)
    }

    private func writeStatement(of day: String) async {
        do {
            let statement = try await ledger.statement(day: day, in: folders)
            guard statement.received > 0 else { return }
            let head = try await ledger.head()
            let file = StatementFile(at: wallClock(), statement: statement, head: head.hash, entries: head.entries)
            try house.publisher.outbox.replace(StatementFile.name(of: day), with: try file.signed(by: StatementKey.load()))
            log.tell(
                .statement, statement.unexplained == 0 ? .notice : .error, "statement",
                ["day": day, "received": "\(statement.received)", "unexplained": "\(statement.unexplained)"])
        } catch {
            log.tell(.trouble, .error, "the day's statement could not be written: \(PapillaError(any: error).description)")
        }
    }
}
