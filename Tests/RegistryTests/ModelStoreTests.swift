import Foundation
import Neural
import Screening
import TestSupport
import Testing

@testable import Registry

/// Models on disk: saved whole, and refused by name unless they are exactly what their manifest says.
@Suite struct ModelStoreTests {
    private let temporary: ModelFolder
    private var store: ModelStore { temporary.store }

    init() throws { temporary = try ModelFolder() }

    /// What `load` says of a model that it refuses.
    private func refusal(_ name: String) -> PapillaError? {
        do {
            _ = try store.load(name)
            return nil
        } catch { return error }
    }

    @Test func savedModelsAreLoaded() throws {
        #expect(try temporary.save("disc-20261124-1") == "disc-20261124-1")
        let model = try store.load("disc-20261124-1")
        #expect(model.weights == (try ModelFolder.weights()))
        #expect(model.manifest.sha256 == Digest(of: try temporary.bytes("disc-20261124-1/model.safetensors")))
        var expected = ModelFolder.manifest("disc-20261124-1")
        expected.sha256 = model.manifest.sha256
        #expect(model.manifest == expected)
        #expect(model.precision == .fp32)
        #expect(
            model.described
                == Report.Model(task: .disc, name: "disc-20261124-1", sha256: model.manifest.sha256, precision: "fp32"))
        let files = try FileManager.default.contentsOfDirectory(atPath: temporary.path("disc-20261124-1")).sorted()
        #expect(files == ["card.html", "card.md", "manifest.json", "model.safetensors"])
        // Nothing is left of the writing.
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.directory) == ["disc-20261124-1"])
    }

    @Test func manifestSpeaksOfTheSpecification() throws {
        try temporary.save("disc-1")
        let text = String(decoding: try temporary.bytes("disc-1/manifest.json"), as: UTF8.self)
        let keys = [
            "name", "task", "architecture", "width", "side", "view", "normalisation", "mean", "std", "distance_map", "thresholds",
            "temperature",
            "calibration", "attention", "trained", "at", "commit", "data", "epochs", "seed", "losses", "metrics", "sha256",
            "precisions",
        ]
        for key in keys { #expect(text.contains("\"\(key)\" :"), "\(key)") }
    }

    @Test func namesAreSortedAndFreeNamesFree() throws {
        #expect(try store.names() == [])
        for name in ["polyp-20261124-2", "disc-20261124-1", "disc-20261124-2"] { try temporary.save(name) }
        try FileManager.default.createDirectory(atPath: temporary.path("not-a-model"), withIntermediateDirectories: false)
        try temporary.write([], "live.json.bak")
        #expect(try store.names() == ["disc-20261124-1", "disc-20261124-2", "polyp-20261124-2"])
        let day = try #require(Timestamp("2026-11-24T23:59:59Z"))
        #expect(try store.freeName(for: .disc, on: day) == "disc-20261124-3")
        #expect(try store.freeName(for: .cup, on: day) == "cup-20261124-1")
        #expect(throws: PapillaError.self) { try ModelStore(directory: temporary.path("nowhere")).freeName(for: .cup, on: day) }
    }

    @Test(arguments: [
        "..", "../disc-1", "disc/1", "", "Disc-1", "disc_1", "disc 1", ".disc", "disc-1\0", "disc-é", "/etc",
        String(repeating: "a", count: 81),
    ])
    func namesThatCouldLeaveTheFolderAreRefused(_ name: String) throws {
        try temporary.save("disc-1")
        #expect(refusal(name)?.code == .badInput)
        #expect(throws: PapillaError.self) { try store.card(name) }
        #expect(throws: PapillaError.self) { try store.promote(name) }
        #expect(throws: PapillaError.self) { try temporary.save(name) }
        #expect(try store.names() == ["disc-1"])
    }

    @Test func whatIsNotThereIsNotFound() throws {
        #expect(refusal("disc-9")?.code == .notFound)
        #expect(throws: PapillaError.self) { try ModelStore(directory: temporary.path("nowhere")).names() }
    }

    @Test func aModelIsNeverOverwritten() throws {
        try temporary.save("disc-1")
        let before = try temporary.bytes("disc-1/model.safetensors")
        do {
            try temporary.save("disc-1")
            Issue.record("saved twice")
        } catch let error as PapillaError { #expect(error.code == .refused) }
        #expect(try temporary.bytes("disc-1/model.safetensors") == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.directory) == ["disc-1"])
    }

    @Test func weightsThatHalfPrecisionCannotHoldAreNotSaved() throws {
        var weights = try ModelFolder.weights()
        weights.tensors["encoder.0.conv1.bias"]?.values[0] = 70000
        do {
            try store.save(weights, manifest: ModelFolder.manifest("disc-1"))
            Issue.record("saved")
        } catch { #expect(error.message.contains("encoder.0.conv1.bias")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.directory) == [])
        try store.save(weights, manifest: ModelFolder.manifest("disc-1"), precision: .float32)
        #expect(try store.load("disc-1").weights == weights)
    }

    // MARK: Damage

    @Test func truncatedAtAnyPlace() throws {
        try temporary.save("disc-1")
        let bytes = try temporary.bytes("disc-1/model.safetensors")
        for count in [0, 7, 8, 100, bytes.count / 2, bytes.count - 1] {
            try temporary.write(Array(bytes[..<count]), "disc-1/model.safetensors")
            let error = try #require(refusal("disc-1"), "\(count) of \(bytes.count)")
            #expect(error.code == .damaged && error.message.contains("disc-1"))
            try temporary.replace("disc-1", with: Array(bytes[..<count]))
            #expect(refusal("disc-1")?.code == .damaged)
        }
    }

    @Test func anotherDigest() throws {
        try temporary.save("disc-1")
        var bytes = try temporary.bytes("disc-1/model.safetensors")
        let digest = Digest(of: bytes)
        bytes[bytes.count - 2] ^= 1  // the lowest bit of a weight: still a number, still the right shape
        try temporary.write(bytes, "disc-1/model.safetensors")
        let message = try #require(refusal("disc-1")?.message)
        #expect(
            message.contains("disc-1") && message.contains(digest.description) && message.contains(Digest(of: bytes).description))
    }

    @Test func misshapenTensors() throws {
        func message(_ change: (inout Weights) -> Void) throws -> String {
            let name = try store.freeName(for: .disc, on: Timestamp(milliseconds: 0))
            try temporary.save(name)
            var weights = try ModelFolder.weights()
            change(&weights)
            try temporary.replace(name, with: weights.safetensors(.float16))
            let error = try #require(refusal(name))
            #expect(error.code == .damaged && error.message.contains(name))
            return error.message
        }
        let misshapen = try message { $0.tensors["mask.weight"] = .init(shape: [2, 1, 3, 1], values: [0, 0, 0, 0, 0, 0]) }
        #expect(misshapen.contains("mask.weight") && misshapen.contains("[2, 1, 3, 1]") && misshapen.contains("[2, 1, 3, 3]"))
        let missing = try message { $0.tensors["decoder.0.2.conv1.weight"] = nil }
        #expect(missing.contains("decoder.0.2.conv1.weight") && missing.contains("[4, 12, 3, 3]"))
        #expect(try message { $0.tensors["contour.weight"] = .init(shape: [1], values: [0]) }.contains("contour.weight"))
        #expect(try message { $0.tensors["encoder.4.conv2.bias"]?.values[3] = .nan }.contains("encoder.4.conv2.bias"))
        #expect(try message { $0.tensors["encoder.4.conv2.bias"]?.values[3] = .infinity }.contains("encoder.4.conv2.bias"))
    }

    @Test func onlyACupIsSeenUnrolledAndNotMirrored() throws {
        var manifest = ModelFolder.manifest("cup-1")
        manifest.task = .cup
        manifest.view = "polar"
        #expect(throws: Never.self) { try manifest.check() }
        manifest.mirrors = 4
        #expect(throws: PapillaError.self) { try manifest.check() }
        manifest.mirrors = 1
        manifest.task = .disc
        #expect(throws: PapillaError.self) { try manifest.check() }
    }

    @Test func missingAndStrangeFiles() throws {
        try temporary.save("disc-1")
        try FileManager.default.removeItem(atPath: temporary.path("disc-1/model.safetensors"))
        #expect(refusal("disc-1")?.code == .notFound)
        // A FIFO that nobody writes to must not hold the program up.
        #expect(mkfifo(temporary.path("disc-1/model.safetensors"), 0o600) == 0)
        #expect(refusal("disc-1")?.code == .damaged)
        try FileManager.default.removeItem(atPath: temporary.path("disc-1/manifest.json"))
        #expect(refusal("disc-1")?.code == .notFound)
    }

    @Test func aRenamedFolder() throws {
        try temporary.save("disc-1")
        try FileManager.default.moveItem(atPath: temporary.path("disc-1"), toPath: temporary.path("disc-2"))
        #expect(refusal("disc-2")?.message.contains("disc-1") == true)
    }

    @Test(arguments: [
        ("\"schema\" : \"papilla.model/1\"", "\"schema\" : \"papilla.model/9\"", "schema"),
        ("\"architecture\" : \"1enc-1dec-conv-md\"", "\"architecture\" : \"1enc-9dec\"", "1enc-9dec"),
        ("\"architecture\" : \"1enc-1dec-conv-md\"", "\"architecture\" : \"1enc-classes\"", "architecture"),
        ("\"width\" : 1", "\"width\" : 2", "encoder.0.conv1.weight"), ("\"width\" : 1", "\"width\" : 100000000000", "width"),
        ("\"side\" : 64", "\"side\" : 65", "side"), ("\"temperature\" : 1.25", "\"temperature\" : 0", "temperature"),
        ("\"distance_map\" : \"D3\"", "\"distance_map\" : null", "distance_map"),
        ("\"probability\" : 0.5", "\"probability\" : 1.5", "thresholds"),
        ("\"task\" : \"disc\"", "\"task\" : \"retina\"", "manifest"), ("{", "", "manifest"),
    ])
    func manifestsThatCannotBeFollowed(from: String, to: String, word: String) throws {
        try temporary.save("disc-1")
        let text = String(decoding: try temporary.bytes("disc-1/manifest.json"), as: UTF8.self)
        let range = try #require(text.range(of: from), "the manifest has no \(from)")
        try temporary.write(Array(text.replacingCharacters(in: range, with: to).utf8), "disc-1/manifest.json")
        let error = try #require(refusal("disc-1"))
        #expect(error.message.contains("disc-1") && error.message.contains(word), "\(error.message)")
    }
}
