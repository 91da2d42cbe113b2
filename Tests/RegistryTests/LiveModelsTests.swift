import Foundation
import Neural
import Screening
import TestSupport
import Testing

@testable import Registry

/// Promotion and rollback: all or nothing, and a model that is refused changes nothing.
@Suite struct LiveModelsTests {
    private let temporary: ModelFolder
    private var store: ModelStore { temporary.store }

    init() throws {
        temporary = try ModelFolder()
        for name in ["disc-1", "disc-2", "disc-3"] { try temporary.save(name) }
        try temporary.save("router-1", task: .router)
    }

    @Test func nothingIsLiveAtFirst() throws {
        #expect(try store.live() == [:])
        do {
            _ = try store.loadLive(.disc)
            Issue.record("loaded")
        } catch { #expect(error.code == .notFound && error.message.contains("disc")) }
        #expect(throws: PapillaError.self) { try store.rollback(.disc) }
    }

    @Test func promotionByTask() throws {
        #expect(try store.promote("disc-1").task == .disc)
        #expect(try store.promote("router-1").task == .router)
        #expect(try store.live() == [.disc: "disc-1", .router: "router-1"])
        #expect(try store.loadLive(.disc).manifest.name == "disc-1")
        try store.promote("disc-2")
        #expect(try store.live() == [.disc: "disc-2", .router: "router-1"])
        let json = String(decoding: try temporary.bytes("live.json"), as: UTF8.self)
        #expect(json.contains("\"disc\" : \"disc-2\"") && json.contains("\"router\" : \"router-1\""))
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.directory).filter { $0.hasPrefix(".") } == [])
    }

    @Test func rollbackGoesBackStepByStep() throws {
        for name in ["disc-1", "disc-2", "disc-3"] { try store.promote(name) }
        #expect(try store.rollback(.disc).name == "disc-2")
        #expect(try store.rollback(.disc).name == "disc-1")
        #expect(throws: PapillaError.self) { try store.rollback(.disc) }
        #expect(try store.live() == [.disc: "disc-1"])
        try store.promote("disc-3")
        #expect(try store.rollback(.disc).name == "disc-1")
        #expect(try store.promote("disc-2", by: "anna@1000").by == "anna@1000")
        #expect(try store.rollback(.disc, by: "bert@1001").by == "bert@1001")
        let history = try store.liveModels().history.dropLast(2)
        #expect(history.map(\.event) == [.promote, .promote, .promote, .rollback, .rollback, .promote, .rollback])
        #expect(history.map(\.name) == ["disc-1", "disc-2", "disc-3", "disc-2", "disc-1", "disc-3", "disc-1"])
        #expect(history.map(\.previous) == [nil, "disc-1", "disc-2", "disc-3", "disc-2", "disc-1", "disc-3"])
    }

    // As a package ships it: the live names without a history.
    @Test func aHistoryMayBeginInTheMiddle() throws {
        try temporary.write(Array(#"{"disc": "disc-1", "router": "router-1", "history": []}"#.utf8), "live.json")
        #expect(try store.live() == [.disc: "disc-1", .router: "router-1"])
        #expect(throws: PapillaError.self) { try store.rollback(.disc) }
        try store.promote("disc-2")
        #expect(try store.rollback(.disc).name == "disc-1")
    }

    @Test func aRefusedModelChangesNothing() throws {
        try store.promote("disc-1")
        let before = try temporary.bytes("live.json")
        let weights = try temporary.bytes("disc-2/model.safetensors")
        try temporary.write(Array(weights.dropLast()), "disc-2/model.safetensors")
        do {
            try store.promote("disc-2")
            Issue.record("promoted")
        } catch { #expect(error.code == .damaged && error.message.contains("disc-2")) }
        #expect(throws: PapillaError.self) { try store.promote("disc-9") }
        #expect(try temporary.bytes("live.json") == before)
        // Nor does going back to one.
        try temporary.write(weights, "disc-2/model.safetensors")
        try store.promote("disc-2")
        try store.promote("disc-3")
        let after = try temporary.bytes("live.json")
        try temporary.write(Array(weights.dropLast()), "disc-2/model.safetensors")
        #expect(throws: PapillaError.self) { try store.rollback(.disc) }
        #expect(try temporary.bytes("live.json") == after)
    }

    @Test func whatIsLiveIsNotPromotedAgainAndWhatIsGoneNotGoneBackTo() throws {
        try store.promote("disc-1")
        try store.promote("disc-2")
        let before = try temporary.bytes("live.json")
        let again = #expect(throws: PapillaError.self) { try store.promote("disc-2") }
        #expect(again?.code == .refused && again?.message.contains("already") == true)
        try FileManager.default.removeItem(atPath: temporary.path("disc-1"))
        let gone = #expect(throws: PapillaError.self) { try store.rollback(.disc) }
        #expect(gone?.code == .refused && gone?.message.contains("disc-1") == true)
        #expect(try temporary.bytes("live.json") == before)
    }

    @Test func aModelOfAnotherTaskIsRefused() throws {
        try temporary.write(Array(#"{"cup": "disc-1", "history": []}"#.utf8), "live.json")
        do {
            _ = try store.loadLive(.cup)
            Issue.record("loaded")
        } catch { #expect(error.message.contains("disc-1") && error.message.contains("cup")) }
    }

    @Test(arguments: ["", "{", "[]", #"{"disc": 1, "history": []}"#]) func damagedList(_ text: String) throws {
        try temporary.write(Array(text.utf8), "live.json")
        do {
            _ = try store.live()
            Issue.record("read")
        } catch { #expect(error.code == .damaged) }
        #expect(throws: PapillaError.self) { try store.promote("disc-1") }
        #expect(try temporary.bytes("live.json") == Array(text.utf8))
    }

    // What a crash between writing and renaming leaves behind must neither be read nor be in the way.
    @Test func leftoversOfACrash() throws {
        try store.promote("disc-1")
        try temporary.write(Array("{".utf8), ".live.json.new")
        try FileManager.default.createDirectory(atPath: temporary.path(".disc-4.1.new"), withIntermediateDirectories: false)
        #expect(try store.live() == [.disc: "disc-1"])
        #expect(try store.names() == ["disc-1", "disc-2", "disc-3", "router-1"])
        try store.promote("disc-2")
        #expect(try store.live() == [.disc: "disc-2"])
    }

    @Test func promotionsAtOnceAreAllKept() async throws {
        let store = store
        // One that is live already when its turn comes is refused.
        let made = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<24 {
                group.addTask { (try? store.promote("disc-\(number % 3 + 1)")) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        let models = try store.liveModels()
        #expect(models.history.count == made && made > 1)
        #expect(models[.disc] == models.history.last?.name)
        for (change, next) in zip(models.history, models.history.dropFirst()) { #expect(next.previous == change.name) }
    }
}
