import Foundation
import TestSupport
import Testing

/// DICOM objects of whole screenings, judged by programs that know nothing of Papilla.
@Suite("DICOM objects", .serialized)
struct ObjectsTests {
    private static let settings = """
        settle: {local: 200 ms, remote: 200 ms}
        dicom: {sr: true, seg: true, overlay: true, image: true}

        """
    /// Python with pydicom and highdicom: what Deploy/test installs.
    private static let python = ProcessInfo.processInfo.environment["PAPILLA_RECORDS"]
    /// dicom3tools' validator of object definitions.
    private static let validator = "/usr/bin/dciodvfy"
    private static let isValidated = FileManager.default.isExecutableFile(atPath: validator)
    private static let isLong = ProcessInfo.processInfo.environment["PAPILLA_SOAK"] != nil

    private func objects(_ site: Site) throws -> [URL] {
        try site.bundles().flatMap {
            try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "dcm" }
        }
    }

    /// What the validator finds wrong with an object. Two of its warnings are known: the private scheme of one code, and an empty side
    /// of the body.
    private func judge(_ object: URL, sourceLocation: SourceLocation = #_sourceLocation) throws {
        guard Self.isValidated else { return }
        let result = try Program.run(["-new", object.path], program: Self.validator)
        let lines = (result.output + result.errors).split(separator: "\n").map(String.init)
        let wrong = lines.filter { line in
            line.hasPrefix("Error") || (line.hasPrefix("Warning") && !line.contains("99PAPILLA") && !line.contains("Laterality"))
        }
        #expect(wrong.isEmpty, "\(object.lastPathComponent): \(wrong)", sourceLocation: sourceLocation)
    }

    private func readBack(_ site: Site, sourceLocation: SourceLocation = #_sourceLocation) throws {
        guard let python = Self.python else { return }
        let result = try Program.run([Checkout.path("Tests/Objects/check.py"), site.outbox.path], program: python)
        #expect(result.status == 0, "\(result.output)\(result.errors)", sourceLocation: sourceLocation)
    }

    @Test("Of phantoms: valid, and read back with the report's pixels and figures")
    func phantoms() throws {
        let site = try Site(settings: Self.settings)
        let count = Self.isLong ? 20 : 3
        let files = try site.phantoms("fundus", count: count, seed: 61) + site.phantoms("endoscopy", count: count, seed: 62)
        for (index, file) in files.enumerated() {
            try site.drop(file)
            // Some with an identity, some with none; one eye is known, another is not.
            guard !index.isMultiple(of: 3) else { continue }
            let name = file.deletingPathExtension().lastPathComponent + ".json"
            let sidecar =
                #"{"patient": "Ä \#(index)", "issuer": "Klinik Süd", "eye": "\#(index % 3 == 1 ? "left" : "right")", "taken": "2026-11-20T09:30:00+01:00", "accession": "A\#(index)"}"#
            try Data(sidecar.utf8).write(to: site.inbox.appending(path: name))
        }
        #expect(try site.papilla("serve", "--drain").status == 0)
        try site.expectAccounted(files.count)
        let objects = try objects(site)
        // A segmentation is there where something was outlined.
        for bundle in try site.bundles() {
            let names = Set(try FileManager.default.contentsOfDirectory(atPath: bundle.path))
            #expect(names.isSuperset(of: ["sr.dcm", "overlay.dcm", "image.dcm"]), "\(names)")
        }
        #expect(objects.contains { $0.lastPathComponent == "seg.dcm" })
        for object in objects { try judge(object) }
        try readBack(site)
    }

    @Test(
        "Of everything else that has an answer: PNG, progressive, turned, grey, ungradable, out of domain; nothing of what failed"
    )
    func oddOnes() throws {
        let site = try Site(settings: Self.settings)
        let dropped = try #require(try site.phantoms("fundus", count: 1, seed: 63).first)
        let folder = Checkout.path("Deploy/pictures")
        try site.drop(URL(filePath: "\(folder)/endoscopy.jpg"), as: "overlay of another.jpg")
        let python = """
            import sys
            from PIL import Image
            image = Image.open(sys.argv[1]); out = sys.argv[2]
            image.save(out + "/lossless.png")
            image.save(out + "/progressive.jpg", progressive=True, quality=92)
            image.convert("L").save(out + "/grey.jpg")
            image.resize((80, 80)).save(out + "/small.jpg")
            image.resize((501, 333)).save(out + "/odd.jpg")
            exif = Image.Exif(); exif[0x0112] = 6
            image.save(out + "/turned.jpg", exif=exif, quality=92)
            Image.new("RGB", (400, 300), (10, 200, 40)).save(out + "/flat.png")
            """
        if let program = Self.python {
            let made = try Program.run(["-c", python, dropped.path, site.inbox.path], program: program)
            #expect(made.status == 0, "\(made.errors)")
        }
        try Data("not a picture\n".utf8).write(to: site.inbox.appending(path: "text.jpg"))
        #expect(try site.papilla("serve", "--drain").status == 0)
        for bundle in try site.bundles() {
            let names = Set(try FileManager.default.contentsOfDirectory(atPath: bundle.path))
            let isFailed = bundle.lastPathComponent.hasPrefix("text.")
            #expect(names.contains("sr.dcm") != isFailed && names.contains("image.dcm") != isFailed, "\(names)")
        }
        for object in try objects(site) { try judge(object) }
        try readBack(site)
    }

    @Test("A correction is verified by its reader, names the report before it, and gives everything new names but the image")
    func correction() throws {
        let site = try Site(settings: Self.settings)
        let file = try #require(try site.phantoms("fundus", count: 1, seed: 64).first)
        try site.drop(file)
        #expect(try site.papilla("serve", "--drain").status == 0)
        let mask = file.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "masks/\(file.deletingPathExtension().lastPathComponent).png")
        let process = try site.start()
        let id = try #require(try site.reports().values.first?.first?["id"] as? String)
        let corrected = try site.papilla("review", "correct", id, "--disc", mask.path, "--reader", "Anna Ö^Berg")
        #expect(corrected.status == 0, "\(corrected.errors)")
        process.terminate()
        process.waitUntilExit()
        let bundles = try site.bundles().sorted { $0.lastPathComponent < $1.lastPathComponent }
        #expect(bundles.count == 2)
        let (first, second) = (bundles[0], bundles[1])
        let image = try bundles.map { try Data(contentsOf: $0.appending(path: "image.dcm")) }
        #expect(image[0] == image[1])
        for name in ["sr.dcm", "seg.dcm", "overlay.dcm"] {
            let (before, after) = (
                try Data(contentsOf: first.appending(path: name)), try Data(contentsOf: second.appending(path: name))
            )
            #expect(before != after)
        }
        for object in try objects(site) { try judge(object) }
        try readBack(site)
    }
}
