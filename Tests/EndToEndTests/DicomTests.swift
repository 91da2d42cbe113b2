import Foundation
import FoundationNetworking
import Imaging
import Screening
import TestSupport
import Testing

/// DICOM files on the way of every image: the built program, its reader beside it, and the models that ship.
@Suite("DICOM files, end to end", .serialized, .enabled(if: DicomFiles.isRead, "papilla-dicom is not built"))
struct DicomTests {
    /// A phantom's pixels.
    private func phantom(_ site: Site, _ kind: String, seed: Int) throws -> Raster {
        let file = try #require(try site.phantoms(kind, count: 1, seed: seed).first)
        return try ImageDecoder.decode([UInt8](Data(contentsOf: file))).raster
    }

    private func write(_ bytes: [UInt8], _ name: String, in folder: URL) throws -> String {
        let file = folder.appending(path: name)
        try Data(bytes).write(to: file)
        return file.path
    }

    private func bundle(_ name: String, in folder: URL) throws -> (report: [String: Any], files: [String: Data]) {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let bundle = folder.appending(
            path: try #require(names.first { $0.hasPrefix(name + ".") }, "no bundle of \(name) in \(names)"))
        var files: [String: Data] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: bundle.path) {
            files[file] = try Data(contentsOf: bundle.appending(path: file))
        }
        let report = try JSONSerialization.jsonObject(with: try #require(files["report.json"])) as? [String: Any]
        return (try #require(report), files)
    }

    @Test("The same pixels give the same measures and masks as a PNG, and what the file says is in the report")
    func samePixels() throws {
        let site = try Site()
        let out = site.folder.appending(path: "results")
        let raster = try phantom(site, "fundus", seed: 11)
        let jpeg = try ImageEncoder.jpeg(raster, quality: 92)
        var plain = DicomSample()
        plain.draw([raster])
        plain.put(0x0010_0020, "LO", "P-0007")
        plain.put(0x0010_0021, "LO", "St. Anna")
        plain.put(0x0008_0050, "SH", "A-1001")
        plain.put(0x0008_0070, "LO", "Maker")
        plain.put(0x0028_0301, "CS", "YES")
        var wrapped = DicomSample(syntax: DicomSample.jpeg)
        wrapped.draw(jpegs: [jpeg], width: raster.width, height: raster.height)
        let files = try [
            write(ImageEncoder.png(raster), "png.png", in: site.folder), write(plain.bytes, "plain.dcm", in: site.folder),
            write(jpeg, "jpeg.jpg", in: site.folder), write(wrapped.bytes, "wrapped.dcm", in: site.folder),
        ]
        let screened = try Program.run(["screen"] + files + ["--out", out.path, "--models", Program.models])
        #expect(screened.status == 0, "\(screened.errors)")
        for (one, other) in [("png", "plain"), ("jpeg", "wrapped")] {
            let (first, second) = (try bundle(one, in: out), try bundle(other, in: out))
            #expect(first.report["outcome"] as? String == "measured")
            for field in ["outcome", "fundus", "quality", "modality", "measurements"] {
                let values = try [first, second].map { bundle in
                    try JSONSerialization.data(
                        withJSONObject: [bundle.report[field] as Any? ?? NSNull() as Any], options: .sortedKeys)
                }
                #expect(values[0] == values[1], "\(other): \(field)")
            }
            for name in ["disc.png", "cup.png"] { #expect(first.files[name] == second.files[name] && first.files[name] != nil) }
        }
        let report = try bundle("plain", in: out).report
        #expect((report["source"] as? [String: Any])?["format"] as? String == "dicom")
        #expect(report["subject"] as? [String: String] == ["identifier": "P-0007", "issuer": "St. Anna"])
        let examination = try #require(report["examination"] as? [String: Any])
        #expect(examination["accession"] as? String == "A-1001" && examination["device"] as? String == "Maker")
        #expect(examination["burned_in"] as? Bool == true)
        #expect(report["frames"] is NSNull)
        ReportSchema.check(out)

        let dump = try Program.run(["dicom", "dump", files[1], "--json"]).json()
        #expect((dump["subject"] as? [String: Any])?["identifier"] as? String == "P-0007" && dump["frames"] as? Int == 1)
        let table = try Program.run(["dicom", "dump", files[1]])
        #expect(table.output.contains("St. Anna") && table.output.contains("written into the picture"))
        let refused = try Program.run(["dicom", "dump", files[0]])
        #expect(refused.status == 1 && refused.errors.contains("DICM"))
    }

    @Test("Every frame is read, the best decides, and more than configured are left out and said")
    func frames() throws {
        let site = try Site(settings: "settle: {local: 200 ms, remote: 200 ms}\ndicom: {frames: 3}\n")
        let good = try phantom(site, "fundus", seed: 12)
        let black = Raster(width: good.width, height: good.height)
        var sample = DicomSample()
        sample.draw([black, good, black, good])
        sample.put(0x0010_0020, "LO", "P-0008")
        _ = try write(sample.bytes, "clip.dcm", in: site.inbox)
        // A sidecar that says another patient counts, and is attention.
        try Data(#"{"patient": "Q-9", "eye": "OD"}"#.utf8).write(to: site.inbox.appending(path: "clip.json"))
        // A file that only begins like one.
        _ = try write(Array(sample.bytes.prefix(9000)), "half.dcm", in: site.inbox)
        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 0, "\(drained.errors)")
        try site.expectAccounted(2)
        let reports = try site.reports()
        let report = try #require(reports["clip.dcm"]?.first)
        #expect(report["outcome"] as? String == "measured")
        let frames = try #require(report["frames"] as? [[String: Any]])
        #expect(frames.map { $0["frame"] as? Int } == [1, 2, 3] && frames[1]["outcome"] as? String == "measured")
        #expect(frames[0]["outcome"] as? String != "measured")
        let fundus = try #require(report["fundus"] as? [String: Any])
        #expect((fundus["disc"] as? [String: Any])?["mask"] as? String == "disc-k02.png")
        let names = Set((report["files"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String })
        #expect(names.isSuperset(of: ["overlay.jpg", "overlay-k02.jpg", "overlay-k03.jpg", "disc-k02.png", "cup-raw-k02.png"]))
        #expect(!names.contains("disc.png") && !names.contains("overlay-k04.jpg"))
        let attention = Set((report["attention"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String })
        #expect(attention.isSuperset(of: ["frames_left_out", "identity_conflict"]))
        #expect((report["subject"] as? [String: Any])?["identifier"] as? String == "Q-9")
        // The visit's page shows the frame that decides, and not the first.
        let bundle = try #require(try site.bundles().first { $0.lastPathComponent.hasPrefix("clip.") })
        let visit = try #require(try site.visits().first).appending(path: "visit.html")
        let page = try String(contentsOf: visit, encoding: .utf8)
        for (name, isShown) in [("overlay.jpg", false), ("overlay-k02.jpg", true), ("overlay-k03.jpg", false)] {
            let picture = try Data(contentsOf: bundle.appending(path: name)).base64EncodedString()
            #expect(page.contains(picture) == isShown, "\(name)")
        }
        let half = try #require(reports["half.dcm"]?.first)
        #expect(half["outcome"] as? String == "failed")
        #expect((half["reasons"] as? [[String: Any]])?.first?["code"] as? String == "truncated")
    }

    @Test("A reader sees and corrects the frame that decides, and the others stay as they were")
    func corrected() async throws {
        let site = try Site()
        let file = try #require(try site.phantoms("fundus", count: 1, seed: 14).first)
        let good = try ImageDecoder.decode([UInt8](Data(contentsOf: file))).raster
        var sample = DicomSample()
        sample.draw([Raster(width: good.width, height: good.height), good, good])
        sample.put(0x0020_0062, "CS", "R")
        _ = try write(sample.bytes, "clip.dcm", in: site.inbox)
        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 0, "\(drained.errors)")
        let first = try #require(try site.reports()["clip.dcm"]?.first)
        let id = try #require(first["id"] as? String)

        let service = try site.start()
        defer {
            service.terminate()
            service.waitUntilExit()
        }
        // What the page shows is the second frame; the first is black.
        let page = try Program.start(["review", "serve", "--reader", "Anna", "--json", "--config", site.configuration])
        let output = Pipe()
        (page.standardOutput, page.standardError) = (output, FileHandle.nullDevice)
        try page.run()
        defer {
            page.terminate()
            page.waitUntilExit()
        }
        let printed = try JSONSerialization.jsonObject(with: output.fileHandleForReading.availableData)
        let line = try #require(printed as? [String: String])
        let address = try #require(line["address"].flatMap(URL.init(string:)))
        let session = URLSession(configuration: .ephemeral)
        _ = try await session.data(from: address)
        let picture = try #require(URL(string: "/api/screenings/\(id)/image", relativeTo: address))
        let (data, answer) = try await session.data(from: picture)
        #expect((answer as? HTTPURLResponse)?.statusCode == 200)
        let shown = try ImageDecoder.decode([UInt8](data)).raster
        #expect(shown.width == good.width && shown.height == good.height)
        let difference = zip(shown.pixels, good.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(difference < 5 * good.pixels.count)

        let mask = file.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "masks/\(file.deletingPathExtension().lastPathComponent).png")
        let corrected = try site.papilla("review", "correct", id, "--disc", mask.path, "--reader", "Anna")
        #expect(corrected.status == 0, "\(corrected.errors)")
        let versions = try #require(try site.reports()["clip.dcm"])
        let second = try #require(versions.first { $0["version"] as? Int == 2 })
        let (before, after) = (first["frames"] as? [[String: Any]] ?? [], second["frames"] as? [[String: Any]] ?? [])
        #expect(before.count == 3 && after.count == 3)
        for frame in [0, 2] { #expect(NSDictionary(dictionary: before[frame]) == NSDictionary(dictionary: after[frame])) }
        #expect(NSDictionary(dictionary: before[1]) != NSDictionary(dictionary: after[1]))
        func disc(_ fields: [String: Any]) -> NSDictionary? { (fields["fundus"] as? [String: Any])?["disc"] as? NSDictionary }
        #expect(disc(second) == disc(after[1]) && disc(second)?["mask"] as? String == "disc-k02.png")
        func digests(_ report: [String: Any]) -> [String: String] {
            (report["files"] as? [[String: Any]] ?? []).reduce(into: [:]) {
                $0[$1["name"] as? String ?? ""] = $1["sha256"] as? String
            }
        }
        let (old, new) = (digests(first), digests(second))
        #expect(Set(old.keys) == Set(new.keys))
        for name in ["overlay.jpg", "overlay-k03.jpg", "disc-k03.png", "cup-k03.png"] {
            #expect(old[name] != nil && old[name] == new[name], "\(name)")
        }
        #expect(old["disc-raw-k02.png"] != new["disc-raw-k02.png"])

        // The other eye: outlines stay, and every frame that shows it has the other sides and words.
        let swapped = try site.papilla("review", "correct", id, "--eye", "left", "--reader", "Anna")
        #expect(swapped.status == 0, "\(swapped.errors)")
        let third = try #require(try site.reports()["clip.dcm"]?.first { $0["version"] as? Int == 3 })
        let eye = (third["examination"] as? [String: Any])?["eye"] as? [String: Any]
        #expect(eye?["value"] as? String == "left" && eye?["whence"] as? String == "reader")
        #expect(disc(third) == disc(second))
        let ofLeft = try #require(third["frames"] as? [[String: Any]])
        func rim(_ fields: [String: Any], _ side: String) -> Double? {
            ((fields["fundus"] as? [String: Any])?["rim"] as? [String: Any])?[side] as? Double
        }
        for (right, left) in zip(after, ofLeft).dropFirst() {
            #expect(rim(right, "nasal") != nil && rim(right, "nasal") == rim(left, "temporal"))
            #expect(rim(right, "temporal") == rim(left, "nasal") && disc(right) == disc(left))
        }
        #expect(NSDictionary(dictionary: ofLeft[0]) == NSDictionary(dictionary: after[0]))
        #expect(rim(third, "nasal") == rim(ofLeft[1], "nasal"))
        let last = digests(third)
        #expect(Set(last.keys) == Set(new.keys))
        for (name, digest) in last {
            #expect((new[name] == digest) == !["overlay-k02.jpg", "overlay-k03.jpg"].contains(name), "\(name)")
        }
        let again = try site.papilla("review", "correct", id, "--eye", "left")
        #expect(again.status == 1 && again.errors.contains("already"))
        #expect(try site.papilla("audit", "verify").status == 0)
    }

    @Test("A kind of picture that the file itself names and that is not ours is out of domain, whatever it looks like")
    func foreign() throws {
        let site = try Site()
        let good = try phantom(site, "fundus", seed: 15)
        var slide = DicomSample(sopClass: "1.2.840.10008.5.1.4.1.1.77.1.6")
        slide.draw([good, good])
        _ = try write(slide.bytes, "slide.dcm", in: site.inbox)
        #expect(try site.papilla("serve", "--drain").status == 0)
        let report = try #require(try site.reports()["slide.dcm"]?.first)
        #expect(report["outcome"] as? String == "out_of_domain")
        let reason = try #require((report["reasons"] as? [[String: Any]])?.first)
        #expect(
            reason["code"] as? String == "neither" && (reason["detail"] as? String)?.contains("slide of a microscope") == true)
        #expect((report["frames"] as? [[String: Any]])?.map { $0["outcome"] as? String } == ["out_of_domain", "out_of_domain"])
    }

    @Test("Damaged files end, each with an answer of its own, and the service lives")
    func damaged() throws {
        let count = Machine.isSoak ? 3000 : 40
        let site = try Site()
        let small = Raster(width: 96, height: 80)
        let good = try ImageEncoder.jpeg(try phantom(site, "endoscopy", seed: 16), quality: 80)
        let decoded = try ImageDecoder.decode(good).raster
        var (plain, frames) = (DicomSample(), DicomSample(syntax: DicomSample.implicit))
        plain.draw([small])
        frames.draw([small, small, small])
        var jpeg = DicomSample(syntax: DicomSample.jpeg)
        jpeg.draw(jpegs: [good, good], width: decoded.width, height: decoded.height)
        var samples = [plain, frames, jpeg].map(\.bytes)
        // JPEG 2000, JPEG-LS, RLE, and what cameras write.
        if let folder = ProcessInfo.processInfo.environment["PAPILLA_DICOM_SAMPLES"].map({ URL(filePath: $0) }) {
            for part in ["input", "public", "real"] {
                let files = try FileManager.default.contentsOfDirectory(
                    at: folder.appending(path: part), includingPropertiesForKeys: nil)
                for file in files.filter({ $0.pathExtension == "dcm" }).sorted(by: { $0.path < $1.path }) {
                    samples.append([UInt8](try Data(contentsOf: file)))
                }
            }
        }
        var random = SeededGenerator(17)
        for number in 0..<count {
            var bytes = samples[Int.random(in: 0..<samples.count, using: &random)]
            for _ in 0..<[1, 1, 2, 3, 8, 30][Int.random(in: 0..<6, using: &random)] {
                // Mostly in the header, which all the rest hangs on.
                let end = Bool.random(using: &random) ? min(bytes.count, 2000) : bytes.count
                let place = Int.random(in: 132..<end, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: bytes[place] = [0, 1, 127, 128, 254, 255][Int.random(in: 0..<6, using: &random)]
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 24))
                default: bytes.insert(contentsOf: bytes[(bytes.count - 24)...], at: place)
                }
                if bytes.count < 300 { break }
            }
            _ = try write(bytes, "damaged-\(number).dcm", in: site.inbox)
        }
        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 0, "\(drained.errors)")
        try site.expectAccounted(count)
    }

    @Test("What is no picture, or is nested without end, is refused by name, and the service goes on")
    func refused() throws {
        let site = try Site()
        let good = try phantom(site, "endoscopy", seed: 13)
        var picture = DicomSample(sopClass: "1.2.840.10008.5.1.4.1.1.77.1.1")
        picture.draw([good])
        let video = DicomSample(syntax: "1.2.840.10008.1.2.4.102", sopClass: "1.2.840.10008.5.1.4.1.1.77.1.1.1")
        var lies = picture
        lies.put(0x0028_0010, "US", number: 60_000)
        for (name, bytes) in [("a.dcm", picture.bytes), ("video.dcm", video.bytes), ("lies.dcm", lies.bytes)] {
            _ = try write(bytes, name, in: site.inbox)
        }
        #expect(try site.papilla("serve", "--drain").status == 0)
        try site.expectAccounted(3)
        let reports = try site.reports()
        func detail(_ name: String) -> String {
            ((reports[name]?.first?["reasons"] as? [[String: Any]])?.first?["detail"] as? String) ?? ""
        }
        #expect(["measured", "no_finding"].contains(reports["a.dcm"]?.first?["outcome"] as? String))
        #expect(detail("video.dcm").contains("endoscopy video"))
        #expect(reports["lies.dcm"]?.first?["outcome"] as? String == "failed" && detail("lies.dcm").contains("fewer pixels"))
    }
}

enum DicomFiles {
    /// Whether the reader lies beside the program.
    static let isRead = FileManager.default.isExecutableFile(
        atPath: URL(filePath: Program.path).deletingLastPathComponent().appending(path: "papilla-dicom").path)
}
