import Control
import Crypto
import FoundationEssentials
import Glibc
import Journal
import Logging
import Screening
import TestSupport
import Testing

@testable import Ledger
import LedgerSQL
import LedgerSQLite
@testable import Service
import Settings

@Suite struct WatchingTests {
    @Test func everyKindOfEventHasItsOwnMessageID() {
        for event in JournalEvent.allCases {
            #expect(
                event.messageID.utf8.count == 32 && event.messageID.allSatisfy { $0.isHexDigit && !$0.isUppercase }, "\(event)")
        }
        #expect(Set(JournalEvent.allCases.map(\.messageID)).count == JournalEvent.allCases.count)
        // Never changed after a release: someone's filter may hold it.
        #expect(JournalEvent.finished.messageID == "d1a8043b6e7f4c25b90c62f5e38d7a10")
    }

    @Test func anEntryInTheJournal() {
        let fields = JournalHandler.journalFields(
            .warning, "screened", ["event": "finished", "id": "20261124-k7q2m9xd", "outcome": "failed"])
        #expect(
            fields.map { String(decoding: $0, as: UTF8.self) } == [
                "MESSAGE=screened", "PRIORITY=4", "SYSLOG_IDENTIFIER=papilla", "MESSAGE_ID=d1a8043b6e7f4c25b90c62f5e38d7a10",
                "PAPILLA_EVENT=finished", "PAPILLA_ID=20261124-k7q2m9xd", "PAPILLA_OUTCOME=failed",
            ])
    }

    @Test func anEntryOnStandardErrorIsOneLine() {
        let line = JournalHandler.line(.error, "two\nlines", ["event": "alarm", "about": "disk"])
        #expect(String(decoding: line, as: UTF8.self) == "papilla: error: two lines (about=disk)\n")
    }

    @Test func theJournalIsKnownByDeviceAndInode() {
        var status = stat()
        #expect(fstat(0, &status) == 0)
        #expect(JournalHandler.isJournal("\(status.st_dev):\(status.st_ino)", standardError: 0))
        #expect(!JournalHandler.isJournal("\(status.st_dev):\(status.st_ino + 1)", standardError: 0))
        #expect(!JournalHandler.isJournal(nil, standardError: 0))
    }

    @Test func theMetricsFile() throws {
        let telemetry = Telemetry(started: Timestamp(milliseconds: 1_700_000_000_000))
        telemetry.update { state in
            state.isReady = true
            state.outcomes = [.measured: 2, .failed: 1]
            for seconds in [0.2, 3, 99_999] { state.latency.add(seconds) }
        }
        telemetry.update { $0.add(Report.Timing(decode: 20, infer: 300)) }
        _ = telemetry.alarm(.disk, "full")
        let overview = Overview(
            states: ["waiting": 3, "received": 1, "finished": 7], outcomes: [:], waits: [],
            oldestPending: .init(
                id: try #require(ScreeningID("20261124-k7q2m9xd")), received: Timestamp(milliseconds: 1_700_000_000_000),
                state: .waiting),
            failures: [], finishedLastHour: 0, finishedLastDay: 0, receivedLastDay: 0, deliveries: [])
        let text = MetricsFile.text(
            telemetry.now, disks: [.init(folder: "outbox", free: 5, size: 9)], overview,
            now: Timestamp(milliseconds: 1_700_000_042_000))
        for line in [
            "papilla_up 1", "papilla_start_time_seconds 1700000000", "papilla_arrivals_total{outcome=\"measured\"} 2",
            "papilla_arrivals_total{outcome=\"no_finding\"} 0", "papilla_pending 4", "papilla_alarm{about=\"disk\"} 1",
            "papilla_alarm{about=\"inbox\"} 0", "papilla_disk_free_bytes{folder=\"outbox\"} 5",
            "papilla_latency_seconds_bucket{le=\"0.25\"} 1",
            "papilla_latency_seconds_bucket{le=\"5.0\"} 2", "papilla_latency_seconds_bucket{le=\"+Inf\"} 3",
            "papilla_latency_seconds_count 3", "papilla_oldest_pending_seconds 42",
            "papilla_stage_seconds_bucket{stage=\"decode\",le=\"0.025\"} 1", "papilla_stage_seconds_count{stage=\"infer\"} 1",
        ] { #expect(text.split(separator: "\n").contains(Substring(line)), "\(line)") }
        let sandbox = try Sandbox()
        try MetricsFile.write(text, to: "\(sandbox.path)/new/papilla.prom")
        #expect(try sandbox.files("new") == ["papilla.prom"])
    }

    @Test func theWatchdogIsFedOnlyWhileWorkMovesOn() {
        let telemetry = Telemetry()
        var random = SystemRandomNumberGenerator()
        let id = ScreeningID(at: .now, using: &random)
        func isAlive(_ seconds: Int) -> Bool { telemetry.isAlive(now: .seconds(seconds)) }
        telemetry.update { $0.beat = .seconds(1000) }
        #expect(isAlive(1059) && !isAlive(1060))
        telemetry.update { $0.inHand[id] = .seconds(900) }
        #expect(isAlive(1059))
        telemetry.update { $0.beat = .seconds(1079) }
        #expect(isAlive(1079) && !isAlive(1080))
        // A reload may let images take longer.
        telemetry.update { $0.imageDeadline = .seconds(600) }
        #expect(isAlive(1080))
        telemetry.update { $0.imageDeadline = .seconds(120) }
        telemetry.update { $0.inHand = [:] }
        #expect(isAlive(1080))
    }

    @Test func alarmsAreToldOnce() {
        let telemetry = Telemetry()
        #expect(telemetry.alarm(.inbox, "gone") == true)
        #expect(telemetry.alarm(.inbox, "still gone") == nil)
        #expect(telemetry.now.alarms.map(\.text) == ["still gone"])
        #expect(telemetry.alarm(.inbox, nil) == false)
        #expect(telemetry.alarm(.inbox, nil) == nil)
    }

    @Test("An alarm that has another name now is still found under the one before, with a notice")
    func anAlarmsFormerNameStillWorks() throws {
        let telemetry = Telemetry()
        _ = telemetry.alarm(.storage, "full")
        _ = telemetry.alarm(.inbox, "gone")
        let alarms = ServiceStatus(telemetry, nil).alarms
        #expect(alarms.map(\.about) == ["storage", "house", "inbox"])
        #expect(alarms.map(\.notice) == [nil, "house is called storage now", nil])
        #expect(alarms[1].text == "full" && alarms[1].since == alarms[0].since)
        let line = try CanonicalJSON.line(alarms[0])
        #expect(!line.contains("notice"))
        // What a service of an earlier version says is understood, too.
        let former = line.replacing("storage", with: "house")
        #expect(try CanonicalJSON.decode(ServiceStatus.Alarm.self, from: former.utf8).about == "house")
        let text = MetricsFile.text(telemetry.now, disks: [], nil, now: Timestamp(milliseconds: 0)).split(separator: "\n")
        for about in ["storage", "house"] { #expect(text.contains("papilla_alarm{about=\"\(about)\"} 1"), "\(about)") }
        #expect(Telemetry.Alarm.Kind.storage.fields == ["about": "storage", "formerly": "house"])
        #expect(Telemetry.Alarm.Kind.inbox.fields == ["about": "inbox"])
    }

    @Test func aStatementIsSignedWhereThereIsAKey() throws {
        let figures = """
            {"received":3,"measured":3,"no_finding":0,"ungradable":0,"out_of_domain":0,"failed":0,"pending":0,"unexplained":0,\
            "delivered":0,"undelivered":0,"given_up":0,"withheld":0}
            """
        let statement = try CanonicalJSON.decode(Statement.self, from: figures.utf8)
        let file = StatementFile(at: Timestamp(milliseconds: 0), statement: statement, head: Digest(of: "head".utf8), entries: 7)
        let key = try StatementKey.key(Array("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n".utf8))
        let text = String(decoding: try file.signed(by: key), as: UTF8.self)
        #expect(text.contains("\"algorithm\" : \"Ed25519\"") && text.contains("papilla.statement/1"))
        let value = try #require(text.firstMatch(of: #/"value" : "([0-9a-f]{128})"/#)?.output.1)
        let bytes = stride(from: 0, to: 128, by: 2).compactMap { UInt8(value.dropFirst($0).prefix(2), radix: 16) }
        #expect(key.publicKey.isValidSignature(bytes, for: Data(try CanonicalJSON.line(file).utf8)))
        #expect(!String(decoding: try file.signed(by: nil), as: UTF8.self).contains("Ed25519"))
        #expect(throws: PapillaError.self) { try StatementKey.key(Array("no key".utf8)) }
    }

    @Test func workIsGivenUpAfterItsTimeAndCountedUntilItEnds() async throws {
        let executor = WorkExecutor()
        #expect(try await executor.run(atMost: .seconds(600)) { 7 } == 7)
        await #expect(throws: Stopped.self) { try await executor.run(atMost: .seconds(600)) { throw Stopped() } }
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let result: Int? = try await executor.run(atMost: .milliseconds(20)) {
            // Does not listen to cancellation: the wait is in a task of its own.
            await Task { for await _ in stream {} }.value
            return 1
        }
        #expect(result == nil && executor.abandonedCount == 1)
        continuation.finish()
        while executor.abandonedCount > 0 { await Task.yield() }
    }

    @Test("A15: the audit has the changes of alarms in the order in which they were made") func alarmsAreNotedInOrder()
        async throws
    {
        let sandbox = try Sandbox()
        let ledger = try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .create)
        let telemetry = Telemetry()
        let alarms = Alarms(telemetry: telemetry, ledger: ledger, log: .silent)
        // Several at once, as pipeline and housekeeping are.
        await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    for number in 0..<100 {
                        alarms.set(.disk, number % 2 == 0 ? "full" : nil)
                        await Task.yield()
                    }
                }
            }
        }
        alarms.set(.disk, nil)
        await telemetry.notes.end()
        let events = try await ledger.auditEntries().map(\.event).filter { $0.hasPrefix("alarm") }
        #expect(events.count >= 100)
        #expect(events == (0..<events.count).map { $0 % 2 == 0 ? "alarm" : "alarm_over" })
    }
}
