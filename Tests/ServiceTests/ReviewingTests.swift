import Control
import Custody
import FoundationEssentials
import Imaging
import Ledger
import LedgerSQLite
import Logging
import Reading
import Screening
import TestSupport
import Testing

@testable import Service
import Settings

/// What readers decide: written down once, published once, wherever the process stops on the way.
// One after the other: each test has an inbox, and the kernel allows a user 128 instances of inotify.
@Suite(.serialized) struct ReviewingTests {
    private let sandbox: Sandbox
    init() throws { sandbox = try Sandbox() }

    /// Finds nothing in any image, so that a reader has to draw.
    struct BlindScreener: ImageScreener {
        let modality: Modality
        let key = Digest(of: "blind".utf8)
        let described: [Report.Model] = []
        let writers: [any BundleWriter] = [StandardBundle()]
        func engine() async -> Report.Engine { Report.Engine(version: "0", isa: "none", threads: 1, batch: 1) }
        func screen(
            _ bytes: [UInt8], id: ScreeningID, source: Report.Source, identification: Identification, waited: Double
        ) async throws -> Bundle {
            var source = source
            source.sha256 = Digest(of: bytes)
            source.bytes = bytes.count
            guard let image = try? ImageDecoder.decode(bytes) else {
                return try Bundle.failed(id: id, source: source, reason: Reason(.corrupt, "Damaged."), engine: await engine())
            }
            source.width = image.raster.width
            source.height = image.raster.height
            let isFundus = modality == .fundus
            return try Bundle(
                report: Report(
                    id: id, source: source, identification: identification, outcome: isFundus ? .ungradable : .noFinding,
                    reasons: isFundus ? [Reason(.noDisc, "No disc.")] : [],
                    modality: .init(value: modality, probabilities: [modality.rawValue: 1]),
                    quality: Quality(grade: .good, checks: [:]), engine: await engine()), files: [])
        }
    }

    private struct Resources {
        let folders: ServiceFolders
        let ledger: any WholeLedger
        let id: ScreeningID
    }

    /// A screened image of 200 x 160 px.
    private func screened(_ modality: Modality = .fundus, content: [UInt8]? = nil) async throws -> Resources {
        let raster = Raster(width: 200, height: 160, fill: (120, 60, 20))
        try sandbox.drop([Array("eye.png".utf8)], try content ?? ImageEncoder.png(raster))
        let configuration = sandbox.configuration
        let folders = try ServiceFolders(configuration.paths)
        let ledger = try folders.ledger(configuration.paths.ledger)
        let screener = BlindScreener(modality: modality)
        let tools = Pipeline.Tools(
            configuration: configuration, folders: folders, ledger: ledger, executor: WorkExecutor(), telemetry: Telemetry(),
            log: .silent, reload: { ($0, screener) })
        try await Pipeline(tools, screener: screener, isDraining: true).run()
        return Resources(folders: folders, ledger: ledger, id: try #require(try await ledger.arrivals().first?.id))
    }

    private func reviewing(_ resources: Resources, stopAt stop: Stage? = nil) -> Reviewing {
        Reviewing(
            ledger: resources.ledger, folders: resources.folders, configuration: { Configuration() },
            checkpoint: { stage in if stage == stop { throw Stopped() } })
    }

    private func mask(_ ellipse: Ellipse, width: Int = 200, height: Int = 160) throws -> Data {
        Data(try ImageEncoder.png(ellipse.mask(width: width, height: height)))
    }

    private func request(
        _ resources: Resources, _ verdict: Report.Decision.Verdict = .correct, masks: [String: Data]? = nil, seen: Seen? = nil,
        blind: Bool = false
    ) throws -> ReviewRequest {
        let drawn = try [
            "disc": mask(Ellipse(cx: 100, cy: 80, a: 50, b: 40, angle: 90)),
            "cup": mask(Ellipse(cx: 100, cy: 80, a: 30, b: 20, angle: 90)),
        ]
        return ReviewRequest(
            arrival: "\(resources.id)", verdict: verdict, reader: "Anna", note: "seen by eye", seen: seen,
            masks: verdict == .correct ? masks ?? drawn : [:], blind: blind)
    }

    private func report(_ resources: Resources, version: Int) async throws -> Report {
        let bundle = try #require(try await resources.ledger.versions(of: resources.id).first { $0.version == version }?.bundle)
        return try #require(try resources.folders.publisher.load(bundle)).report
    }

    @Test func aCorrectionIsMeasuredAndPublished() async throws {
        let resources = try await screened()
        let first = try sandbox.files("outbox")
        let decided = try await reviewing(resources).run(try request(resources), actor: "anna@1000")
        #expect(decided.result == 2 && decided.actor == "anna@1000" && decided.reader == "Anna")
        let second = try await report(resources, version: 2)
        let ratio = try #require(second.fundus?.cdr)
        #expect(abs(ratio.vertical - 0.6) < 0.02 && abs(ratio.horizontal - 0.5) < 0.02 && ratio.interval.isEmpty)
        #expect(second.outcome == .measured && second.reasons.isEmpty && second.version == 2)
        #expect(second.supersedes == (try await resources.ledger.versions(of: resources.id)[0].bundle))
        #expect(
            second.decision?.reader == "Anna" && second.decision?.verdict == .correct && second.decision?.note == "seen by eye")
        #expect(second.fundus?.disc.meanProbability == nil && second.fundus?.disagreement == [:])
        #expect(Set(second.files.map(\.name)) == ["overlay.jpg", "disc.png", "cup.png", "disc-raw.png", "cup-raw.png"])
        // What was published first is still there, and nothing else.
        #expect(Set(try sandbox.files("outbox")).isSuperset(of: first))
        #expect(try await resources.ledger.statement(in: sandbox.configuration.paths.folders).measured == 1)
        // Of the next version only the cup is drawn; the disc stays.
        let cup = try mask(Ellipse(cx: 100, cy: 80, a: 20, b: 20, angle: 0))
        _ = try await reviewing(resources).run(try request(resources, masks: ["cup": cup]), actor: "anna@1000")
        let third = try await report(resources, version: 3)
        #expect(third.fundus?.disc.ellipse == second.fundus?.disc.ellipse)
        #expect(abs(try #require(third.fundus?.cdr).vertical - 0.4) < 0.02)
        #expect(third.supersedes == (try await resources.ledger.versions(of: resources.id)[1].bundle))
        #expect(try await sandbox.verify() == [])
    }

    @Test(arguments: [Stage.begun, .staged, .published]) func aStopEndsInOneVersionOrNone(stage: Stage) async throws {
        let resources = try await screened()
        await #expect(throws: Stopped.self) {
            try await reviewing(resources, stopAt: stage).run(try request(resources), actor: "anna@1000")
        }
        // While it is under way nothing is wrong.
        #expect(try await sandbox.verify() == [])
        // The next start.
        try resources.folders.publisher.clean()
        try await reviewing(resources).recover()
        let versions = try await resources.ledger.versions(of: resources.id).map(\.version)
        #expect(versions == (stage == .published ? [1, 2] : [1]))
        let decisions = try await resources.ledger.decisions(of: resources.id)
        #expect(decisions.map(\.actor) == (stage == .published ? ["anna@1000"] : []))
        #expect(try await resources.ledger.pendingCorrections().isEmpty)
        #expect(try await sandbox.verify() == [])
        _ = try await reviewing(resources).run(try request(resources), actor: "anna@1000")
        #expect(try await resources.ledger.versions(of: resources.id).count == versions.count + 1)
        #expect(try await sandbox.verify() == [])
    }

    @Test func anErrorIsMadeGoodByTheNextDecision() async throws {
        let resources = try await screened()
        await #expect(throws: Stopped.self) {
            try await reviewing(resources, stopAt: .published).run(try request(resources), actor: "anna@1000")
        }
        let decided = try await reviewing(resources).run(try request(resources, .accept), actor: "ben@1001")
        #expect(decided.version == 2)
        #expect(try await resources.ledger.decisions(of: resources.id).map(\.verdict) == [.correct, .accept])
        #expect(try await sandbox.verify() == [])
    }

    @Test func polypsAreDrawnAndTakenBack() async throws {
        let resources = try await screened(.endoscopy)
        let two = Ellipse(cx: 60, cy: 60, a: 20, b: 15, angle: 30).mask(width: 200, height: 160)
        var both = two
        for (index, pixel) in Ellipse(cx: 150, cy: 100, a: 4, b: 3, angle: 0).mask(width: 200, height: 160).pixels.enumerated()
        where pixel != 0 { both.pixels[index] = 255 }
        _ = try await reviewing(resources).run(
            try request(resources, masks: ["polyp": Data(try ImageEncoder.png(both))]), actor: "anna@1000")
        let second = try await report(resources, version: 2)
        #expect(second.outcome == .measured && second.endoscopy?.polyps.count == 2)
        #expect(second.endoscopy?.polyps.map(\.area).reduce(0, +) == Double(both.area))
        #expect(second.endoscopy?.polyps.first?.confidence == nil && second.attention.map(\.code) == [.polyp])
        let none = Data(try ImageEncoder.png(Mask(width: 200, height: 160)))
        _ = try await reviewing(resources).run(try request(resources, masks: ["polyp": none]), actor: "anna@1000")
        #expect(try await report(resources, version: 3).outcome == .noFinding)
        #expect(
            try await resources.ledger.review(
                {
                    var all = ReviewFilter(); all.includesQuiet = true; return all
                }()
            ).first?.polyps == 0)
        #expect(try await sandbox.verify() == [])
    }

    @Test("A8, E4: what cannot be measured, or is no mask, is refused with words and leaves nothing")
    func whatCannotBeMeasuredIsRefusedAndLeavesNothing() async throws {
        let resources = try await screened()
        let reviewing = reviewing(resources)
        let disc = try mask(Ellipse(cx: 60, cy: 80, a: 40, b: 40, angle: 0))
        let apart = try mask(Ellipse(cx: 160, cy: 80, a: 20, b: 20, angle: 0))
        let small = try mask(Ellipse(cx: 60, cy: 80, a: 40, b: 40, angle: 0), width: 100, height: 80)
        let empty = Data(try ImageEncoder.png(Mask(width: 200, height: 160)))
        let shape = Ellipse(cx: 100, cy: 80, a: 50, b: 40, angle: 90).mask(width: 200, height: 160)
        let inverted = Data(try ImageEncoder.png(Mask(width: 200, height: 160, pixels: shape.pixels.map { 255 - $0 })))
        let whole = Data(try ImageEncoder.png(GreyImage(width: 200, height: 160, fill: 1)))
        var random = SeededGenerator(8)
        let noise = Raster(width: 200, height: 160, pixels: (0..<200 * 160 * 3).map { _ in UInt8(40 + random.next() % 150) })
        let photograph = Data(try ImageEncoder.jpeg(noise))
        for (masks, words) in [
            (["disc": photograph, "cup": disc], "disc mask is not understood"), (["disc": inverted], "covers"),
            (["disc": whole], "covers"),
            (["disc": small, "cup": disc], "100 x 80 pixels, the original 200 x 160"), (["disc": disc], "no cup yet"),
            (["disc": disc, "cup": apart], "outside of the disc"), (["disc": empty, "cup": disc], "disc mask is empty"),
            (["polyp": disc], "a fundus photograph"), (["rim": disc], "no structure rim"),
            (["disc": Data("none".utf8)], "cannot be read"), ([:], "A correction has masks"),
        ] {
            await #expect {
                try await reviewing.run(try request(resources, masks: masks), actor: "a@1")
            } throws: {
                let error = $0 as? PapillaError
                return error?.code == .badInput && error?.message.contains(words) == true
            }
        }
        #expect(try await resources.ledger.decisions(of: resources.id).isEmpty)
        #expect(try await resources.ledger.versions(of: resources.id).count == 1)
        #expect(try await resources.ledger.pendingCorrections().isEmpty)
        #expect(try await sandbox.verify() == [])
    }

    @Test(
        "C6: what is drawn blind says so in report and ledger, and nothing of it is the models' own",
        arguments: [nil, Stage.published])
    func blind(stop: Stage?) async throws {
        let resources = try await screened()
        let half = try mask(Ellipse(cx: 100, cy: 80, a: 50, b: 40, angle: 90))
        await #expect {
            try await reviewing(resources).run(try request(resources, masks: ["disc": half], blind: true), actor: "a@1")
        } throws: {
            "\($0)".contains("drawn whole")
        }
        if let stop {
            await #expect(throws: Stopped.self) {
                try await reviewing(resources, stopAt: stop).run(try request(resources, blind: true), actor: "anna@1000")
            }
            try await reviewing(resources).recover()
        } else {
            _ = try await reviewing(resources).run(try request(resources, blind: true), actor: "anna@1000")
        }
        #expect(try await resources.ledger.decisions(of: resources.id).map(\.blind) == [true])
        let second = try await report(resources, version: 2)
        #expect(second.decision?.blind == true && second.drawn == [.disc, .cup])
        await #expect(throws: PapillaError.self) {
            try await reviewing(resources).run(try request(resources, blind: true), actor: "b@2")
        }
        let cup = try mask(Ellipse(cx: 100, cy: 80, a: 20, b: 20, angle: 0))
        _ = try await reviewing(resources).run(try request(resources, masks: ["cup": cup]), actor: "b@2")
        let third = try await report(resources, version: 3)
        #expect(third.drawn == [.disc, .cup] && third.decision?.blind == false)
        #expect(try await resources.ledger.cases().map(\.blind) == [false])
        #expect(try await sandbox.verify() == [])
    }

    @Test("C6: a reader who sees no cup can say so, blind or not, and take it back", arguments: [true, false])
    func noCup(blind: Bool) async throws {
        let resources = try await screened()
        let disc = try mask(Ellipse(cx: 100, cy: 80, a: 50, b: 40, angle: 90))
        let empty = Data(try ImageEncoder.png(Mask(width: 200, height: 160)))
        _ = try await reviewing(resources).run(
            try request(resources, masks: ["disc": disc, "cup": empty], blind: blind), actor: "anna@1000")
        let second = try await report(resources, version: 2)
        #expect(second.outcome == .measured && second.fundus?.cup == nil && second.fundus?.cdr == nil)
        #expect(second.attention.contains { $0.code == .cupNotSeen } && second.decision?.blind == blind)
        let cup = try mask(Ellipse(cx: 100, cy: 80, a: 20, b: 20, angle: 0))
        _ = try await reviewing(resources).run(try request(resources, masks: ["cup": cup]), actor: "b@2")
        #expect(try await report(resources, version: 3).fundus?.cdr != nil)
        _ = try await reviewing(resources).run(try request(resources, masks: ["cup": empty]), actor: "b@2")
        let last = try await report(resources, version: 4)
        #expect(last.fundus?.cup == nil && last.fundus?.disc == second.fundus?.disc && last.decision?.verdict == .correct)
        #expect(try await sandbox.verify() == [])
    }

    @Test("C6: saving the networks' own outlines makes them nobody's: they are accepted, or stay theirs beside what was drawn")
    func theNetworksOwn() async throws {
        let resources = try await screened()
        _ = try await reviewing(resources).run(try request(resources), actor: "anna@1000")
        let newest = try await #require(try resources.ledger.versions(of: resources.id).last?.bundle)
        let drawn = try #require(try resources.folders.publisher.load(newest))
        // As if networks had outlined it.
        var report = drawn.report
        report.decision = nil
        report.fundus?.disc.meanProbability = 0.9
        report.fundus?.cup?.meanProbability = 0.8
        let theirs = try Bundle(report: report, files: drawn.files.filter { $0.name != "report.json" })
        let image = try ImageDecoder.decode(try ImageEncoder.png(Raster(width: 200, height: 160, fill: (120, 60, 20))))
        func mask(_ name: String) throws -> Mask {
            try ImageDecoder.decodeMask(try #require(drawn.files.first { $0.name == name }).bytes).mask(atLeast: 128)
        }
        for names in [["disc.png"], ["disc-raw.png", "cup-raw.png"], ["cup.png"]] {
            var masks: [ModelTask: Mask] = [:]
            for name in names { masks[name.hasPrefix("disc") ? .disc : .cup] = try mask(name) }
            #expect { try Correction(of: theirs, image: image, drawn: masks, eye: .init()) } throws: {
                "\($0)".contains("nothing was drawn")
            }
            // Of one that was drawn blind, agreement is agreement.
            if masks.count == 2 { _ = try Correction(of: theirs, image: image, drawn: masks, eye: .init(), blind: true) }
        }
        let cup = Ellipse(cx: 100, cy: 80, a: 20, b: 20, angle: 0).mask(width: 200, height: 160)
        let word = Report.Decision(reader: "Anna", verdict: .correct, note: nil, at: .now)
        let next = try await Correction(of: theirs, image: image, drawn: [.disc: mask("disc.png"), .cup: cup], eye: .init())
            .bundle(word, supersedes: "2026-11-24/x", writers: [StandardBundle()], original: [])
        #expect(next.report.drawn == [.cup] && next.report.fundus?.disc.meanProbability == 0.9)
        // Once a reader drew it, it may be said again.
        _ = try Correction(of: drawn, image: image, drawn: [.disc: mask("disc-raw.png")], eye: .init())
    }

    @Test func whatIsNoImageIsNotCorrected() async throws {
        let resources = try await screened(content: Array("no image".utf8))
        await #expect(throws: PapillaError.self) { try await reviewing(resources).run(try request(resources), actor: "a@1") }
        let decided = try await reviewing(resources).run(try request(resources, .reject), actor: "a@1")
        #expect(decided.verdict == .reject)
    }

    @Test func ofTwoReadersTheSecondIsTold() async throws {
        let resources = try await screened()
        let reviewing = reviewing(resources)
        let seen = Seen(version: 1, decisions: 0)
        let requests = [try request(resources, seen: seen), try request(resources, .accept, seen: seen)]
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for request in requests {
                group.addTask { (try? await reviewing.run(request, actor: "a@1")) != nil }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(outcomes.count { $0 } == 1)
        #expect(try await resources.ledger.decisions(of: resources.id).count == 1)
        #expect(try await sandbox.verify() == [])
    }
}
