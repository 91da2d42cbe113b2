import Custody
import Files
import Ledger
import Registry
import Screening
import TestSupport
import Testing
import Trends

@testable import Service
import Settings

/// When visits are looked at, through the loop itself: what happened to their images, and which station it happened at.
@Suite(.serialized) struct VisitLoopTests {
    private let clinic: Generations
    private let wrong = Subject(identifier: "6")
    private let right = Subject(identifier: "7")
    private let pass = StationPass(station: "a")
    init() throws {
        clinic = try Generations()
        pass.extend(to: .now + .seconds(3600))
        pass.isKeeper = true
    }

    private func loop(settle: Duration = .zero) -> VisitLoop {
        var configuration = clinic.sandbox.configuration
        configuration.visitSettle = settle
        return VisitLoop(
            ledger: clinic.ledger, folders: clinic.folders, store: ModelStore(directory: configuration.paths.models),
            executor: WorkExecutor(), log: .silent, pass: pass, wakeSignal: WakeSignal(),
            now: { ClockWatch.steady },
            configuration: { [configuration] in configuration })
    }

    /// Runs a loop until something is so.
    private func run(_ loop: VisitLoop, until isSo: () async throws -> Bool) async throws {
        let running = Task { try await loop.run() }
        var tries = 0
        while try await !isSo(), tries < 1000 {
            tries += 1
            try await Task.sleep(for: .milliseconds(10))
        }
        running.cancel()
        try await running.value
        #expect(try await isSo())
    }

    private func run(_ loop: VisitLoop, for time: Duration) async throws {
        let running = Task { try await loop.run() }
        try await Task.sleep(for: time)
        running.cancel()
        try await running.value
    }

    private func sidecar(_ taken: String, _ patient: String = "7", isLast: Bool = false) -> String {
        #"{"patient": "\#(patient)", "eye": "OD", "taken": "\#(taken)", "last": \#(isLast)}"#
    }

    private func forget(_ id: ScreeningID) async throws {
        _ = try await Forget(ledger: clinic.ledger, folders: clinic.folders, withdraw: { _ in false }).run("\(id)", actor: "a@1")
    }

    /// How many images each of a subject's visits holds now.
    private func counts(_ subject: Subject) async throws -> [Int] {
        try await clinic.ledger.visits(of: subject).map(\.members.count)
    }

    private func report(_ row: VisitRow) throws -> VisitReport {
        let bytes = try clinic.folders.publisher.report(row.folder, named: VisitReport.fileName, expecting: row.digest)
        return try CanonicalJSON.decode(VisitReport.self, from: try #require(bytes))
    }

    @Test func theWrongSubjectsVisitIsRevisedAndNeverGetsTheImageBack() async throws {
        for name in ["a", "b"] { try await clinic.screen(name, sidecar: sidecar("2024-02-29", "6")) }
        try await run(loop()) { try await counts(wrong) == [2] }
        let again = try await clinic.screen("again", content: "image b", sidecar: sidecar("2024-02-29"))
        try await run(loop()) {
            let (former, latter) = (try await counts(wrong), try await counts(right))
            return former == [1] && latter == [1]
        }
        try await forget(again)
        try await run(loop()) { try await clinic.ledger.dueSubjects(settledBy: nil).isEmpty }
        #expect(try await clinic.ledger.examined(of: wrong).count == 1)
        // Also where something else comes of the wrong one.
        try await clinic.screen("c", sidecar: sidecar("2024-02-29", "6"))
        try await run(loop()) { try await counts(wrong) == [2] }
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test func whatIsLeftOfAForgottenVisitIsPutTogetherAnewByTheKeeper() async throws {
        let first = try await clinic.screen("a", sidecar: sidecar("2024-02-29"))
        let second = try await clinic.screen("b", sidecar: sidecar("2024-02-29"))
        try await run(loop()) { try await counts(right) == [2] }
        // Asked of another station; this one comes to know it by the ledger alone.
        try await forget(first)
        try await run(loop()) { try await counts(right) == [1] }
        #expect(try await clinic.ledger.visits(of: right).first?.members.map(\.id) == [second])
        // Also where a stop came in between.
        let steps = Steps(stopAt: 2)
        let forget = Forget(
            ledger: clinic.ledger, folders: clinic.folders, withdraw: { _ in false }, boundary: { try steps.next() })
        let third = try await clinic.screen("c", sidecar: sidecar("2024-02-29"))
        try await run(loop()) { try await counts(right) == [2] }
        await #expect(throws: Stopped.self) { _ = try await forget.run("\(third)", actor: "a@1") }
        try await Forget(ledger: clinic.ledger, folders: clinic.folders, withdraw: { _ in false }).complete()
        try await run(loop()) { try await counts(right) == [1] }
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test func aChangeIsNotSaidOfWhatIsForgotten() async throws {
        let first = try await clinic.screen("a", sidecar: sidecar("2024-02-29"))
        try await clinic.screen("b", by: .init(name: "former", ratio: 0.9), sidecar: sidecar("2025-02-28"))
        try await run(loop()) { try await counts(right) == [1, 1] }
        let changed = try #require(try await clinic.ledger.visits(of: right).last)
        #expect(changed.attention.contains(.change))
        try await forget(first)
        try await run(loop()) { try await clinic.ledger.visits(of: right).map(\.version) == [2] }
        let row = try #require(try await clinic.ledger.visits(of: right).first)
        #expect(row.id == changed.id && !row.attention.contains(.change))
        #expect(try report(row).eyes.flatMap(\.changes).isEmpty)
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test func laterVisitsFollowAnEarlierOneThatWasReadAgain() async throws {
        let first = try await clinic.screen("a", sidecar: sidecar("2024-02-29"))
        try await clinic.screen("b", by: Generations.later, sidecar: sidecar("2025-02-28"))
        try await run(loop()) { try await counts(right) == [1, 1] }
        #expect(
            try report(try #require(try await clinic.ledger.visits(of: right).last)).eyes.flatMap(\.changes).map(\.why)
                == [.modelChanged])
        try await clinic.reread(first)
        try await run(loop()) { try await clinic.ledger.visits(of: right).map(\.version) == [2, 2] }
        let change = try report(try #require(try await clinic.ledger.visits(of: right).last)).eyes.flatMap(\.changes).first
        #expect(change?.why == nil && change?.verdict == .stable)
    }

    @Test func whoeverBecomesKeeperFindsWhatEndedHoweverLongAgo() async throws {
        pass.isKeeper = false
        try await clinic.screen("a", sidecar: sidecar("2024-02-29"))
        try await run(loop(), for: .milliseconds(300))
        // Nor does a drain beside the keeper publish anything.
        try await loop().drain()
        #expect(try await counts(right) == [])
        pass.isKeeper = true
        try await run(loop()) { try await counts(right) == [1] }
    }

    @Test func theLastImageOfAVisitEndsTheWaitWhicheverStationReadIt() async throws {
        try await clinic.screen("a", sidecar: sidecar("2024-02-29"))
        let loop = loop(settle: .seconds(3600))
        try await run(loop, for: .milliseconds(300))
        #expect(try await counts(right) == [])
        try await clinic.screen("b", sidecar: sidecar("2024-02-29", isLast: true))
        try await run(loop) { try await counts(right) == [2] }
    }

    @Test func aDrainPublishesEverything() async throws {
        try await clinic.screen("a", sidecar: sidecar("2024-02-29"))
        try await loop(settle: .seconds(3600)).drain()
        #expect(try await counts(right) == [1])
        #expect(try await clinic.ledger.dueSubjects(settledBy: nil).isEmpty)
    }

    @Test func twoPublishersPublishOneVisitOnce() async throws {
        let id = try await clinic.screen("a", sidecar: sidecar("2024-02-29"))
        async let one = try? clinic.publisher.publish(right), other = try? clinic.publisher.publish(right)
        _ = await (one, other)
        #expect(try await clinic.ledger.allVisits().count == 1)
        #expect(try await clinic.sandbox.verify() == [])
        // Nor is what another station is forgetting in one, or the one that it stood in published again.
        let second = try await clinic.screen("b", sidecar: sidecar("2024-02-29"))
        try await clinic.ledger.beginForgetting(id, actor: "a@1")
        await #expect(throws: PapillaError.self) { _ = try await clinic.publisher.publish(right) }
        #expect(try await clinic.ledger.allVisits().map { $0.members.map(\.id) } == [[id], [second]])
        #expect(try clinic.sandbox.files("outbox").count { $0.hasSuffix("visit.html") } == 2)
        try await forget(id)
        #expect(try await clinic.publisher.publish(right).isEmpty)
        #expect(try clinic.sandbox.files("outbox").count { $0.hasSuffix("visit.html") } == 1)
        #expect(try await clinic.sandbox.verify() == [])
    }
}
