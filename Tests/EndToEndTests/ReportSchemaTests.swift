import Foundation
import Imaging
import TestSupport
import Testing

@Suite("The report's schema", .serialized)
struct ReportSchemaTests {
    @Test(
        "Reports of every kind agree with the schema: all outcomes, narrow bands, subjects, conflicts, copies, corrections",
        .enabled(if: ReportSchema.python != nil, "jsonschema is not installed: Deploy/test does"))
    func everyKind() throws {
        let site = try Site(settings: "settle: {local: 200 ms, remote: 200 ms}\nname_pattern: '^(?<patient>[0-9]+)_'\n")
        let eyes = try site.phantoms("fundus", count: 2, seed: 31)
        let frames = try site.phantoms("endoscopy", count: 4, seed: 32)
        try site.drop(eyes[0], as: "plain.jpg")
        try site.drop(eyes[0], as: "again/copy.jpg")
        try site.drop(eyes[1], as: "12345_eye.jpg")
        let sidecar = """
            {"patient": "P-7", "issuer": "H", "study": "S", "eye": "OD", "accession": "A", "operator": "O", "device": "D",
            "taken": "2026-11-24T10:41:07+01:00", "last": "perhaps"}
            """
        try Data(sidecar.utf8).write(to: site.inbox.appending(path: "12345_eye.json"))
        for frame in frames { try site.drop(frame) }
        try put(narrowBand(try decoded(frames[0])), as: "narrow.png", site)
        let eye = try decoded(eyes[1])
        try put(changed(eye) { _, _, _ in (2, 2, 2) }, as: "dark.png", site)
        try put(Raster(width: 40, height: 40, fill: (90, 60, 30)), as: "small.png", site)
        try put(changed(eye) { y, _, pixel in y > eye.height / 2 ? (0, 0, 0) : pixel }, as: "cut.png", site)
        try put(changed(eye) { y, x, _ in ((x & 8) ^ (y & 8)) == 0 ? (250, 20, 220) : (10, 240, 30) }, as: "squares.png", site)
        for (name, bytes) in [("text.jpg", Data("no picture".utf8)), ("empty.png", Data())] {
            try bytes.write(to: site.inbox.appending(path: name))
        }
        try FileManager.default.createSymbolicLink(
            atPath: site.inbox.appending(path: "link.jpg").path, withDestinationPath: "/etc/hostname")
        #expect(try site.papilla("serve", "--drain").status == 0)
        let drawn = try site.reports()
        let service = try site.start()
        defer {
            service.terminate()
            service.waitUntilExit()
        }
        let plain = try #require(drawn["plain.jpg"]?.first?["id"] as? String)
        let frame = try #require(drawn[frames[0].lastPathComponent]?.first?["id"] as? String)
        // Whatever the networks saw in the frame, this outline is another one.
        let outline = site.folder.appending(path: "outline.png")
        let drawing = changed(try decoded(frames[0])) { y, x, _ in
            (100..<140).contains(y) && (90..<150).contains(x) ? (255, 255, 255) : (0, 0, 0)
        }
        try Data(try ImageEncoder.png(drawing)).write(to: outline)
        for arguments in [[plain, "--disc", mask(of: eyes[0])], [frame, "--polyp", outline.path]] {
            let corrected = try Program.run(["review", "correct"] + arguments + ["--config", site.configuration])
            #expect(corrected.status == 0, "\(corrected.errors)")
        }

        let reports = try site.reports()
        let all = reports.values.flatMap { $0 }
        let outcomes = Set(all.compactMap { $0["outcome"] as? String })
        #expect(outcomes.isSuperset(of: ["measured", "ungradable", "out_of_domain", "failed"]), "\(outcomes)")
        #expect(all.count { $0["decision"] is [String: Any] } == 2 && all.contains { $0["reused_from"] is String })
        let named = try #require(reports["12345_eye.jpg"]?.first)
        #expect(named["subject"] as? [String: String] == ["identifier": "P-7", "issuer": "H"])
        let codes = (named["attention"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String }
        #expect(Set(codes).isSuperset(of: ["sidecar", "identity_conflict"]), "\(codes)")
        #expect(methods(reports["again/copy.jpg"]?.first) == ["automatic"])
        #expect(methods(reports["plain.jpg"]?.first { $0["version"] as? Int == 2 }) == ["semiautomatic"])
        #expect(methods(reports[frames[0].lastPathComponent]?.first { $0["version"] as? Int == 2 }) == ["manual"])
        // The site holds all of them against the schema when it goes.
    }

    @Test(
        "What `screen` prints agrees with the schema",
        .enabled(if: ReportSchema.python != nil, "jsonschema is not installed: Deploy/test does"))
    func screened() throws {
        let site = try Site()
        let files = try site.phantoms("endoscopy", count: 1, seed: 33) + [URL(fileURLWithPath: "/dev/null")]
        let out = site.folder.appending(path: "out")
        let result = try Program.run(
            ["screen"] + files.map(\.path) + ["--out", out.path, "--json", "--models", Program.models])
        let lines = site.folder.appending(path: "printed.jsonl")
        try result.output.write(to: lines, atomically: true, encoding: .utf8)
        #expect(result.output.split(separator: "\n").count == 2)
        ReportSchema.check(lines)
        ReportSchema.check(out)
    }

    @Test(
        "A report that lacks a key, or has another type in its place, is found",
        .enabled(if: ReportSchema.python != nil, "jsonschema is not installed: Deploy/test does"))
    func wrongReports() throws {
        let golden = Checkout.top.appending(path: "Tests/ReadingTests/Fixtures/report.json")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: golden)) as? [String: Any])
        ReportSchema.check(golden)
        var wrong: [[String: Any]] = []
        for key in report.keys {
            var without = report
            without[key] = nil
            var other = report
            // Any object of numbers will do for thresholds.
            other[key] = key == "thresholds" ? 7 : ["of another type": true]
            wrong += [without, other]
        }
        // What nobody knows is allowed.
        var more = report
        more["of a later version"] = ["a": 1]
        let temporary = try TemporaryFolder("reports")
        let lines = temporary.url.appending(path: "reports.jsonl")
        let texts = try (wrong + [more]).map {
            String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self)
        }
        try texts.joined(separator: "\n").write(to: lines, atomically: true, encoding: .utf8)
        let result = try ReportSchema.look(at: lines)
        #expect(result.status == 1 && result.output.contains("\(texts.count) reports"))
        let found = result.output.split(separator: "\n").dropLast()
        for number in 1...wrong.count {
            #expect(found.contains { $0.hasPrefix("\(lines.path):\(number): ") }, "\(texts[number - 1].prefix(200))")
        }
        #expect(!found.contains { $0.hasPrefix("\(lines.path):\(texts.count): ") }, "\(found)")
    }

    // MARK: - Images

    private func decoded(_ file: URL) throws -> Raster { try ImageDecoder.decode([UInt8](Data(contentsOf: file))).raster }

    private func put(_ raster: Raster, as name: String, _ site: Site) throws {
        try Data(try ImageEncoder.png(raster)).write(to: site.inbox.appending(path: name))
    }

    /// The same size, every pixel (row, column, colour) changed.
    private func changed(
        _ raster: Raster, _ change: (Int, Int, (UInt8, UInt8, UInt8)) -> (UInt8, UInt8, UInt8)
    ) -> Raster {
        var raster = raster
        for y in 0..<raster.height {
            for x in 0..<raster.width {
                let at = 3 * (y * raster.width + x)
                let pixel = change(y, x, (raster.pixels[at], raster.pixels[at + 1], raster.pixels[at + 2]))
                (raster.pixels[at], raster.pixels[at + 1], raster.pixels[at + 2]) = pixel
            }
        }
        return raster
    }

    /// Endoscopy in light of two narrow bands: green is shown as red, blue as green and blue.
    private func narrowBand(_ raster: Raster) -> Raster { changed(raster) { _, _, pixel in (pixel.1, pixel.2, pixel.2) } }

    private func mask(of image: URL) -> String {
        let name = image.deletingPathExtension().lastPathComponent + ".png"
        return image.deletingLastPathComponent().deletingLastPathComponent().appending(path: "masks/\(name)").path
    }

    private func methods(_ report: [String: Any]?) -> Set<String> {
        Set((report?["measurements"] as? [[String: Any]] ?? []).compactMap { $0["method"] as? String })
    }
}
