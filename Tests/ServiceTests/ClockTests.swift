import Custody
import Ledger
import LedgerSQL
import LedgerSQLite
import Logging
import Screening
import Settings
import TestSupport
import Testing

@testable import Service

/// Clocks that jump, hop, are set back in part and are met at a start, over an archive whose only original is of today.
@Suite struct ClockTests {
    private static let (minute, hour, day) = (Int64(60_000), Int64(3_600_000), Int64(86_400_000))

    /// A site whose clocks are set by hand. Its original may go after a month.
    private final class Site {
        let sandbox: Sandbox
        let wall = WallClock()
        let steady = FakeClock()
        let telemetry = Telemetry()
        private let folders: ServiceFolders
        private(set) var ledger: any WholeLedger
        private var watch: ClockWatch
        private var rules = Configuration.Retention()

        init() async throws {
            sandbox = try Sandbox()
            try sandbox.drop("a.jpg", "not an image")
            try await sandbox.drain()
            folders = try ServiceFolders(sandbox.configuration.paths)
            ledger = try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .open, now: { [wall] in wall.now })
            watch = try await ClockWatch(ledger)
            rules.quarantine.age = .seconds(30 * 86400)
            await look()
        }

        private func housekeeping(_ ledger: any WholeLedger) -> Housekeeping {
            let configuration = sandbox.configuration
            return Housekeeping(
                ledger: ledger, folders: folders, telemetry: telemetry,
                log: .silent,
                clocks: watch, wallClock: { [wall] in wall.now }, steadyClock: { [steady] in steady.now },
                configuration: { configuration })
        }

        /// What the service does every 15 seconds.
        func look() async { await housekeeping(ledger).checkClock(&watch) }

        /// The same, while nothing can be written to the ledger.
        func lookWhileTheLedgerIsReadOnly() async throws {
            let ledger = try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .readOnly, now: { [wall] in wall.now })
            await housekeeping(ledger).checkClock(&watch)
        }

        /// What it does every hour.
        func retain() async { await housekeeping(ledger).retain(rules, &watch) }

        /// Lets both clocks go on.
        func pass(_ milliseconds: Int64) {
            step(milliseconds)
            steady.advance(.milliseconds(milliseconds))
        }

        /// Sets the wall clock alone.
        func step(_ milliseconds: Int64) { wall.set(wall.now.milliseconds + milliseconds) }

        /// Stops, is off for a time, and starts again, with a clock that was set meanwhile.
        func restart(off: Int64 = 0, step: Int64 = 0) async throws {
            self.step(off + step)
            // A clock that counts from the machine's start.
            steady.advance(.seconds(-500))
            ledger = try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .open, now: { [wall] in wall.now })
            watch = try await ClockWatch(ledger)
            watch.look(wall.now, steady.now)
            try await watch.note(in: ledger)
            try await ledger.record("started", subject: "service", detail: ["version": "test"])
            await look()
        }

        var isDoubted: Bool { telemetry.now.alarms.contains { $0.kind == .clock } }
        var isKept: Bool { get throws { try sandbox.files("quarantine").contains { $0.hasSuffix(".jpg") } } }
    }

    @Test("A11: hops that add up to weeks remove nothing") func hops() async throws {
        let site = try await Site()
        for _ in 0..<(40 * 24 * 60 / 55) {
            site.step(55 * Self.minute)
            site.pass(15_000)
            await site.look()
        }
        await site.retain()
        #expect(try site.isKept && site.isDoubted)
    }

    @Test("A11: a clock that is set back in part is still ahead") func setBackInPart() async throws {
        let site = try await Site()
        site.step(400 * Self.day)
        await site.look()
        for back in [2 * Self.hour, Self.day, 20 * Self.day] {
            site.step(-back)
            site.pass(15_000)
            await site.look()
            await site.retain()
            #expect(try site.isKept && site.isDoubted)
        }
    }

    @Test("A11: a clock that is ahead stays doubted through starts at which it is further ahead")
    func startsWhileItIsDoubted() async throws {
        let site = try await Site()
        site.step(400 * Self.day)
        await site.look()
        for _ in 0..<3 {
            try await site.restart(step: 6 * Self.day)
            site.pass(15_000)
            await site.look()
            await site.retain()
            #expect(try site.isKept && site.isDoubted)
        }
    }

    @Test("A11: a jump during the week begins another") func aJumpDuringTheWeek() async throws {
        let site = try await Site()
        site.step(2 * Self.hour)
        await site.look()
        for _ in 0..<27 {
            site.pass(6 * Self.hour)
            await site.look()
        }
        site.step(400 * Self.day)
        await site.look()
        site.pass(12 * Self.hour)
        await site.look()
        await site.retain()
        #expect(try site.isKept && site.isDoubted)
    }

    @Test("A11: a jump that could not be written down is not forgotten") func aLedgerThatIsNotWritten() async throws {
        let site = try await Site()
        site.step(400 * Self.day)
        try await site.lookWhileTheLedgerIsReadOnly()
        site.pass(15_000)
        await site.look()
        await site.retain()
        #expect(try site.isKept && site.isDoubted)
        // By then it is written down.
        try await site.restart()
        #expect(site.isDoubted)
    }

    @Test("A11: a jump just before originals are removed is seen") func aJumpAfterTheLook() async throws {
        let site = try await Site()
        site.step(400 * Self.day)
        await site.retain()
        #expect(try site.isKept)
    }

    @Test("A11: set right, the clock is trusted at once, also by a machine that was off meanwhile") func setRight() async throws {
        let site = try await Site()
        site.step(30 * Self.day)
        await site.look()
        #expect(site.isDoubted)
        try await site.restart(off: 2 * Self.day)
        #expect(site.isDoubted)
        site.pass(15_000)
        site.step(-30 * Self.day)
        await site.look()
        #expect(!site.isDoubted)
    }

    @Test("A11: a clock that is behind at the start, until the network sets it, is no jump") func behindAtTheStart() async throws
    {
        let site = try await Site()
        let now = site.wall.now.milliseconds
        try await site.restart(step: -now + Self.day)
        site.pass(15_000)
        await site.look()
        site.wall.set(now + 2 * Self.day)
        await site.look()
        #expect(!site.isDoubted)
    }

    @Test(
        "A11: a clock that is right after all is trusted after a week, by a machine that is off at night or only drains, too",
        arguments: [24, 10, 0])
    func rightAfterAll(hours: Int) async throws {
        let site = try await Site()
        try await site.restart(off: 400 * Self.day)
        for _ in 0..<6 {
            for _ in 0..<hours {
                await site.retain()
                #expect(try site.isKept && site.isDoubted)
                site.pass(Self.hour)
                await site.look()
            }
            if hours < 24 { try await site.restart(off: Int64(24 - hours) * Self.hour) }
            await site.retain()
            #expect(try site.isKept && site.isDoubted)
        }
        try await site.restart(off: 2 * Self.day)
        site.pass(12 * Self.hour)
        await site.retain()
        #expect(try !site.isKept && !site.isDoubted)
    }

    @Test("A11: at a start, a clock may be ahead by as long as a machine is off, and no longer") func atAStart() async throws {
        let site = try await Site()
        try await site.restart(off: 6 * Self.day)
        #expect(!site.isDoubted)
        try await site.restart(step: 8 * Self.day)
        #expect(site.isDoubted)
        let text = try #require(site.telemetry.now.alarms.first?.text)
        #expect(text.contains("8 days ahead") && text.contains("timedatectl") && text.contains("wait for 7 days"), "\(text)")
        // To the nearest, not a day less a second after.
        site.pass(15_000)
        await site.look()
        #expect(site.telemetry.now.alarms.first?.text == text)
        try await site.restart(off: Self.hour, step: -8 * Self.day)
        #expect(!site.isDoubted)
    }

    @Test("A11: small steps of a clock that is right are no jump") func smallSteps() async throws {
        let site = try await Site()
        // A virtual machine that is held for a snapshot each night, for two years.
        for _ in 0..<730 {
            site.step(30_000)
            site.pass(Self.day)
            await site.look()
            #expect(!site.isDoubted)
        }
    }
}
