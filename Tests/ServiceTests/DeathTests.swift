import Custody
import Files
import Glibc
import Intake
import Ledger
import LedgerSQL
import LedgerSQLite
import Logging
import Screening
import Synchronization
import TestSupport
import Testing

@testable import Service
import Settings

/// What dies is another process, as dead as `kill -9` makes it.
@Suite(.serialized) struct DeathTests {
    private let sandbox: Sandbox
    init() throws { sandbox = try Sandbox() }

    /// Where the process that is to die works, and where it dies: an exit test sees nothing of its parent but the environment.
    private static let (folders, stage) = ("PAPILLA_TEST_HOUSE", "PAPILLA_TEST_STAGE")
    private static func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }

    private func expectAllAccounted(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        #expect(try await sandbox.verify() == [], sourceLocation: sourceLocation)
        let ledger = try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .readOnly)
        let statement = try await ledger.statement(in: sandbox.configuration.paths.folders)
        #expect(
            statement.received == count && statement.pending == 0 && statement.unexplained == 0, sourceLocation: sourceLocation)
        let originals = try (sandbox.files("archive") + sandbox.files("quarantine")).filter { !$0.hasSuffix(".json") }
        #expect(originals.count == count, sourceLocation: sourceLocation)
        #expect(try sandbox.files("outbox").count { $0.hasSuffix("report.json") } == count, sourceLocation: sourceLocation)
        #expect(try sandbox.files("inbox") == [] && sandbox.files("spool") == [], sourceLocation: sourceLocation)
    }

    @Test(arguments: Stage.allCases) func killedAtAStageEverythingEndsOnce(stage: Stage) async throws {
        for name in ["a.jpg", "sub/b.jpg", "urgent/c.jpg"] { try sandbox.drop(name, "image \(name)") }
        try sandbox.drop("d.jpg", "not an image")
        try sandbox.drop("sub/b.json", #"{"patient": "7"}"#)
        setenv(Self.folders, sandbox.path, 1)
        setenv(Self.stage, stage.rawValue, 1)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            let stage = Stage(rawValue: DeathTests.variable(DeathTests.stage))
            // Not at the first time, so that some are done, some under way and some not seen yet.
            let times = Mutex(0)
            try await Sandbox(at: DeathTests.variable(DeathTests.folders)).drain(checkpoint: { reached in
                guard reached == stage else { return }
                if times.withLock({
                    $0 += 1; return $0
                }) == 2 {
                    kill(getpid(), SIGKILL)
                }
            })
        }
        // No half bundle is to be seen.
        for report in try sandbox.files("outbox").filter({ !$0.hasPrefix(".") && $0.hasSuffix("overlay.jpg") }) {
            #expect(try sandbox.files("outbox").contains(report.replacing("overlay.jpg", with: "report.json")))
        }
        try await sandbox.drain()
        try await expectAllAccounted(4)
    }

    @Test func anImageThatTrapsIsGivenUpAfterThreeDeathsAndTheOthersAreRead() async throws {
        for index in 0..<4 { try sandbox.drop("\(index).jpg", "image \(index)") }
        try sandbox.drop("deadly.jpg", "trap")
        setenv(Self.folders, sandbox.path, 1)
        var deaths = 0
        let ledger = { [sandbox] in try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .readOnly) }
        while deaths < 10 {
            if deaths > 0, try await ledger().pending().contains(where: { $0.attempts >= ArrivalProcessor.attemptLimit }) {
                break
            }
            await #expect(processExitsWith: .failure) {
                _ = try await Sandbox(at: DeathTests.variable(DeathTests.folders)).drain()
            }
            deaths += 1
        }
        #expect(deaths == 3)
        let last = try await sandbox.drain()
        #expect(last.contains { $0.report.source.name == "deadly.jpg" && $0.report.reasons.map(\.code) == [.crashed] })
        try await expectAllAccounted(5)
        // Who was read beside it when it died is not blamed.
        let failed = try await ledger().arrivals(ArrivalFilter(outcomes: [.failed]))
        #expect(failed.map(\.name) == ["deadly.jpg"])
    }

    @Test func aServiceThatDiesAgainAndAgainRests() async throws {
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        let since = Timestamp(milliseconds: Timestamp.now.milliseconds - 600_000)
        for index in 0..<5 {
            #expect(try await ledger.deaths(since: since) == index)
            try await ledger.record("started", subject: "service", detail: ["version": "0"])
        }
        // An orderly end is no death.
        try await ledger.record("stopped", subject: "service", detail: ["why": "as asked"])
        #expect(try await ledger.deaths(since: since) == 4)
        #expect(try await ledger.deaths(since: Timestamp(milliseconds: Timestamp.now.milliseconds + 1000)) == 0)

        try sandbox.drop("a.jpg")
        let clock = FakeClock()
        let telemetry = Telemetry()
        let tools = Pipeline.Tools(
            configuration: sandbox.configuration, folders: folders, ledger: ledger, executor: WorkExecutor(),
            telemetry: telemetry,
            log: .silent, now: { clock.now }, reload: { ($0, FakeScreener()) })
        let pipeline = Pipeline(tools, screener: FakeScreener(), isDraining: false, pause: .seconds(120))
        let running = Task { try await pipeline.run() }
        while telemetry.now.inbox.waiting == 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(telemetry.now.inHand.isEmpty && telemetry.now.outcomes.isEmpty)
        clock.advance(.seconds(121))
        while telemetry.now.outcomes.isEmpty {
            await pipeline.wakeSignal.send()
            try await Task.sleep(for: .milliseconds(5))
        }
        await pipeline.stop()
        try await running.value
    }

    @Test func aLockThatIsJustGivenBackIsWaitedFor() async throws {
        let ledger = sandbox.configuration.paths.ledger
        var held: LedgerLock? = try LedgerLock(beside: ledger)
        await #expect(throws: PapillaError.self) { try await LedgerLock.take(beside: ledger, patience: .milliseconds(120)) }
        async let taken = LedgerLock.take(beside: ledger, patience: .seconds(600))
        try await Task.sleep(for: .milliseconds(100))
        withExtendedLifetime(held) {}
        held = nil
        _ = try await taken
    }
}
