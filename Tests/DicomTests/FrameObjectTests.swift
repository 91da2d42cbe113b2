import Foundation
import Imaging
import Screening
import TestSupport
import Testing

@testable import Dicom

/// Objects of a file that came as DICOM and holds several frames.
@Suite("Objects of frames")
struct FrameObjectTests {
    private static let validator = "/usr/bin/dciodvfy"

    private static func disc(_ number: Int) -> Structure {
        let name = number > 1 ? "-k0\(number)" : ""
        return Structure(
            area: Double(10 * number), centre: [5, 5], ellipse: Ellipse(cx: 10, cy: 8, a: 5, b: 4, angle: 30),
            verticalDiameter: 8, horizontalDiameter: 10, meanProbability: 0.9, mask: "disc\(name).png",
            rawMask: "disc-raw\(name).png")
    }

    private static func mask(_ number: Int) throws -> [UInt8] {
        var mask = Mask(width: 37, height: 23)
        for index in 0..<10 * number { mask.pixels[100 + index] = 255 }
        return try ImageEncoder.png(mask)
    }

    /// A camera's file of three frames with a scale.
    private static func original() -> [UInt8] {
        var data = DataSet()
        data.set(.sopClass, ObjectClass.ophthalmicPhotography.rawValue)
        for (attribute, text) in [
            (Attribute.sopInstance, "1.2.3.4"), (.seriesInstance, "1.2.3"), (.studyInstance, "1.2"), (.patientID, "P1"),
            (.patientName, "Berg^Anna"), (.studyDate, "20261123"), (.studyTime, "101112"), (.studyID, "7"), (.sex, "F"),
        ] { data.set(attribute, text) }
        data.set(.numberOfFrames, 3)
        data.set(.columns, 37)
        data.set(.rows, 23)
        data.set(.pixelSpacing, bytes: Array("0.02\\0.03".utf8))
        return data.file(.explicitLittleEndian)
    }

    @Test("Each frame has a segmentation and a report of its own, which name it; areas have a unit where the file has a scale")
    func frames() throws {
        var report = Report(
            id: try #require(ScreeningID("20261124-k7q2m9xd")),
            source: Report.Source(
                name: "a.dcm", path: "a.dcm", sha256: nil, bytes: 3, width: 37, height: 23,
                received: try #require(Timestamp("2026-11-24T10:41:07.250Z"))),
            outcome: .measured, modality: Report.ModalityFinding(value: .fundus, probabilities: [:]),
            models: [Report.Model(task: .disc, name: "disc-20261124-1", sha256: Digest(of: [1]), precision: "int8")],
            engine: Report.Engine(version: "0.1.0", isa: "AVX2", threads: 1, batch: 1))
        report.subject = Subject(identifier: "P1")
        report.examination.eye = .init(.right, from: .container)
        report.frames = try (1...3).map { number in
            let fundus = FundusFindings(disc: Self.disc(number), cup: nil, cdr: nil, rim: nil, disagreement: [:])
            let found = number == 3 ? "null" : try CanonicalJSON.line(fundus)
            let outcome = number == 3 ? "ungradable" : "measured"
            let reasons = number == 3 ? #"[{"code": "no_disc", "detail": "No optic disc was found."}]"# : "[]"
            let text =
                #"{"frame": \#(number), "outcome": "\#(outcome)", "reasons": \#(reasons), "attention": [], "fundus": \#(found)}"#
            return try CanonicalJSON.decode(Report.Frame.self, from: text.utf8)
        }
        report.fundus = report.frames?.first?.fundus
        let overlay = try ImageEncoder.jpeg(Raster(width: 37, height: 23))
        let files = [
            ("overlay.jpg", overlay), ("disc.png", try Self.mask(1)), ("disc-k02.png", try Self.mask(2)),
        ]
        let objects = try ResultObjects(report, files: files, limits: .init()).objects(
            ObjectChoice(report: true, segmentation: true, overlay: true, image: true), original: Self.original())
        #expect(
            objects.map(\.name) == ["overlay.dcm", "seg.dcm", "seg-k02.dcm", "sr.dcm", "sr-k02.dcm", "sr-k03.dcm"],
            "the original is DICOM, and not wrapped")
        #expect(Set(objects.compactMap { ObjectIdentifiers($0.bytes)?.instance }).count == objects.count)
        #expect(objects.allSatisfy { ObjectIdentifiers($0.bytes)?.study == "1.2" })
        // A frame's number stands in a reference as IS, two characters long.
        func names(_ frame: Int, _ object: [UInt8]) -> Bool {
            let reference: [UInt8] = [0x08, 0, 0x60, 0x11, 0x49, 0x53, 2, 0, UInt8(48 + frame), 0x20]
            return object.indices.contains { object[$0...].starts(with: reference) }
        }
        for (name, bytes) in objects where name != "overlay.dcm" {
            let frame = name.contains("k02") ? 2 : name.contains("k03") ? 3 : 1
            #expect((1...3).filter { names($0, bytes) } == [frame], "\(name)")
        }
        let first = try #require(objects.first { $0.name == "sr.dcm" }?.bytes)
        // 10 pixels of 0.02 x 0.03 mm.
        #expect(String(decoding: first, as: UTF8.self).contains("0.006"))
        guard FileManager.default.isExecutableFile(atPath: Self.validator) else { return }
        let folder = try TemporaryFolder("objects")
        for (name, bytes) in objects {
            try folder.write(bytes, name)
            let result = try Program.run(["-new", folder.url.appending(path: name).path], program: Self.validator)
            let lines = (result.output + result.errors).split(separator: "\n")
            #expect(lines.filter { $0.hasPrefix("Error") || $0.hasPrefix("Warning") }.isEmpty, "\(name): \(lines)")
        }
    }
}
