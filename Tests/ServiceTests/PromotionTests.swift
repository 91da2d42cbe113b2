import Control
import Files
import Foundation
import Glibc
import Ledger
import LedgerSQL
import LedgerSQLite
import Neural
import Screening
import Synchronization
import TestSupport
import Testing

@testable import Registry
@testable import Service
import Settings

/// Models become live through the gate, and into the audit, whatever stops the process in between.
@Suite struct PromotionTests {
    private let sandbox: Sandbox
    private let store: ModelStore
    private let ledger: any WholeLedger

    init() throws {
        sandbox = try Sandbox()
        let paths = sandbox.configuration.paths
        _ = try Folder.make(paths.models)
        store = ModelStore(directory: paths.models)
        for name in ["polyp-1", "polyp-2"] { try Self.save(name, in: store) }
        ledger = try LedgerStore(path: paths.ledger, mode: .create)
    }

    private static func save(_ name: String, in store: ModelStore) throws {
        let weights = Weights(of: try Architecture(named: "1enc-1dec-m")) { _, _ in 0.5 }
        let manifest = ModelManifest(
            name: name, task: .polyp, architecture: "1enc-1dec-m", width: 1, side: 32, view: "field",
            normalisation: .init(mean: [0, 0, 0], std: [1, 1, 1]),
            trained: .init(at: .now, commit: "abc", data: [], epochs: 1, seed: 1, losses: ["NLL(mask)"]))
        try store.save(weights, manifest: manifest)
    }

    private func promotion(_ gate: @escaping PromotionGate = { _, _ in ["frozen": 20] }) -> Promotion {
        Promotion(store: store, ledger: ledger, gate: gate)
    }

    private func events() async throws -> [String] {
        try await ledger.auditEntries().map { "\($0.event) \($0.subject) \($0.actor)" }.filter { $0.contains("polyp-") }
    }

    private func ship(_ names: [String]) throws {
        var shipped = LiveModels()
        for name in names { shipped.promote(name, for: .polyp, at: .now, by: nil) }
        try Data(CanonicalJSON.document(shipped).utf8).write(to: URL(filePath: store.directory + "/shipped.json"))
    }

    @Test func anUpgradeReplacesWhatWasShippedAndNothingElse() async throws {
        try store.promote("polyp-1")
        #expect(try await promotion().upgrade().isEmpty)
        try ship(["polyp-1", "polyp-2"])
        let changes = try await promotion().upgrade()
        #expect(changes.map(\.name) == ["polyp-2"] && changes[0].previous == "polyp-1")
        #expect(try await events().last == "promoted polyp-2 upgrade")
        // Who goes back stays there, however often the service starts.
        _ = try await promotion().perform(.rollback(task: .polyp), actor: "anna@1000")
        #expect(try await promotion().upgrade().isEmpty)
        #expect(try store.live() == [.polyp: "polyp-1"] && store.waitingShipped().isEmpty)
    }

    @Test func ofStationsThatStartAtOnceOneMakesTheShippedModelLive() async throws {
        try store.promote("polyp-1")
        try ship(["polyp-1", "polyp-2"])
        let stations = (0..<4).map { _ in promotion() }
        let changes = try await withThrowingTaskGroup(of: [LiveModels.Change].self) { group in
            for station in stations { group.addTask { try await station.upgrade() } }
            return try await group.reduce(into: [LiveModels.Change]()) { $0 += $1 }
        }
        #expect(changes.map(\.name) == ["polyp-2"])
        #expect(try store.liveModels().history.map(\.name) == ["polyp-1", "polyp-2"])
        #expect(try await events().count { $0.hasPrefix("promoted polyp-2") } == 1)
        #expect(try store.liveModels().predecessor(of: .polyp) == "polyp-1")
    }

    @Test func aSitesOwnModelStaysLive() async throws {
        try Self.save("polyp-own", in: store)
        try store.promote("polyp-own")
        try ship(["polyp-1", "polyp-2"])
        #expect(try await promotion().upgrade().isEmpty)
        #expect(try store.live() == [.polyp: "polyp-own"])
        #expect(try store.waitingShipped() == [.init(task: .polyp, live: "polyp-own", shipped: "polyp-2")])
    }

    @Test("A3: promotions and rollbacks at once happen one after the other, and the audit has them in that order")
    func atOnce() async throws {
        let requests = (0..<12).map { index -> ControlRequest in
            index.isMultiple(of: 3) ? .rollback(task: .polyp) : .promote(model: "polyp-\(1 + index % 2)")
        }
        let promotion = promotion()
        try store.promote("polyp-1")
        try store.promote("polyp-2")
        await withTaskGroup { group in
            for (index, request) in requests.enumerated() {
                group.addTask { _ = try? await promotion.perform(request, actor: "user\(index)@\(index)") }
            }
        }
        let history = try store.liveModels().history
        #expect(history.count > 8)
        #expect(
            try await events().filter { $0.hasPrefix("promoted") || $0.hasPrefix("rolled_back") }
                == history.map { "\($0.event == .promote ? "promoted" : "rolled_back") \($0.name) \($0.by ?? "unknown")" })
        #expect(try store.live()[.polyp] == history.last?.name)
    }

    @Test func promotionAndRollbackStandInTheAudit() async throws {
        _ = try await promotion().perform(.promote(model: "polyp-1"), actor: "anna@1000")
        let change = try await promotion().perform(.promote(model: "polyp-2"), actor: "anna@1000")
        #expect(change.name == "polyp-2" && change.previous == "polyp-1" && change.by == "anna@1000")
        #expect(try await promotion().perform(.rollback(task: .polyp), actor: "bert@1001").name == "polyp-1")
        await #expect(throws: PapillaError.self) { try await promotion().perform(.rollback(task: .polyp), actor: "bert@1001") }
        #expect(
            try await events() == [
                "promotion_allowed polyp-1 anna@1000", "promoted polyp-1 anna@1000", "promotion_allowed polyp-2 anna@1000",
                "promoted polyp-2 anna@1000", "rolled_back polyp-1 bert@1001",
            ])
        #expect(try store.live() == [.polyp: "polyp-1"])
        #expect(try await sandbox.verify() == [])
    }

    @Test func aRefusalChangesNothingAndIsNoted() async throws {
        let refusing = promotion { _, _ in throw PapillaError(.refused, "7 frozen cases; 20 are needed") }
        await #expect { try await refusing.perform(.promote(model: "polyp-1"), actor: "anna@1000") } throws: {
            ($0 as? PapillaError)?.message == "7 frozen cases; 20 are needed"
        }
        #expect(try store.live() == [:])
        let noted = try await ledger.auditEntries(AuditFilter(event: "promotion_refused"))
        #expect(noted.count == 1 && noted.first?.detail?.contains("7 frozen cases") == true)
        // A model that is not there never reaches the gate.
        await #expect(throws: PapillaError.self) { try await refusing.perform(.promote(model: "polyp-9"), actor: "anna@1000") }
        #expect(try await ledger.auditEntries(AuditFilter(event: "promotion_refused")).count == 1)
    }

    @Test func aDeathBetweenTheTwoFilesIsMadeUpFor() async throws {
        var dying = promotion()
        dying.betweenFiles = { throw Stopped() }
        await #expect(throws: Stopped.self) { try await dying.perform(.promote(model: "polyp-1"), actor: "anna@1000") }
        #expect(try store.live() == [.polyp: "polyp-1"])
        #expect(try await ledger.auditEntries(AuditFilter(event: "promoted")).isEmpty)
        // The next start, and any number of them.
        for _ in 0..<3 { try await promotion().settle() }
        let entries = try await ledger.auditEntries(AuditFilter(event: "promoted"))
        #expect(entries.map(\.actor) == ["anna@1000"] && entries.map(\.subject) == ["polyp-1"])
        // What was done past the service is taken up as well.
        try store.promote("polyp-2")
        try await promotion().settle()
        #expect(try await ledger.auditEntries(AuditFilter(event: "promoted")).map(\.actor) == ["anna@1000", "unknown"])
    }

    @Test func withoutAServiceTheCommandIsTheWriterUnderTheLock() async throws {
        try await ledger.close()
        let configuration = sandbox.configuration
        let asked = Mutex(0)
        let gate: PromotionGate = { _, _ in
            asked.withLock { $0 += 1 }
            return [:]
        }
        do {
            let lock = try LedgerLock(beside: configuration.paths.ledger)
            defer { withExtendedLifetime(lock) {} }
            await #expect { try await Promotion.perform(.promote(model: "polyp-1"), configuration, gate: gate) } throws: {
                ($0 as? PapillaError)?.code == .refused
            }
        }
        #expect(asked.withLock { $0 } == 0)
        let change = try await Promotion.perform(.promote(model: "polyp-1"), configuration, gate: gate)
        #expect(change.by?.hasSuffix("@\(getuid())") == true && asked.withLock { $0 } == 1)
        let reopened = try LedgerStore(path: configuration.paths.ledger, mode: .readOnly)
        #expect(try await reopened.auditEntries(AuditFilter(event: "promoted")).map(\.subject) == ["polyp-1"])
        var elsewhere = configuration
        elsewhere.paths.ledger = "\(sandbox.path)/none.sqlite"
        await #expect { try await Promotion.perform(.promote(model: "polyp-1"), elsewhere, gate: gate) } throws: {
            ($0 as? PapillaError)?.code == .notFound
        }
    }

    @Test(arguments: [ControlRequest.promote(model: "polyp-1"), .rollback(task: .polyp)])
    func requestsSurviveTheWire(request: ControlRequest) throws {
        #expect(try CanonicalJSON.decode(ControlRequest.self, from: CanonicalJSON.line(request).utf8) == request)
    }
}
