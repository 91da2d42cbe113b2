import Foundation
import TestSupport
import Testing

@Suite("A clinic's folder, end to end", .serialized)
struct ScreeningTests {
    @Test("Phantoms go in, measured bundles come out, and every file is accounted for")
    func phantoms() throws {
        let site = try Site()
        let (fundus, endoscopy) = (try site.phantoms("fundus", count: 4), try site.phantoms("endoscopy", count: 6))
        for file in fundus + endoscopy { try site.drop(file) }
        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 0, "\(drained.errors)")
        try site.expectAccounted(10)

        let reports = try site.reports()
        for file in fundus {
            let report = try #require(reports[file.lastPathComponent]?.first)
            #expect(report["outcome"] as? String == "measured", "\(file.lastPathComponent): \(report["reasons"] ?? "")")
            let ratios = (report["fundus"] as? [String: Any])?["cdr"] as? [String: Any]
            let vertical = try #require(ratios?["vertical"] as? Double)
            #expect((0.05...0.98).contains(vertical))
        }
        let polyps = endoscopy.compactMap { reports[$0.lastPathComponent]?.first?["outcome"] as? String }
        #expect(polyps.allSatisfy { ["measured", "no_finding"].contains($0) }, "\(polyps)")
        #expect(polyps.contains("measured"))
    }

    @Test("Two copies of one image, a folder and a sidecar each get their own answer")
    func copiesFoldersSidecars() throws {
        let site = try Site()
        let image = try #require(try site.phantoms("fundus", count: 1, seed: 3).first)
        try site.drop(image, as: "a.jpg")
        try site.drop(image, as: "b.jpg")
        try site.drop(image, as: "monday/room 2/ä eye.jpg")
        try Data(#"{"patient": "P1", "eye": "left"}"#.utf8).write(to: site.inbox.appending(path: "a.json"))
        #expect(try site.papilla("serve", "--drain").status == 0)
        try site.expectAccounted(3)
        let reports = try site.reports()
        #expect(Set(reports.keys) == ["a.jpg", "b.jpg", "monday/room 2/ä eye.jpg"])
        let source = reports["a.jpg"]?.first?["source"] as? [String: Any]
        #expect(source?["patient"] as? String == "P1")
        #expect(source?["eye"] as? String == "left")
        #expect(Set(reports.values.map { "\($0[0]["outcome"] ?? "")" }) == ["measured"])
        // Once more, later: the same content is not read again.
        try site.drop(image, as: "c.jpg")
        #expect(try site.papilla("serve", "--drain").status == 0)
        try site.expectAccounted(4)
        #expect(try site.reports()["c.jpg"]?.first?["reused_from"] is String)
    }

    @Test("What is not an image ends with its reason, and the service goes on")
    func oddFiles() throws {
        let site = try Site()
        let image = try #require(try site.phantoms("endoscopy", count: 1, seed: 5).first)
        let jpeg = try Data(contentsOf: image)
        func put(_ name: String, _ bytes: Data) throws { try bytes.write(to: site.inbox.appending(path: name)) }
        try put("empty.jpg", Data())
        try put("text.jpg", Data("not a picture\n".utf8))
        try put("half.jpg", jpeg.prefix(jpeg.count / 2))
        try put("broken.dcm", Data(count: 128) + Data("DICM".utf8) + Data(count: 64))
        try put("tiff.tif", Data([0x49, 0x49, 0x2a, 0, 8, 0, 0, 0]) + Data(count: 64))
        try put("gif.gif", Data("GIF89a".utf8) + Data(count: 32))
        let header = Data([
            0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0x9c, 0x40, 0, 0, 0x9c,
            0x40,
        ])
        try put("huge.png", header + Data([8, 2, 0, 0, 0, 0x8b, 0x40, 0x4c, 0x1a]))
        let single = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
        let onePixel = try #require(Data(base64Encoded: single))
        try put("one.png", onePixel)
        try put("half.png", onePixel.prefix(50))
        try FileManager.default.createSymbolicLink(
            atPath: site.inbox.appending(path: "link.jpg").path, withDestinationPath: "/etc/hostname")
        #expect(mkfifo(site.inbox.appending(path: "pipe.jpg").path, 0o600) == 0)
        try put(".hidden.jpg", jpeg)
        try put("copying.jpg.part", jpeg)
        try site.drop(image, as: "good.jpg")

        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 0, "\(drained.errors)")
        try site.expectAccounted(12)
        let expected = [
            "empty.jpg": "empty", "text.jpg": "not_an_image", "half.jpg": "truncated", "half.png": "truncated",
            "broken.dcm": DicomFiles.isRead ? "corrupt" : "unsupported_format", "tiff.tif": "unsupported_format",
            "gif.gif": "unsupported_format", "huge.png": "too_large", "one.png": "too_small", "link.jpg": "not_a_regular_file",
            "pipe.jpg": "not_a_regular_file",
        ]
        let reports = try site.reports()
        for (name, code) in expected {
            let reasons = reports[name]?.first?["reasons"] as? [[String: Any]]
            #expect(reasons?.first?["code"] as? String == code, "\(name): \(String(describing: reasons))")
        }
        #expect(["measured", "no_finding"].contains(reports["good.jpg"]?.first?["outcome"] as? String))
        #expect(FileManager.default.fileExists(atPath: site.inbox.appending(path: ".hidden.jpg").path), "ignored files stay")
        #expect(try String(contentsOfFile: "/etc/hostname", encoding: .utf8).isEmpty == false)
    }

    @Test("`screen` prints each report as one JSON line and leaves the originals alone")
    func screen() throws {
        let site = try Site()
        let files = try site.phantoms("fundus", count: 2, seed: 9)
        let out = site.folder.appending(path: "out").path
        let result = try Program.run(["screen"] + files.map(\.path) + ["--out", out, "--json", "--models", Program.models])
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 2)
        for line in lines {
            let report = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(report["schema"] as? String == "papilla.report/2")
            #expect(report["outcome"] as? String == "measured")
        }
        #expect(files.allSatisfy { FileManager.default.fileExists(atPath: $0.path) })
        #expect(try FileManager.default.contentsOfDirectory(atPath: out).filter { !$0.hasPrefix(".") }.count == 2)
    }
}
