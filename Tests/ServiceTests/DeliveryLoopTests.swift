import Control
import Custody
import Dicom
import Files
import FoundationEssentials
import Glibc
import Imaging
import Ledger
import LedgerSQLite
import Logging
import Reading
import Screening
import Settings
import TestSupport
import Testing

@testable import Deliveries
@testable import Service

/// The loop that has results carried out, and what is told of it.
extension DeliveryTests {
    private func loop(
        _ folders: ServiceFolders, _ ledger: any WholeLedger, _ telemetry: Telemetry, _ clock: FakeClock,
        _ wakeSignal: WakeSignal,
        targets: [Configuration.Delivery]
    ) -> DeliveryLoop {
        var configuration = sandbox.configuration
        configuration.deliveries = targets
        return DeliveryLoop(
            ledger: ledger, folders: folders, executor: WorkExecutor(), telemetry: telemetry, log: Self.log,
            wakeSignal: wakeSignal, now: { clock.now }, configuration: { [configuration] in configuration })
    }

    /// Waits for what another task does.
    private func eventually(_ isSo: () async throws -> Bool) async throws {
        for _ in 0..<3000 {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("it never came about")
    }

    @Test func aTargetThatComesBackGetsEverythingAndHoldsUpNoOther() async throws {
        let copies = "\(sandbox.path)/copy"
        let second = Configuration.Delivery(name: "copy", folder: copies)
        _ = try Folder.make(copies)
        for name in ["a.jpg", "b.jpg"] { try await screen(name) { $0.deliveries.append(second) } }
        rmdir(place)
        let (folders, ledger) = try open()
        let (telemetry, clock, wakeSignal) = (Telemetry(), FakeClock(), WakeSignal())
        let loop = loop(folders, ledger, telemetry, clock, wakeSignal, targets: [target, second])
        let running = Task { try await loop.run() }
        try await eventually { try sandbox.files("copy").count == 2 && !telemetry.now.alarms.isEmpty }
        let alarm = try #require(telemetry.now.alarms.first)
        #expect(alarm.kind == .deliveries && alarm.text.hasPrefix("results do not reach ehr: "))
        _ = try Folder.make(place)
        // Not before its time, and then at once.
        #expect(try await ledger.due(to: "ehr", limit: 10).count == 2)
        clock.advance(.seconds(2))
        wakeSignal.send()
        try await eventually { try sandbox.files("ehr").count == 2 && telemetry.now.alarms.isEmpty }
        running.cancel()
        try await running.value
        #expect(try await ledger.deliveryCounts().map(\.delivered) == [2, 2])
        await telemetry.notes.end()
        #expect(try await ledger.auditEntries(AuditFilter(event: "alarm_over")).count == 1)
    }

    @Test func aDrainSaysWhatIsStillDue() async throws {
        try await screen("a.jpg")
        let (folders, ledger) = try open()
        let loop = loop(folders, ledger, Telemetry(), FakeClock(), WakeSignal(), targets: [target])
        rmdir(place)
        await #expect { try await loop.drain() } throws: { error in
            let error = error as? PapillaError
            return error?.code == .refused && error?.message.contains("1 result is still to be delivered, to ehr") == true
        }
        _ = try Folder.make(place)
        try await loop.drain()
        #expect(try sandbox.files("ehr").count == 1)
    }

    @Test("What a target does not take for too long is given up, stays due, and is tried again when somebody asks, or at a start")
    func givenUp() async throws {
        try await screen("a.jpg")
        rmdir(place)
        let (folders, ledger) = try open()
        var impatient = target
        impatient.giveUp = .milliseconds(1)
        let (telemetry, clock, wakeSignal) = (Telemetry(), FakeClock(), WakeSignal())
        let first = loop(folders, ledger, telemetry, clock, wakeSignal, targets: [impatient])
        let running = Task { try await first.run() }
        let words = "1 given up for ehr: papilla deliveries lists them"
        try await eventually {
            telemetry.now.alarms.contains { $0.text.hasPrefix("results do not reach ehr") && $0.text.hasSuffix(words) }
        }
        _ = try Folder.make(place)
        clock.advance(.seconds(3600))
        wakeSignal.send()
        try await eventually { telemetry.now.alarms.map(\.text) == [words] }
        #expect(try sandbox.files("ehr") == [])
        running.cancel()
        try await running.value

        let before = try await row(ledger).due
        var configuration = sandbox.configuration
        configuration.deliveries = [impatient]
        let redelivery = Redelivery(ledger: ledger, configuration: configuration)
        await #expect { try await redelivery.run([], target: "other", actor: "anna@1000") } throws: {
            ($0 as? PapillaError)?.code == .badInput
        }
        #expect(try await redelivery.run([], target: nil, actor: "anna@1000").count == 1)
        let id = try await row(ledger).arrival
        #expect(try await row(ledger).due > before)
        let second = loop(folders, ledger, telemetry, clock, wakeSignal, targets: [impatient])
        try await second.drain()
        #expect(try await row(ledger).state == .delivered)
        await #expect { try await redelivery.run(["\(id)"], target: nil, actor: "anna@1000") } throws: {
            ($0 as? PapillaError)?.code == .refused
        }
    }

    @Test("A folder for an interface engine is given the message alone, under the arrival's ID")
    func message() async throws {
        let id = try await screen("a.jpg", writers: [StandardBundle(), Message()])
        let (folders, ledger) = try open()
        let engine = Configuration.Delivery(name: "ehr", to: .folder(place, .hl7))
        #expect(try await Deliverer(ledger: ledger, folders: folders, target: engine.target).pass().delivered == 1)
        #expect(try sandbox.files("ehr") == ["\(id).hl7"])
        #expect(try Folder.open(place).read(FileName(ours: "\(id).hl7"), limit: 100) == Array("MSH|\(id)\r".utf8))
    }

    @Test("A bundle that holds nothing for a target stays due, and it is said")
    func nothingForIt() async throws {
        try await screen("a.jpg")
        let (folders, ledger) = try open()
        for content in [Configuration.Delivery.Content.hl7, .fhir] {
            let target = Configuration.Delivery(name: "ehr", to: .folder(place, content)).target
            #expect(try await Deliverer(ledger: ledger, folders: folders, target: target).pass().stuck == 1)
        }
        #expect(try await row(ledger).state == .due)
    }

    private struct Message: BundleWriter {
        func files(for draft: BundleDraft) async throws(PapillaError) -> [(name: String, bytes: [UInt8])] {
            [("result.hl7", Array("MSH|\(draft.report.id)\r".utf8))]
        }
    }

    @Test("Doctor says where objects of JPEG and PNG files refer to an original that is not made")
    func wrappedOriginals() async {
        func found(_ choice: ObjectChoice) async -> Bool {
            var configuration = sandbox.configuration
            configuration.objects = choice
            return await Doctor(configuration).examine().contains { $0.name == "DICOM objects" && $0.advice != nil }
        }
        #expect(await found(ObjectChoice(report: true)))
        #expect(await found(ObjectChoice(segmentation: true, overlay: true)))
        #expect(await !found(ObjectChoice(report: true, image: true)))
        #expect(await !found(ObjectChoice(overlay: true)))
        #expect(await !found(ObjectChoice()))
    }

    @Test func statusStatementMetricsAndDoctorTellOfIt() async throws {
        for name in ["a.jpg", "b.jpg"] { try await screen(name) }
        try await screen("c.jpg", patient: nil)
        let (folders, ledger) = try open()
        let first = try #require(try await ledger.due(to: "ehr", limit: 1).first)
        try await ledger.deliver(first.number)
        let overview = try await ledger.overview()
        let counts = try #require(overview.deliveries.first)
        #expect([counts.due, counts.withheld, counts.delivered, counts.cancelled] == [1, 1, 1, 0])
        #expect(counts.oldestDue != nil)
        let statement = try await ledger.statement(in: sandbox.configuration.paths.folders)
        #expect([statement.delivered, statement.undelivered, statement.withheld] == [1, 1, 1])
        #expect(try await ledger.statement(day: "2001-01-01").undelivered == 0)
        let text = MetricsFile.text(Telemetry().now, disks: [], overview, now: .now)
        for line in ["deliveries_due", "deliveries_withheld", "delivered_total"] {
            #expect(text.contains("papilla_\(line){target=\"ehr\"} 1\n"), "\(line)")
        }
        #expect(text.contains("papilla_alarm{about=\"deliveries\"} 0\n"))
        var configuration = sandbox.configuration
        func check() async -> Doctor.Check? { await Doctor(configuration).examine().first { $0.name == "delivery, ehr" } }
        // The configuration does not name it any more.
        let forgotten = try #require(await check())
        #expect(!forgotten.ok && forgotten.found.hasPrefix("1 due"))
        configuration.deliveries = [target]
        // Something was delivered, but not into this folder.
        #expect(await check()?.found.contains("not the folder that was used before") == true)
        try Folder.open(place).write([], as: FolderMark.name)
        let whole = try #require(await check())
        #expect(whole.ok && whole.found.contains("1 due, the oldest since"))
        try Folder.open(sandbox.path).removeTree(FileName(ours: "ehr"))
        #expect(await check()?.ok == false)
        withExtendedLifetime(folders) {}
    }
}
