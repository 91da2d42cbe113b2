import Custody
import Files
import Glibc
import Imaging
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

/// The whole way, from the inbox to the end, with a reader that reads nothing.
// One after the other: each test has an inbox, and the kernel allows a user 128 instances of inotify.
@Suite(.serialized) struct PipelineTests {
    private let sandbox: Sandbox
    private let screener = FakeScreener()
    init() throws { sandbox = try Sandbox() }

    private func outcomes(_ finished: [ArrivalProcessor.Finished]) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: finished.map {
                ($0.report.source.path, $0.report.reasons.first?.code.rawValue ?? $0.report.outcome.rawValue)
            })
    }

    @Test func everythingThereIsEndsAndNothingIsLeft() async throws {
        try sandbox.drop("a.jpg")
        try sandbox.drop("sub/b.jpg", "not an image")
        try sandbox.drop("urgent/c.jpg", "another image")
        try sandbox.drop("empty.jpg", "")
        try sandbox.drop("half.jpg", "truncated")
        try sandbox.drop("big.jpg", String(repeating: "x", count: 5000))
        try sandbox.drop("broken.jpg", "broken")
        try sandbox.drop("lonely.json", "{}")
        try sandbox.drop("left.tmp")
        #expect(symlink("/etc/passwd", "\(sandbox.path)/inbox/link.jpg") == 0)
        #expect(mkfifo("\(sandbox.path)/inbox/fifo.jpg", 0o600) == 0)
        let finished = try await sandbox.drain(screener) { $0.limits.maximumBytes = 4096 }
        #expect(
            outcomes(finished) == [
                "a.jpg": "no_finding", "sub/b.jpg": "not_an_image", "urgent/c.jpg": "no_finding", "empty.jpg": "empty",
                "half.jpg": "truncated", "big.jpg": "too_large", "broken.jpg": "internal", "lonely.json": "no_finding",
                "link.jpg": "not_a_regular_file", "fifo.jpg": "not_a_regular_file",
            ])
        #expect(try sandbox.files("inbox") == ["left.tmp"])
        // The links themselves were moved, never what they lead to.
        #expect(try sandbox.files("quarantine").filter { $0.hasSuffix("link.jpg") || $0.hasSuffix("fifo.jpg") }.count == 2)
        #expect(access("/etc/passwd", F_OK) == 0)
        #expect(try await sandbox.verify() == [])
        let ledger = try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .readOnly)
        let statement = try await ledger.statement(in: sandbox.configuration.paths.folders)
        #expect(statement.received == 10 && statement.noFinding == 3 && statement.failed == 7 && statement.unexplained == 0)
    }

    @Test func aReadingThatNeverEndsTimesOutAndHoldsUpNobody() async throws {
        try sandbox.drop("a.jpg", "forever")
        try sandbox.drop("b.jpg")
        let finished = try await sandbox.drain(screener) { $0.imageDeadline = .milliseconds(50) }
        #expect(outcomes(finished) == ["a.jpg": "timed_out", "b.jpg": "no_finding"])
    }

    @Test func readingsThatHoldEveryPlaceEndTheService() async throws {
        for index in 0..<5 { try sandbox.drop("\(index).jpg", "forever \(index)") }
        var refusals = 0
        for _ in 0..<5 {
            do { try await sandbox.drain(screener) { $0.imageDeadline = .milliseconds(50) } } catch let error as PapillaError {
                #expect(error.code == .refused)
                refusals += 1
            }
        }
        // Every life gave some of them up; none was lost, none ended twice.
        #expect((1...4).contains(refusals))
        let reports = try sandbox.files("outbox").filter { $0.hasSuffix("report.json") }
        #expect(reports.count == 5)
        #expect(try await sandbox.verify() == [])
    }

    @Test func whatCannotGoOnStaysPendingAndIsNamed() async throws {
        try sandbox.drop("a.jpg", "busy")
        try sandbox.drop("b.jpg")
        await #expect { try await sandbox.drain(screener) } throws: {
            ($0 as? PapillaError)?.message == "1 arrival is still pending"
        }
        #expect(screener.reads.count { $0 == "a.jpg" } == Pipeline.drainTries)
        let ledger = try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .readOnly)
        #expect(try await ledger.pending().map(\.waitsFor) == ["There is no memory just now"])
        #expect(try sandbox.files("archive").count == 1)
    }

    /// Its file is in the archive by then: neither in the spool, nor in the inbox that would remember it.
    @Test func aDiskThatFailsAgainAtTheVeryEndLosesNothing() async throws {
        try sandbox.drop("a.jpg")
        let failing = Mutex<Set<Stage>>([.spooled, .stored])
        let finished = try await sandbox.drain(
            screener,
            checkpoint: { stage in
                guard failing.withLock({ $0.remove(stage) }) == nil else {
                    throw FileError("a disk fails", place: "", number: EIO)
                }
            })
        #expect(outcomes(finished) == ["a.jpg": "no_finding"])
        #expect(failing.withLock { $0.isEmpty })
        #expect(try await sandbox.verify() == [])
    }

    @Test func namesAndSidecarsTellWhoseImageItIs() async throws {
        try sandbox.drop("123456_OS.jpg")
        try sandbox.drop("777777_OD.jpg", "another")
        try sandbox.drop("777777_OD.jpg.json", #"{"patient": "from the sidecar"}"#)
        try sandbox.drop("bad.jpg", "a third")
        try sandbox.drop("bad.json", "no JSON")
        let finished = try await sandbox.drain(screener) { $0.namePattern = "^(?<patient>[0-9]{6})_(?<eye>OD|OS)" }
        let sources = Dictionary(uniqueKeysWithValues: finished.map { ($0.report.source.name, $0.report.source) })
        #expect(sources["123456_OS.jpg"]?.patient == "123456" && sources["123456_OS.jpg"]?.eye == .left)
        #expect(sources["777777_OD.jpg"]?.patient == "from the sidecar" && sources["777777_OD.jpg"]?.eye == .right)
        #expect(sources["bad.jpg"]?.patient == nil && sources["bad.jpg"]?.sidecar == "bad.json")
        #expect(try sandbox.files("inbox") == [])
    }

    @Test func belowTheFloorNothingNewIsTakenIn() async throws {
        try sandbox.drop("a.jpg")
        let folders = try ServiceFolders(sandbox.configuration.paths)
        var configuration = sandbox.configuration
        configuration.diskFloor = .init(space: .max, share: 1)
        let telemetry = Telemetry()
        let tools = Pipeline.Tools(
            configuration: configuration, folders: folders, ledger: try folders.ledger(configuration.paths.ledger),
            executor: WorkExecutor(),
            telemetry: telemetry, log: .silent,
            reload: { [screener] in ($0, screener) })
        let pipeline = Pipeline(tools, screener: screener, isDraining: false)
        #expect(await pipeline.checkSpace() == false)
        #expect(telemetry.now.alarms.map(\.kind) == [.disk])
        #expect(await pipeline.statusLine.hasPrefix("Alarm: nothing new is taken in"))
        #expect(try sandbox.files("inbox") == ["a.jpg"])
    }

    @Test func anInboxThatIsGoneEndsADrainWithItsReason() async throws {
        #expect(rmdir("\(sandbox.path)/inbox") == 0)
        await #expect { try await sandbox.drain(screener) } throws: {
            ($0 as? PapillaError)?.message.hasPrefix("The inbox cannot be read") ?? false
        }
    }

    @Test func aSecondServiceIsRefused() throws {
        let ledger = sandbox.configuration.paths.ledger
        let lock = try LedgerLock(beside: ledger)
        #expect { _ = try LedgerLock(beside: ledger) } throws: {
            ($0 as? PapillaError)?.message == "Another papilla serve (process \(getpid())) works on this ledger"
        }
        #expect(try LedgerLock.isHeld(beside: ledger))
        withExtendedLifetime(lock) {}
    }

    /// A number that is closed twice is another's file by then.
    @Test func aLockThatIsRefusedClosesItsFileOnce() async throws {
        let ledger = sandbox.configuration.paths.ledger
        let lock = try LedgerLock(beside: ledger)
        let path = sandbox.path
        try await withThrowingTaskGroup { group in
            group.addTask {
                for _ in 0..<20_000 { #expect(throws: PapillaError.self) { _ = try LedgerLock(beside: ledger) } }
            }
            group.addTask {
                for _ in 0..<40_000 {
                    let folder = try Folder.open(path)
                    sched_yield()
                    _ = try folder.status()
                }
            }
            try await group.waitForAll()
        }
        withExtendedLifetime(lock) {}
    }

    @Test func anArrivalThatKilledItsReaderIsReadAlone() {
        var random = SystemRandomNumberGenerator()
        func entry(_ name: String, attempts: Int) -> RetryQueue.Entry {
            let id = ScreeningID(at: .now, using: &random)
            return RetryQueue.Entry(
                arrival: Arrival(id: id, path: RelativePath(FileName(ours: name)), received: .now, attempts: attempts))
        }
        var queue = RetryQueue()
        queue.add(entry("deadly", attempts: 1))
        queue.add(entry("plain", attempts: 0))
        #expect(queue.take(now: .zero, alone: false)?.arrival.attempts == 0)
        #expect(queue.take(now: .zero, alone: false) == nil)
        #expect(queue.isWaitingToBeAlone(now: .zero))
        #expect(queue.take(now: .zero, alone: true)?.arrival.attempts == 1)
    }

    @Test func waitsDouble() {
        #expect((1...9).map { Backoff.wait($0) / .seconds(1) } == [2, 4, 8, 16, 32, 64, 128, 256, 300])
    }

    private func tools(
        _ ledger: any WholeLedger, _ folders: ServiceFolders,
        ended: @escaping @Sendable (ArrivalProcessor.Finished) -> Void = { _ in }
    )
        -> Pipeline.Tools
    {
        Pipeline.Tools(
            configuration: sandbox.configuration, folders: folders, ledger: ledger, executor: WorkExecutor(),
            telemetry: Telemetry(),
            log: .silent, reload: { [screener] in ($0, screener) }, ended: ended)
    }

    @Test("A14: an ID that is taken is drawn anew") func anIDThatIsTakenIsDrawnAnew() async throws {
        for name in ["a.jpg", "b.jpg", "c.jpg"] { try sandbox.drop(name, "image of \(name)") }
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        // Three times the same, then others.
        let draws = Mutex(0)
        let finished = Mutex<[ArrivalProcessor.Finished]>([])
        var tools = tools(ledger, folders) { one in finished.withLock { $0.append(one) } }
        tools.draw = { time in
            var random = SeededGenerator(
                draws.withLock { count in
                    count += 1
                    return count <= 4 ? 7 : UInt64(count)
                })
            return ScreeningID(at: time, using: &random)
        }
        try await Pipeline(tools, screener: screener, isDraining: true).run()
        let all = finished.withLock(\.self)
        #expect(all.count == 3 && Set(all.map(\.report.id)).count == 3)
        #expect(draws.withLock(\.self) >= 5)
        for one in all { #expect(try await ledger.arrival(one.report.id)?.path == one.report.source.path) }
        #expect(try await sandbox.verify() == [])
    }

    @Test("A14: of files that are gone nothing is remembered") func ofFilesThatAreGoneNothingIsRemembered() async throws {
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        let pipeline = Pipeline(tools(ledger, folders), screener: screener, isDraining: true)
        try sandbox.drop("here.jpg")
        let (here, gone) = (RelativePath(FileName(ours: "here.jpg")), RelativePath(FileName(ours: "gone.jpg")))
        await pipeline.remember([here, gone])
        await pipeline.lookAtInbox(.seconds(1))
        #expect(await pipeline.remembered == [here])
    }

    @Test("A15: a recovery that is cancelled ends", .timeLimit(.minutes(10))) func aCancelledRecoveryEnds() async throws {
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        // Something that comes back, for all that anybody knows: the outbox is gone.
        try Folder.open(sandbox.path).removeTree(FileName(ours: "outbox"))
        let tools = tools(ledger, folders)
        let pipeline = Pipeline(tools, screener: screener, isDraining: false)
        let running = Task { try await pipeline.recover() }
        while tools.telemetry.now.alarms.isEmpty { await Task.yield() }
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
    }
}

extension Pipeline {
    fileprivate func remember(_ paths: [RelativePath]) {
        for path in paths {
            drawn[path] = ScreeningID("20261124-00000001")
            inboxTries[path] = 1
        }
    }

    fileprivate var remembered: Set<RelativePath> { Set(drawn.keys).union(inboxTries.keys) }
}
