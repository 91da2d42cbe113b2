import Custody
import Files
import Glibc
import Ledger
import LedgerSQL
import LedgerSQLite
import Logging
import Screening
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Service

/// What is done by the clock, with a clock that is set by hand.
@Suite struct HousekeepingTests {
    private let sandbox: Sandbox
    init() throws { sandbox = try Sandbox() }

    private func housekeeping(
        _ folders: ServiceFolders, _ ledger: any WholeLedger, _ telemetry: Telemetry = Telemetry(), hours: Int = 0
    )
        async throws -> Housekeeping
    {
        let configuration = sandbox.configuration
        return try await Housekeeping(
            ledger: ledger, folders: folders, telemetry: telemetry, log: .silent, clocks: ClockWatch(ledger),
            wallClock: { Timestamp(milliseconds: Timestamp.now.milliseconds + Int64(hours) * 3_600_000) },
            configuration: { configuration })
    }

    @Test func aStatementThatWasWrittenAtAStopIsWrittenAgainWhenTheDayIsOver() async throws {
        try sandbox.drop("a.jpg")
        let day = try #require(try await sandbox.drain().first?.report.source.received.day)
        let (folders, ledger) = try sandbox.open()
        let name = StatementFile.name(of: day)
        func written() throws -> String {
            String(decoding: try folders.publisher.outbox.read(name, limit: 1 << 20) ?? [], as: UTF8.self)
        }
        try await housekeeping(folders, ledger).finish()
        let first = try written()
        #expect(first.contains(#""measured" : 0"#) && first.contains(#""no_finding" : 1"#))
        // While the day goes on it stays; when it is over it is written once more, and then stays.
        try await housekeeping(folders, ledger).writeMissingStatements(sandbox.configuration)
        #expect(try written() == first)
        try await housekeeping(folders, ledger, hours: 48).writeMissingStatements(sandbox.configuration)
        let last = try written()
        #expect(last != first)
        try await housekeeping(folders, ledger, hours: 72).writeMissingStatements(sandbox.configuration)
        #expect(try written() == last)
    }

    @Test func whatWaitsTooLongAndSilenceAreAlarms() async throws {
        try sandbox.drop("a.jpg", "busy")
        await #expect(throws: PapillaError.self) { try await sandbox.drain() }
        let (folders, ledger) = try sandbox.open()
        let telemetry = Telemetry()
        let limits = Configuration.Alarms(oldest: .seconds(3600), silence: .seconds(2 * 3600))
        func alarms(after hours: Int) async throws -> [String] {
            try await housekeeping(folders, ledger, telemetry, hours: hours).checkAlarms(limits)
            return telemetry.now.alarms.map(\.kind.rawValue)
        }
        #expect(try await alarms(after: 0) == [])
        #expect(try await alarms(after: 1) == ["oldest"])
        #expect(try await alarms(after: 3) == ["oldest", "silence"])
        // A clock that is set back a day makes nothing old.
        #expect(try await alarms(after: -24) == [])
    }

    @Test func originalsAreKeptByAgeAndSizeAndNeverWhileTheirReportStands() async throws {
        for (name, content) in [
            ("measured.jpg", "image"), ("gone.jpg", "image two"), ("bad.jpg", "not an image"), ("half.jpg", "truncated"),
        ] {
            try sandbox.drop(name, content)
        }
        let finished = try await sandbox.drain()
        let bundle = try #require(finished.first { $0.report.source.name == "gone.jpg" }?.bundle)
        let (folders, ledger) = try sandbox.open()
        func retention(days: Int) -> Retention {
            Retention(
                ledger: ledger, folders: folders, log: .silent,
                wallClock: { Timestamp(milliseconds: Timestamp.now.milliseconds + Int64(days) * 86_400_000) })
        }
        var rules = Configuration.Retention()
        #expect(try await retention(days: 400).run(rules) == 0)
        rules.archive.age = .seconds(365 * 86400)
        rules.quarantine.size = 12
        // 12 and 9 bytes in quarantine: whichever is older goes, and the reports in the outbox keep both images.
        #expect(try await retention(days: 400).run(rules) == 1)
        #expect(try sandbox.files("quarantine").count { $0.hasSuffix(".jpg") } == 1 && sandbox.files("archive").count == 2)
        // The site takes a bundle away: then its image may go.
        try folders.publisher.outbox.removeTree(FileName(ours: "taken"))
        let parts = bundle.split(separator: "/").map { FileName(ours: String($0)) }
        try folders.publisher.outbox.folder(parts[0]).removeTree(parts[1])
        #expect(try await retention(days: 300).run(rules) == 0)
        #expect(try await retention(days: 400).run(rules) == 1)
        #expect(try sandbox.files("archive").map { String($0.suffix(12)) } == ["measured.jpg"])
        // Everything is still explained.
        let statement = try await ledger.statement(in: sandbox.configuration.paths.folders)
        #expect(statement.received == 4 && statement.unexplained == 0)
        #expect(try await sandbox.verify() == [])
        #expect(try await ledger.auditEntries(AuditFilter(event: "expired")).count == 2)
    }

    @Test func anOriginalThatWasDecidedToGoGoesAfterAStopToo() async throws {
        try sandbox.drop("bad.jpg", "not an image")
        let id = try #require(try await sandbox.drain().first?.report.id)
        let (folders, ledger) = try sandbox.open()
        try await ledger.expire(id, because: "age")
        #expect(try !sandbox.files("quarantine").isEmpty)
        try await Retention(ledger: ledger, folders: folders, log: .silent).complete()
        #expect(try sandbox.files("quarantine") == [])
        #expect(try await sandbox.verify() == [])
        await #expect(throws: PapillaError.self) { try await ledger.expire(id, because: "age") }
    }

    @Test("What is half forgotten is forgotten by the clock, too") func halfForgotten() async throws {
        try sandbox.drop("anna.jpg")
        let id = try #require(try await sandbox.drain().first?.report.id)
        let (folders, ledger) = try sandbox.open()
        let broken = Forget(ledger: ledger, folders: folders, withdraw: { _ in false }, boundary: { throw Stopped() })
        await #expect(throws: Stopped.self) { try await broken.run("\(id)", actor: "anna@1000") }
        #expect(try await ledger.arrival(id)?.name == "anna.jpg")
        try await housekeeping(folders, ledger).complete(sandbox.configuration)
        #expect(try await ledger.arrival(id)?.forgotten != nil)
        #expect(try await ledger.halfForgotten().isEmpty)
        #expect(try sandbox.files("archive") == [])
        #expect(try await sandbox.verify() == [])
    }

    // MARK: - Clocks

    /// A ledger whose clock, like everything else's, is set by hand.
    private func open(at clock: WallClock) throws -> (ServiceFolders, any WholeLedger) {
        let folders = try ServiceFolders(sandbox.configuration.paths)
        return (folders, try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .open, now: { clock.now }))
    }

    private static let day: Int64 = 86_400_000
    private static let yearly: Configuration.Retention = {
        var rules = Configuration.Retention()
        rules.archive.age = .seconds(365 * 86400)
        rules.quarantine.age = .seconds(365 * 86400)
        return rules
    }()

    @Test("A11: a clock that jumps ahead removes nothing before a week has gone by", arguments: [8, 30, 400, 4000])
    func aClockThatJumpsAheadRemovesNothing(days: Int64) async throws {
        for number in 0..<3 { try sandbox.drop("\(number).jpg", "not an image") }
        try await sandbox.drain()
        let clock = WallClock()
        let (folders, ledger) = try open(at: clock)
        let telemetry = Telemetry()
        let steady = FakeClock()
        let configuration = sandbox.configuration
        var watch = try await ClockWatch(ledger)
        let housekeeping = Housekeeping(
            ledger: ledger, folders: folders, telemetry: telemetry, log: .silent, clocks: watch, wallClock: { clock.now },
            steadyClock: { steady.now }, configuration: { configuration })
        func advance(wall: Int64, steady time: Duration) {
            clock.set(clock.now.milliseconds + wall)
            steady.advance(time)
        }
        await housekeeping.checkClock(&watch)
        #expect(telemetry.now.alarms == [])
        advance(wall: days * Self.day, steady: .seconds(15))
        await housekeeping.checkClock(&watch)
        #expect(telemetry.now.alarms.map(\.kind) == [.clock])
        await housekeeping.retain(Self.yearly, &watch)
        #expect(try sandbox.files("quarantine").count { $0.hasSuffix(".jpg") } == 3)
        // Nor after a start.
        #expect(try await ledger.clockDoubt() != nil)
        // Set right, it is trusted at once.
        advance(wall: -days * Self.day, steady: .seconds(15))
        await housekeeping.checkClock(&watch)
        #expect(telemetry.now.alarms == [])
        await housekeeping.retain(Self.yearly, &watch)
        #expect(try sandbox.files("quarantine").count { $0.hasSuffix(".jpg") } == 3)
        // Where it stays, for a week.
        advance(wall: days * Self.day, steady: .seconds(15))
        await housekeeping.checkClock(&watch)
        for _ in 0..<14 {
            await housekeeping.retain(Self.yearly, &watch)
            #expect(try sandbox.files("quarantine").count { $0.hasSuffix(".jpg") } == 3)
            advance(wall: Self.day / 2, steady: .seconds(43200))
            await housekeeping.checkClock(&watch)
        }
        #expect(telemetry.now.alarms == [])
        await housekeeping.retain(Self.yearly, &watch)
        #expect(try sandbox.files("quarantine").isEmpty == (days >= 400))
    }

    @Test("A11: what was written while the clock stood in the past is not old") func aClockThatStoodInThePast() async throws {
        try sandbox.drop("a.jpg", "not an image")
        try await sandbox.drain()
        // Its end, as a clock of 1970 would have dated it: after entries of today.
        let clock = WallClock()
        let (folders, ledger) = try open(at: clock)
        clock.set(86_400_000)
        let id = try #require(ScreeningID("19700102-0000000a"))
        try await ledger.receive(
            NewArrival(
                id: id, path: "b.jpg", name: "b.jpg", isUrgent: false, received: Timestamp(milliseconds: 86_400_000), device: 1,
                inode: 2))
        var report = Report(
            id: id,
            source: .init(
                name: "b.jpg", path: "b.jpg", sha256: nil, bytes: 3, received: Timestamp(milliseconds: 86_400_000)),
            outcome: .failed, engine: await FakeScreener().engine())
        report.reasons = [Reason(.notAnImage, "It is none.")]
        try await ledger.finish(
            id,
            Ending(
                report: report, bundle: "1970-01-02/b.\(id)", bundleDigest: Digest(of: []),
                original: "quarantine/1970-01-02/\(id)/b.jpg",
                timing: report.timing))
        let folder = try folders.originals.quarantine.make(FileName(ours: "1970-01-02")).make(FileName(ours: id.description))
        try folder.write([1, 2, 3], as: FileName(ours: "b.jpg"))
        clock.set(Timestamp.now.milliseconds)
        let retention = Retention(ledger: ledger, folders: folders, log: .silent, wallClock: { clock.now })
        #expect(try await retention.run(Self.yearly) == 0)
        clock.set(clock.now.milliseconds + 366 * Self.day)
        #expect(try await retention.run(Self.yearly) == 2)
    }
}

/// A wall clock that stands until it is set.
final class WallClock: Sendable {
    private let time: Mutex<Timestamp>
    init(days: Int64 = 0) { time = Mutex(Timestamp(milliseconds: Timestamp.now.milliseconds + days * 86_400_000)) }
    var now: Timestamp { time.withLock(\.self) }
    func set(_ milliseconds: Int64) { time.withLock { $0 = Timestamp(milliseconds: milliseconds) } }
}
