import Foundation
import Neural
import Screening
import TestSupport
import Testing

@testable import Registry

@Suite struct QuantisedModelTests {
    let temporary: ModelFolder

    init() throws { temporary = try ModelFolder() }

    private func quantised() throws -> ModelManifest.Reduced {
        let architecture = try Architecture(named: "1enc-1dec-conv-md")
        let points = [Float](repeating: 2, count: 16)
        let ranges = ActivationRanges(
            reach: Dictionary(uniqueKeysWithValues: ActivationRanges.names(architecture).map { ($0, 1.5) }),
            points: Dictionary(uniqueKeysWithValues: ActivationRanges.pointNames(architecture).map { ($0, points) }))
        return .init(
            ranges: ranges, images: 64,
            checks: [.init(data: "all", split: "val", images: 48, fp32: 0.9, reduced: 0.8995)])
    }

    @Test func aCheckIsRecordedInManifestAndCard() throws {
        var manifest = ModelFolder.manifest("disc-1")
        manifest.remarks = ["Begun with random weights.", "A second."]
        try temporary.store.save(ModelFolder.weights(), manifest: manifest)
        let before = try temporary.store.load("disc-1")
        try temporary.store.record(quantised(), in: .int8, for: "disc-1")
        let model = try temporary.store.load("disc-1")
        #expect(model.manifest.int8 == (try quantised()))
        #expect(model.manifest.precisions == ["fp32", "int8"])
        #expect(model.manifest.sha256 == before.manifest.sha256)
        let card = try temporary.store.card("disc-1")
        #expect(card.contains("| all | val | 48 | 0.9 | 0.8995 | -0.0005 |"))
        #expect(card.contains("Begun with random weights.\n\nA second.\n"))
        #expect(try temporary.store.card("disc-1", html: true).contains("<td>0.8995</td>"))
        // Done again, it stands there once.
        try temporary.store.record(quantised(), in: .int8, for: "disc-1")
        #expect(try temporary.store.card("disc-1") == card)
        let files = try FileManager.default.contentsOfDirectory(atPath: temporary.path("disc-1")).sorted()
        #expect(files == ["card.html", "card.md", "manifest.json", "model.safetensors"])
    }

    @Test func whatRunsIsWhatPassedAndWhatTheCPUHas() throws {
        try temporary.save("disc-1")
        let plain = try temporary.store.load("disc-1")
        #expect(plain.chosen(.auto, hasFastIntegers: true).model.precision == .fp32)
        #expect(plain.chosen(.int8, hasFastIntegers: true).reason?.contains("papilla models quantise disc-1") == true)
        try temporary.store.record(quantised(), in: .int8, for: "disc-1")
        let checked = try temporary.store.load("disc-1")
        for choice in [PrecisionChoice.auto, .int8] {
            let (model, reason) = checked.chosen(choice, hasFastIntegers: true)
            #expect(model.precision == .int8)
            #expect(model.described.precision == "int8")
            #expect(model.ranges == (try quantised().ranges))
            #expect(reason == nil)
            let (other, why) = checked.chosen(choice, hasFastIntegers: false)
            #expect(other.precision == .fp32)
            #expect(why?.contains("VNNI") == true)
        }
        #expect(checked.chosen(.fp32, hasFastIntegers: true).model.precision == .fp32)
        #expect(checked.chosen(.fp32, hasFastIntegers: true).reason == nil)
        #expect(checked.chosen(.bf16, hasFastHalves: true).reason?.contains("not checked in bf16") == true)
    }

    @Test func thePretrainedEncoderIsFasterInBytesEverywhere() throws {
        let architecture = Architecture.pretrained[2]
        var manifest = ModelFolder.manifest("disc-1")
        manifest.architecture = architecture.name
        let ranges = ActivationRanges(
            reach: Dictionary(uniqueKeysWithValues: ActivationRanges.names(architecture).map { ($0, 1.5) }),
            points: Dictionary(
                uniqueKeysWithValues: ActivationRanges.pointNames(architecture).map { ($0, [Float](repeating: 2, count: 16)) }))
        manifest.int8 = .init(ranges: ranges, images: 64, checks: [])
        manifest.precisions = ["fp32", "int8"]
        let model = try Model(manifest: manifest, weights: ModelFolder.weights(architecture.name))
        let (chosen, reason) = model.chosen(.auto, hasFastIntegers: false)
        #expect(chosen.precision == .int8)
        #expect(reason == nil)
    }

    @Test func bf16StandsInWhereBytesDoNotHold() throws {
        try temporary.save("disc-1")
        let check = ModelManifest.Reduced(
            ranges: .init(), images: 0, checks: [.init(data: "all", split: "val", images: 48, fp32: 0.9, reduced: 0.9001)])
        try temporary.store.record(check, in: .bf16, for: "disc-1")
        let model = try temporary.store.load("disc-1")
        #expect(model.manifest.precisions == ["fp32", "bf16"])
        #expect(model.manifest.bf16 == check)
        #expect(try temporary.store.card("disc-1").contains("| all | val | 48 | 0.9 | 0.9001 | 0.0001 |"))
        for choice in [PrecisionChoice.auto, .bf16] {
            #expect(model.chosen(choice, hasFastIntegers: true, hasFastHalves: true).model.precision == .bf16)
            #expect(model.chosen(choice, hasFastIntegers: true, hasFastHalves: false).model.precision == .fp32)
        }
        #expect(model.chosen(.bf16, hasFastHalves: false).reason?.contains("AMX") == true)
        // With both, bytes are the faster.
        try temporary.store.record(quantised(), in: .int8, for: "disc-1")
        let both = try temporary.store.load("disc-1")
        #expect(both.manifest.precisions == ["fp32", "bf16", "int8"])
        #expect(both.chosen(.auto, hasFastIntegers: true, hasFastHalves: true).model.precision == .int8)
        #expect(both.chosen(.bf16, hasFastIntegers: true, hasFastHalves: true).model.precision == .bf16)
    }

    @Test func rangesOfAnotherNetworkAreRefused() throws {
        try temporary.save("disc-1")
        let before = try temporary.bytes("disc-1/manifest.json")
        var wrong = try quantised()
        wrong.ranges.reach["encoder.0.conv1"] = nil
        let error = #expect(throws: PapillaError.self) { try temporary.store.record(wrong, in: .int8, for: "disc-1") }
        #expect(error?.message.contains("encoder.0.conv1") == true)
        #expect(try temporary.bytes("disc-1/manifest.json") == before)
    }
}
