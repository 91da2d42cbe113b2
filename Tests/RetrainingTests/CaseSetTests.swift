import DataSets
import Foundation
import Imaging
import Registry
import Screening
import TestSupport
import Testing

@testable import Ledger
import LedgerSQL
import LedgerSQLite
@testable import Retraining
@testable import Review

/// Which cases teach, choose and judge.
@Suite struct CaseSetTests {
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path }
    init() throws { temporary = try TemporaryFolder("cases") }

    /// A case with its bundle and original; `masks` are the files of its bundle, `drawn` those of its structures that a reader drew.
    private func made(
        _ number: Int, patient: String? = nil, image: String? = nil, decided: Int64 = 0,
        modality: Modality = .endoscopy,
        masks: [String] = ["polyp"], drawn: Set<ModelTask> = [], blind: Bool = false, isClip: Bool = false
    ) throws -> Case {
        let id = try #require(ScreeningID("20261125-" + "0000000\(number)".suffix(8)))
        let bundle = "2026-11-25/\(id)"
        let original =
            isClip
            ? Clip.mark + [UInt8(number)]
            : try ImageEncoder.png(Raster(width: 8, height: 8, fill: (UInt8(number % 251), UInt8(number / 251), 9)))
        let digest = Digest(of: (image.map { Array($0.utf8) } ?? original))
        var report = Report(
            id: id, source: .init(name: "a", path: "a", sha256: digest, bytes: 1, received: .now), outcome: .measured,
            engine: .init(version: "0", isa: "none", threads: 1, batch: 1))
        if modality == .fundus {
            report.fundus = PageSite.fundus
            if drawn.contains(.disc) { report.fundus?.disc.meanProbability = nil }
            if drawn.contains(.cup) { report.fundus?.cup?.meanProbability = nil }
        } else {
            report.endoscopy = .init(polyps: [], polypAreaFraction: 0, disagreement: nil, mask: "polyp.png")
        }
        if !drawn.isEmpty { report.decision = .init(reader: "anna", verdict: .correct, note: nil, at: .now, blind: blind) }
        if isClip {
            var deciding = Report.Frame(2, report.outcome)
            (deciding.fundus, deciding.endoscopy) = (report.fundus, report.endoscopy)
            report.frames = [Report.Frame(1, .ungradable), deciding]
        }
        for name in masks {
            var mask = Mask(width: 8, height: 8)
            let (from, to) = name.hasPrefix("cup") ? (3, 5) : (2, 6)
            for y in from..<to { for x in from..<to { mask[x, y] = true } }
            let bytes = try ImageEncoder.png(mask)
            try temporary.write(bytes, "outbox/\(bundle)/\(name).png")
            report.files.append(.init(name: "\(name).png", bytes: bytes.count, sha256: Digest(of: bytes)))
        }
        let document = try CanonicalJSON.document(report)
        try temporary.write(Array(document.utf8), "outbox/\(bundle)/report.json")
        try temporary.write(original, "archive/\(id)")
        return Case(
            id: id, image: digest, patient: patient,
            original: "archive/\(id)", outcome: .measured,
            modality: modality, verdict: drawn.isEmpty ? .accept : .correct, reader: "anna",
            decided: Timestamp(milliseconds: decided), version: 1, blind: blind,
            bundle: bundle, bundleDigest: Digest(of: document.utf8))
    }

    private func set(_ task: ModelTask, _ cases: [Case]) throws -> CaseSet {
        let path = folder + "/papilla.sqlite"
        let ledger = try LedgerStore(path: path, mode: FileManager.default.fileExists(atPath: path) ? .readOnly : .create)
        return try CaseSet(
            task, cases,
            ReviewCatalogue(
                ledger: ledger, outbox: folder + "/outbox", archive: folder + "/archive", models: ModelStore(directory: folder)))
    }

    @Test func aFifthIsFrozenAndPatientsStayTogether() throws {
        let cases = try (0..<400).map { try made($0, patient: $0 < 200 ? "P\($0 / 4)" : nil) }
        let members = try set(.polyp, cases).members
        #expect(members.count == 400)
        let frozen = Double(members.count { $0.split == .test }) / 400
        #expect((0.12...0.28).contains(frozen))
        #expect(Set(members.map { "\($0.group) \($0.split)" }).count == Set(members.map(\.group)).count)
        #expect(Set(members.map(\.group)).count == 250)
        // The part never depends on what else there is.
        let fewer = try set(.polyp, Array(cases.prefix(37))).members
        for member in fewer { #expect(members.first { $0.id == member.id }?.split == member.split) }
    }

    @Test func ofOneImageTheLastDecisionCounts() throws {
        let first = try made(1, image: "same", decided: 2)
        let second = try made(2, patient: "P", image: "same", decided: 1)
        let members = try set(.polyp, [first, second]).members
        #expect(members.map(\.id) == [first.id])
        // The patient is known from the other arrival.
        #expect(members.map(\.group) == [Digest(of: "patient P".utf8).description])
    }

    /// IDs are random: what a retraining learns must not follow from them.
    @Test func theOrderIsTheImages() throws {
        let one = try set(.polyp, [try made(1, image: "a"), try made(2, image: "b"), try made(3, image: "c")]).members
        let other = try set(.polyp, [try made(6, image: "a"), try made(4, image: "b"), try made(5, image: "c")]).members
        #expect(one.map(\.group) == other.map(\.group) && Set(one.map(\.group)).count == 3)
    }

    @Test func aTaskTakesWhatItNeeds() throws {
        let cases = [
            try made(1), try made(2, masks: []),
            try made(3, modality: .fundus, masks: ["disc-raw", "cup-raw"]),
            try made(4, modality: .fundus, masks: ["disc-raw"]),
            try made(5, modality: .fundus, masks: []),
        ]
        #expect(try set(.polyp, cases).members.map(\.id) == [cases[0].id])
        #expect(Set(try set(.disc, cases).members.map(\.id)) == [cases[2].id, cases[3].id])
        #expect(try set(.cup, cases).members.map(\.id) == [cases[2].id])
        #expect(try set(.router, cases).members.isEmpty)
    }

    @Test("C6: what is accepted never judges, nor does a structure that was taken over from the models")
    func onlyWhatWasDrawnJudges() throws {
        let fundus = ["disc-raw", "cup-raw"]
        // Hashes of these images' digests make some of 200 frozen; the rest teaches, drawn or not.
        let cases = try (0..<200).map { number in
            let drawn: [Set<ModelTask>] = [[], [.disc], [.cup], [.disc, .cup]]
            return try made(number, modality: .fundus, masks: fundus, drawn: drawn[number % 4], blind: number % 8 == 7)
        }
        for task in [ModelTask.disc, .cup] {
            let site = try set(task, cases)
            let frozen = site.members.filter { $0.split == .test }
            let judging = frozen.filter(\.judges)
            func number(_ member: CaseSet.Member) -> Int { Int(member.id.suffix) ?? -1 }
            #expect(
                judging.count == site.judging && frozen.count == site.frozen && judging.count < frozen.count && !judging.isEmpty)
            #expect(judging.allSatisfy { [task == .disc ? 1 : 2, 3].contains(number($0) % 4) })
            #expect(
                Set(judging.map(\.id)) == Set(frozen.filter { [task == .disc ? 1 : 2, 3].contains(number($0) % 4) }.map(\.id)))
            #expect(judging.filter(\.blind).allSatisfy { number($0) % 8 == 7 } && judging.contains(where: \.blind))
            #expect(site.members.filter { $0.split != .test }.allSatisfy { !$0.judges })
            let data = try site.write(to: folder + "/\(task)", judgingOnly: true)
            #expect(Set(data.items.map(\.id)) == Set(judging.map(\.id.description)))
            #expect(data.items.allSatisfy { $0.split == .test })
        }
        let polyps = try set(.polyp, [made(1), made(2, drawn: [.polyp], blind: true)]).members
        #expect(Set(polyps.map { "\($0.id.suffix) \($0.drawn) \($0.blind)" }) == ["00000001 false false", "00000002 true true"])
    }

    @Test("A7: a changed original, mask or report is refused by the case's ID, and nothing is learnt from it")
    func changedFilesAreRefused() throws {
        let cases = try [made(1), made(2, modality: .fundus, masks: ["disc-raw", "cup-raw"])]
        func refusal(_ task: ModelTask) -> String {
            do throws(PapillaError) {
                _ = try CaseSet(task, cases, requestHandler()).write(to: "\(folder)/\(UUID().uuidString)")
                return "taken"
            } catch {
                return error.detailed
            }
        }
        func requestHandler() throws(PapillaError) -> ReviewCatalogue {
            ReviewCatalogue(
                ledger: try LedgerStore(path: "\(folder)/\(UUID().uuidString).sqlite", mode: .create), outbox: folder + "/outbox",
                archive: folder + "/archive", models: ModelStore(directory: folder))
        }
        #expect(refusal(.polyp) == "taken" && refusal(.cup) == "taken")
        let other = try ImageEncoder.png(Raster(width: 8, height: 8, fill: (1, 2, 3)))
        for (task, number, files) in [
            (
                ModelTask.polyp, 0,
                ["archive/\(cases[0].id)", "outbox/\(cases[0].bundle)/polyp.png", "outbox/\(cases[0].bundle)/report.json"]
            ),
            (
                .cup, 1,
                ["archive/\(cases[1].id)", "outbox/\(cases[1].bundle)/cup-raw.png", "outbox/\(cases[1].bundle)/disc-raw.png"]
            ),
        ] {
            for file in files {
                let url = URL(filePath: "\(folder)/\(file)")
                let before = try Data(contentsOf: url)
                for bytes in [Data(other), before + [0], before.dropLast(), Data()] {
                    try bytes.write(to: url)
                    #expect(refusal(task).contains("\(cases[number].id)"), "\(file): \(refusal(task))")
                }
                try FileManager.default.removeItem(at: url)
                #expect(refusal(task) != "taken", "\(file) is gone")
                // A link to the right bytes is no original.
                try before.write(to: URL(filePath: folder + "/elsewhere"))
                try FileManager.default.createSymbolicLink(at: url, withDestinationURL: URL(filePath: folder + "/elsewhere"))
                #expect(refusal(task) != "taken", "\(file) is a link")
                try FileManager.default.removeItem(at: url)
                try before.write(to: url)
            }
            #expect(refusal(task) == "taken")
        }
    }

    @Test("Of a file of several frames the one that decides is a picture of its own, with its own masks")
    func framesBecomePictures() throws {
        ImageFile.add(Clip.self)
        let masks = ["disc-raw", "cup-raw"].flatMap { [$0, $0 + "-k02"] }
        let cases = try [
            made(1, modality: .fundus, masks: masks, drawn: [.cup], isClip: true),
            made(2, modality: .fundus, masks: ["disc-raw", "cup-raw"], isClip: true),
        ]
        let members = try set(.cup, cases).members
        #expect(members.map(\.id) == [cases[0].id] && members.allSatisfy { $0.drawn && $0.frame == 2 })
        #expect(members.first?.masks.mapValues(\.name) == ["disc": "disc-raw-k02.png", "cup": "cup-raw-k02.png"])
        let item = try #require(try set(.cup, cases).write(to: folder + "/frames").items.first)
        let picture = try ImageDecoder.decode([UInt8](try Data(contentsOf: URL(filePath: item.image))))
        #expect(picture.format == .png && picture.raster == Clip.picture(2))
        #expect(item.mask != nil)
    }

    @Test func casesBecomeADataSetWithoutAName() throws {
        let cases = [
            try made(3, patient: "Jane Doe", modality: .fundus, masks: ["disc-raw", "cup-raw"])
        ]
        let data = try set(.cup, cases).write(to: folder + "/run")
        #expect(data.name == "cases" && data.items.count == 1)
        let manifest = try String(contentsOfFile: folder + "/run/cases/manifest.csv", encoding: .utf8)
        #expect(!manifest.contains("Jane"))
        let item = try #require(data.items.first)
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: item.image).hasSuffix(
                "/archive/\(cases[0].id)"))
        let grey = try ImageDecoder.decodeMask(
            [UInt8](try Data(contentsOf: URL(filePath: try #require(item.mask)))))
        #expect(
            Set(grey.pixels) == [0, 128, 255] && grey.pixels.count { $0 == 255 } == 4
                && grey.pixels.count { $0 > 0 } == 16)
        #expect(throws: PapillaError.self) { try set(.polyp, []).write(to: folder + "/none") }
    }
}

/// A file of two frames.
private struct Clip: ImageContainer {
    static let format = ImageFormat.dicom
    static let mark = Array("A clip of two frames".utf8)
    let frameCount = 2

    init(_ bytes: [UInt8], limits: ImageLimits) {}
    static func claim(_ beginning: [UInt8]) -> ImageClaim { beginning.starts(with: mark) ? .mine : .other }
    static func isWhole<Failure>(_ file: inout FileBytes<Failure>) throws(Failure) -> Bool? { nil }
    static func picture(_ number: Int) -> Raster { Raster(width: 8, height: 8, fill: (UInt8(number), 80, 20)) }
    func frame(_ number: Int) -> DecodedImage { DecodedImage(raster: Self.picture(number), format: .dicom) }
}

/// What a reader should look at next.
@Suite struct InformativeOrderTests {
    private func sample(_ x: Double, _ disagreement: Double, decided: Bool = false)
        -> InformativeOrder.Sample
    {
        .init(features: [x, 0], disagreement: disagreement, isDecided: decided)
    }

    @Test func theFarthestFromWhatWasDecidedComesFirst() {
        let samples = [
            sample(0, 0.1, decided: true), sample(0.1, 0.1), sample(5, 0.1), sample(5.1, 0.1),
            sample(2, 0.1),
        ]
        let order = InformativeOrder.order(samples)
        #expect(order.count == 4 && [2, 3].contains(order[0]))
        // What was just placed is known: its neighbour waits.
        #expect(order[1] == 4)
    }

    @Test func ofEquallyFarOnesTheDisagreementDecides() {
        #expect(InformativeOrder.order([sample(0, 0.1), sample(0, 0.9), sample(0, 0.5)]).first == 1)
        let samples = [sample(0, 0, decided: true), sample(3, 0.2), sample(-3, 0.8)]
        #expect(InformativeOrder.order(samples) == [2, 1])
    }

    @Test func everyUndecidedOneStandsOnce() {
        var samples: [InformativeOrder.Sample] = []
        for index in 0..<50 {
            samples.append(sample(Double(index % 7), Double(index % 5) / 5, decided: index.isMultiple(of: 4)))
        }
        let undecided = samples.indices.filter { !samples[$0].isDecided }
        #expect(InformativeOrder.order(samples).sorted() == undecided)
        #expect(InformativeOrder.order([]).isEmpty)
        #expect(
            InformativeOrder.order([.init(features: [.nan], disagreement: 0, isDecided: false)]) == [0])
    }
}
