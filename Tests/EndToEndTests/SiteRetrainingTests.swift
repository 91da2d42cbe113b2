import Foundation
import Imaging
import TestSupport
import Testing

/// A site gets another camera: its images are screened, corrected, the model retrained, promoted, and screened better. In phantoms, with a
/// narrow disc model made for the test, through the command line from end to end.
@Suite("A site's own model", .serialized)
struct SiteRetrainingTests {
    /// Whose hash makes them frozen, choosing and teaching: one image each.
    private static let frozen = [
        2, 4, 14, 35, 41, 51, 55, 62, 64, 70, 71, 75, 79, 94, 96, 106, 108, 116, 122, 123, 133, 135,
        141, 144, 158, 159,
    ]
    private static let choosing = [3, 9, 10, 11, 15, 25]
    private static let teaching = [1, 5, 6, 7, 8, 12, 13, 16, 17, 18, 19, 20, 21, 22, 23, 24, 27, 28, 29, 30]

    @Test(
        "Another camera: screened, corrected, retrained, promoted, better; wrong corrections and too few cases are refused; rollback restores"
    )
    func story() throws {
        let site = try Site(models: "models")
        let models = site.folder.appending(path: "models")
        try FileManager.default.copyItem(at: URL(fileURLWithPath: Program.models), to: models)
        func run(_ arguments: [String]) throws -> Program.Result { try Program.run(arguments) }
        func phantoms(_ name: String, count: Int, seed: Int, camera: String) throws -> URL {
            let folder = site.folder.appending(path: name)
            let made = try run([
                "phantom", "--kind", "fundus", "--count", "\(count)", "--seed", "\(seed)", "--camera", camera, "--out",
                folder.path,
            ])
            try #require(made.status == 0, "\(made.errors)")
            return folder
        }

        // A narrow model that knows only the standard camera, live from the start.
        let known = try phantoms("known", count: 30, seed: 1, camera: "standard")
        let trained = try run([
            "train", "--task", "disc", "--data", known.path, "--out", site.folder.appending(path: "run").path, "--models",
            models.path,
            "--normalisation", "batch", "--soft-dice", "0.5", "--width", "8", "--side", "96", "--steps", "250", "--rate", "2e-3",
            "--disturb", "corners", "--json",
        ]).json()
        let first = try #require(trained["model"] as? String)
        let shipped = try #require(
            try run(["models", "promote", first, "--models", models.path, "--json"]).json()["previous"] as? String)

        // The other camera's images arrive and are screened.
        let patients = Self.frozen + Self.choosing + Self.teaching
        let other = try phantoms("other", count: patients.count, seed: 2, camera: "other")
        let fresh = try phantoms("fresh", count: 16, seed: 3, camera: "other")
        let images = try FileManager.default.contentsOfDirectory(
            at: other.appending(path: "images"), includingPropertiesForKeys: nil
        )
        .sorted { $0.path < $1.path }
        for (image, patient) in zip(images, patients) {
            let sidecar = site.inbox.appending(
                path: image.deletingPathExtension().lastPathComponent + ".json")
            try Data("{\"patient\": \"P\(patient)\"}".utf8).write(to: sidecar)
            try site.drop(image)
        }
        #expect(try site.papilla("serve", "--drain").status == 0)
        let reports = try site.reports().compactMapValues(\.first)
        #expect(reports.count == patients.count)
        // What was not measured is left alone: the shipped router and quality checks are not what this is about.
        let ids = try reports.filter { $0.value["outcome"] as? String == "measured" }.mapValues {
            try #require($0["id"] as? String)
        }
        let before = try dice(fresh, models)

        let service = try site.start()
        defer { service.terminate() }
        // A reader draws disc and cup, each in a file of its own: here from the phantom of the same name, or of another.
        func correct(_ file: String, as drawn: String) throws {
            let truth = other.appending(path: "masks/\(drawn.replacingOccurrences(of: ".jpg", with: ".png"))")
            let grey = try ImageDecoder.decodeMask([UInt8](Data(contentsOf: truth)))
            let cup = site.folder.appending(path: "cup.png")
            try Data(try ImageEncoder.png(grey.mask(atLeast: 255))).write(to: cup)
            let done = try site.papilla(
                "review", "correct", try #require(ids[file]), "--disc", truth.path, "--cup", cup.path, "--reader", "Anna")
            #expect(done.status == 0, "\(done.errors)")
        }
        let files = ids.keys.sorted()
        for file in files.prefix(10) { try correct(file, as: file) }
        // Too few: whatever the model, with the numbers that decided it.
        let early = try site.papilla("models", "promote", shipped)
        #expect(
            early.status == 1 && early.errors.contains("drawn by a reader; 20 are needed"),
            "\(early.errors)")

        for file in files.dropFirst(10) { try correct(file, as: file) }
        let cases =
            try JSONSerialization.jsonObject(
                with: Data(
                    try site.papilla("retrain", "--task", "disc", "--dry-run", "--json").output.utf8))
            as? [[String: Any]]
        #expect(cases?.count == ids.count)
        // Stopped by hand, it says that it begins anew, and not by which option it would go on, which it has not.
        let stopped = try interrupted(["retrain", "--task", "disc", "--steps", "100000", "--config", site.configuration], site)
        #expect(stopped.status == 1 && stopped.errors.contains("the same command begins anew"), "\(stopped.errors)")
        #expect(!stopped.errors.contains("--resume"), "\(stopped.errors)")
        let retrained = try site.papilla(
            "retrain", "--task", "disc", "--steps", "200", "--rate", "3e-4", "--json"
        ).json()
        let gate = try #require(retrained["gate"] as? [String: Any])
        let candidate = try #require(gate["candidate"] as? String)
        #expect((gate["refusals"] as? [String])?.isEmpty == true, "\(gate)")

        // Promoted by the running service, in the audit, and read with from the next image on.
        let promoted = try site.papilla("models", "promote", candidate)
        #expect(promoted.status == 0, "\(promoted.errors)")
        let audit = try site.papilla("audit", "list", "--event", "promoted", "--json").output
        #expect(audit.contains(candidate) && audit.contains("@\(getuid())"))
        let after = try dice(fresh, models)
        #expect(
            after > before + 0.05, "Dice on the other camera's fresh images \(before), retrained \(after)"
        )
        let again = try #require(images.first { ids[$0.lastPathComponent] != nil })
        try site.drop(again, as: "after.jpg")
        let report = try #require(try site.report(of: "after.jpg"))
        let used = (report["models"] as? [[String: Any]])?.compactMap { $0["name"] as? String } ?? []
        #expect(used.contains(candidate) && !used.contains(first), "\(used)")

        // Wrong corrections: everything that is not frozen is now said to be where it is not.
        let frozen = Set(
            cases?.filter { $0["split"] as? String == "test" }.compactMap { $0["id"] as? String } ?? [])
        #expect(frozen.count >= 20)
        for (index, file) in files.enumerated() where !frozen.contains(ids[file] ?? "") {
            try correct(file, as: files[(index + 7) % files.count])
        }
        // By two processes, where they can be had.
        let command = ["retrain", "--task", "disc", "--steps", "200", "--rate", "5e-4", "--json", "--config", site.configuration]
        let wrong = try (OpenMPI.mpirun == nil ? Program.run(command) : OpenMPI.run(2, command)).json()
        let bad = try #require((wrong["gate"] as? [String: Any])?["candidate"] as? String)
        let refused = try site.papilla("models", "promote", bad)
        #expect(
            refused.status == 1 && refused.errors.contains("the lower end must be above -0.01"),
            "\(refused.errors)")
        #expect(
            try site.papilla("audit", "list", "--event", "promotion_refused", "--json").output.contains(
                bad))

        // Back to the first model, bit for bit.
        let back = try site.papilla("models", "rollback", "disc", "--json").json()
        #expect(back["name"] as? String == first && back["previous"] as? String == candidate)
        #expect(try dice(fresh, models) == before)
        service.terminate()
        service.waitUntilExit()
        let verdict = try site.papilla("audit", "verify", "--json")
        #expect(verdict.status == 0, "\(verdict.output)")
    }

    /// Lets a command begin to train, stops it as Ctrl-C does, and returns what it said.
    private func interrupted(_ arguments: [String], _ site: Site) throws -> (status: Int32, errors: String) {
        let log = site.folder.appending(path: "stopped.log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let process = try Program.start(arguments)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        let end = Date().addingTimeInterval(600)
        while process.isRunning, Date() < end, try !String(contentsOf: log, encoding: .utf8).contains("training on ") {
            Thread.sleep(forTimeInterval: 0.25)
        }
        process.interrupt()
        process.waitUntilExit()
        return (process.terminationStatus, try String(contentsOf: log, encoding: .utf8))
    }

    /// The live model's mean Dice on a set, read as in service.
    private func dice(_ set: URL, _ models: URL) throws -> Double {
        let result = try Program.run([
            "evaluate", "--task", "disc", "--data", set.path, "--split", "all", "--models", models.path,
            "--json",
        ]).json()
        return try #require(result["dice"] as? Double)
    }
}

extension Site {
    /// The report of a dropped file, once it is there.
    func report(of name: String) throws -> [String: Any]? {
        for _ in 0..<1200 {
            if let report = try reports()[name]?.first { return report }
            Thread.sleep(forTimeInterval: 0.25)
        }
        return nil
    }
}
