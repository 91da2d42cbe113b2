import FoundationEssentials
import Imaging
import Screening
import TestSupport
import Testing

@testable import Reading

struct BundleTests {
    static let engine = Report.Engine(version: "0.0.0", isa: "avx512", threads: 2, batch: 1)

    static func id() throws -> ScreeningID { try #require(ScreeningID("20261124-k7q2m9xd")) }

    static func source(_ name: String = "eye.jpg") throws -> Report.Source {
        Report.Source(
            name: name, path: "in/\(name)", sha256: Digest(of: [1, 2, 3]), bytes: 3, format: "jpeg", width: 800, height: 600,
            received: try #require(Timestamp("2026-11-24T10:41:07.250Z")))
    }

    @Test(arguments: [
        ("eye.jpg", "eye"), ("a.b.c.jpeg", "a.b.c"), ("no extension", "no_extension"),
        ("Müller, Anna (OD).JPG", "M_ller__Anna__OD_"),
        ("眼底 01.png", "___01"), (".jpg", "_jpg"), ("..jpg", "_"), ("...", "_."), ("/../x.png", "_.._x"), ("", "_"),
        ("a\u{0}b\n.png", "a_b_"),
        ("e\u{301}.jpg", "_"),
    ])
    func folderNames(name: String, stem: String) throws {
        #expect(BundleName.folder(file: name, id: try Self.id()) == "\(stem).20261124-k7q2m9xd")
    }

    @Test func longNamesAreCutAtEightyBytes() throws {
        let folder = BundleName.folder(file: String(repeating: "ä", count: 300) + ".jpg", id: try Self.id())
        #expect(folder == String(repeating: "_", count: 80) + ".20261124-k7q2m9xd")
        #expect(folder.utf8.count == 80 + 18)
    }

    @Test func laterVersionsSaySo() throws {
        var report = Report(id: try Self.id(), source: try Self.source(), outcome: .measured, engine: Self.engine)
        #expect(try Bundle(report: report, files: []).folder == "eye.20261124-k7q2m9xd")
        report.version = 2
        #expect(try Bundle(report: report, files: []).folder == "eye.20261124-k7q2m9xd.v2")
    }

    @Test func reportListsTheOtherFilesAndComesLast() throws {
        let report = Report(id: try Self.id(), source: try Self.source(), outcome: .measured, engine: Self.engine)
        let bundle = try Bundle(report: report, files: [("overlay.jpg", [1, 2]), ("disc.png", [3])])
        #expect(bundle.files.map(\.name) == ["overlay.jpg", "disc.png", "report.json"])
        let written = try CanonicalJSON.decode(Report.self, from: try #require(bundle.files.last).bytes)
        #expect(written == bundle.report)
        #expect(
            written.files == [
                Report.File(name: "overlay.jpg", bytes: 2, sha256: Digest(of: [1, 2])),
                Report.File(name: "disc.png", bytes: 1, sha256: Digest(of: [3])),
            ])
        #expect(written.timing.publish == 0)
    }

    @Test func failedBundleIsAReportAlone() throws {
        let bundle = try Bundle.failed(
            id: try Self.id(), source: try Self.source("broken.jpg"), reason: Reason(.truncated, "The file ends early."),
            engine: Self.engine)
        #expect(bundle.files.map(\.name) == ["report.json"])
        #expect(bundle.report.outcome == .failed && bundle.report.reasons.map(\.code) == [.truncated])
        #expect(bundle.report.modality == nil && bundle.report.quality == nil)
    }

    private func reused(_ bundle: Bundle, _ id: ScreeningID, _ source: Report.Source, waited: Double = 0) async throws -> Bundle {
        try await Bundle.reusing(bundle, id: id, source: source, waited: waited, writers: [StandardBundle()]) {
            () throws(PapillaError) in []
        }
    }

    @Test func reusedReadingNamesWhereItCameFrom() async throws {
        let first = try Bundle(
            report: Report(id: try Self.id(), source: try Self.source(), outcome: .noFinding, engine: Self.engine),
            files: [("overlay.jpg", [9])])
        let other = try #require(ScreeningID("20261125-00000001"))
        var source = try Self.source("copy.png")
        source.format = nil
        source.width = nil
        source.height = nil
        let again = try await reused(first, other, source, waited: 12)
        #expect(again.report.reusedFrom == first.report.id && again.report.id == other && again.report.source.name == "copy.png")
        #expect(again.report.source.width == 800 && again.report.timing.wait == 12)
        #expect(again.files.map(\.name) == ["overlay.jpg", "report.json"] && again.report.files == first.report.files)
        #expect(try await reused(again, Self.id(), source).report.reusedFrom == first.report.id)
    }

    /// A writer of a later format: its file names the arrival.
    private struct Letter: BundleWriter {
        var name = "letter.hl7"
        func files(for draft: BundleDraft) async throws(PapillaError) -> [(name: String, bytes: [UInt8])] {
            let text = "\(draft.report.id) \(draft.files.map(\.name)) \(try draft.original().count)"
            return [(name, Array(text.utf8))]
        }
    }

    @Test func aReusedReadingIsWrittenAnewByWritersThatNameTheArrival() async throws {
        let first = try Bundle(
            report: Report(id: try Self.id(), source: try Self.source(), outcome: .noFinding, engine: Self.engine),
            files: [("overlay.jpg", [9]), ("disc.png", [8]), ("letter.hl7", Array("of another".utf8))])
        let other = try #require(ScreeningID("20261125-00000001"))
        let again = try await Bundle.reusing(
            first, id: other, source: try Self.source(), writers: [StandardBundle(), Letter()]
        ) { () throws(PapillaError) in [1, 2, 3] }
        #expect(again.files.map(\.name) == ["overlay.jpg", "disc.png", "letter.hl7", "report.json"])
        let letter = try #require(again.files.first { $0.name == "letter.hl7" })
        #expect(String(decoding: letter.bytes, as: UTF8.self) == "\(other) [\"overlay.jpg\", \"disc.png\"] 3")
        #expect(again.report.files.map(\.sha256) == again.files.dropLast().map { Digest(of: $0.bytes) })
    }

    @Test(arguments: ["overlay.jpg", "report.json", "", ".hidden", "a/b"])
    func aNameThatIsTakenOrNoneIsRefused(_ name: String) async throws {
        let first = try Bundle(
            report: Report(id: try Self.id(), source: try Self.source(), outcome: .noFinding, engine: Self.engine),
            files: [("overlay.jpg", [9])])
        await #expect(throws: PapillaError.self) {
            try await Bundle.reusing(
                first, id: try Self.id(), source: try Self.source(), writers: [StandardBundle(), Letter(name: name)]
            ) { () throws(PapillaError) in [] }
        }
    }

    @Test("B1: a report of schema 1 is still read, and used again as one of schema 2")
    func schemaOneIsRead() async throws {
        let path = Checkout.path("Tests/ReadingTests/Fixtures/report-1.json")
        let report = try CanonicalJSON.decode(Report.self, from: String(contentsOfFile: path, encoding: .utf8).utf8)
        #expect(report.schema == "papilla.report/1" && report.subject == nil && report.examination == Examination())
        #expect(report.source.name == "eye.jpg" && report.outcome == .ungradable)
        let bundle = try Bundle(report: report, files: [("overlay.jpg", [1, 2, 3])])
        #expect(try await reused(bundle, Self.id(), Self.source()).report.schema == "papilla.report/2")
    }

    /// Every key is there, absent values as null. Run with PAPILLA_REGENERATE=1 to write the golden file anew, and look at the difference.
    @Test func reportIsTheGoldenOne() throws {
        let bundle = try Bundle(
            report: Report(
                id: try Self.id(), source: try Self.source(), outcome: .ungradable,
                reasons: [Reason(.noDisc, "No optic disc was found.")],
                modality: Report.ModalityFinding(
                    value: .fundus, probabilities: ["fundus": 0.75, "endoscopy": 0.125, "neither": 0.125]),
                quality: Quality(grade: .good, checks: ["focus": Quality.Check(value: 0.5, threshold: 0.25, pass: true)]),
                attention: [Attention(.outOfDomainNear, "Nearly out of domain.", value: 0.75, threshold: 0.875)],
                thresholds: ["router": 0.5],
                models: [Report.Model(task: .router, name: "router-20261124-1", sha256: Digest(of: []), precision: "fp32")],
                engine: Self.engine),
            files: [("overlay.jpg", [1, 2, 3])])
        let written = String(decoding: try #require(bundle.files.last).bytes, as: UTF8.self)
        let path = Checkout.path("Tests/ReadingTests/Fixtures/report.json")
        if ProcessInfo.processInfo.environment["PAPILLA_REGENERATE"] != nil {
            try written.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(written == (try String(contentsOfFile: path, encoding: .utf8)))
    }
}
