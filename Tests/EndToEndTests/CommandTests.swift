import Foundation
import TestSupport
import Testing

@Suite("Commands")
struct CommandTests {
    @Test(
        "Every command has help with an example",
        arguments: [
            "serve", "screen", "status", "statement", "audit", "export", "review", "requeue", "reread", "history", "deliveries",
            "forget", "backup",
            "restore", "doctor", "models", "train", "evaluate", "calibrate", "retrain", "study",
            "architectures",
            "bench", "phantom", "dataset",
        ])
    func help(command: String) throws {
        let result = try Program.run([command, "--help"])
        #expect(result.status == 0)
        #expect(result.output.contains(try Regex("Examples?: papilla \(command)")), "\(result.output)")
    }

    @Test("E6, E7: a folder as published becomes a data set; what is wrong in it begins with the file")
    func dataset() throws {
        let temporary = try TemporaryFolder("data-set")
        let folder = temporary.url.appending(path: "set")
        let phantoms = try Program.run(["phantom", "--kind", "endoscopy", "--count", "6", "--out", folder.path])
        try #require(phantoms.status == 0)
        try FileManager.default.removeItem(at: folder.appending(path: "manifest.csv"))
        let none = try Program.run(["evaluate", "--task", "polyp", "--data", folder.path, "--models", Program.models])
        #expect(
            none.status == 1 && none.errors.hasPrefix("papilla: \(folder.path)") && none.errors.contains("papilla dataset make"))
        let made = try Program.run(["dataset", "make", folder.path, "--label", "endoscopy", "--json"])
        #expect(made.status == 0, "\(made.errors)")
        #expect(try made.json()["images"] as? Int == 6)
        let sheet = folder.appending(path: "sheet.jpg").path
        let check = try Program.run(["dataset", "check", folder.path, "--sheet", sheet, "--json"])
        #expect(check.status == 0 && FileManager.default.fileExists(atPath: sheet), "\(check.output)\(check.errors)")
        let set = try #require((try check.json()["sets"] as? [[String: Any]])?.first)
        #expect(set["meaning"] as? String == "0 outside, 255 polyp")
        let other = try Program.run(["evaluate", "--task", "disc", "--data", folder.path, "--models", Program.models])
        let place = "\(folder.path)/manifest.csv:2, column 'label'"
        #expect(other.status == 1 && other.errors.contains("papilla: \(place)"), "\(other.errors)")
        let masks = folder.appending(path: "masks")
        let mask = try #require(try FileManager.default.contentsOfDirectory(atPath: masks.path).sorted().first)
        try Data("no image".utf8).write(to: masks.appending(path: mask))
        let broken = try Program.run(["evaluate", "--task", "polyp", "--data", folder.path, "--models", Program.models])
        #expect(broken.status == 1)
        #expect(broken.errors.contains("papilla: \(masks.path)/\(mask): "), "\(broken.errors)")
        #expect(try Program.run(["dataset", "check", folder.path]).status == 1)
    }

    private func live(_ task: String) throws -> String {
        let list = try Program.run(["models", "list", "--models", Program.models, "--json"])
        let models = try #require(try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]])
        return try #require(models.first { $0["task"] as? String == task && $0["live"] as? Bool == true }?["name"] as? String)
    }

    @Test("A card's page shows phantoms as the model reads them")
    func card() throws {
        let page = try Program.run(["models", "card", try live("polyp"), "--html", "--models", Program.models])
        #expect(page.status == 0, "\(page.errors)")
        #expect(page.output.ranges(of: "data:image/jpeg;base64,").count == 2)
        #expect(page.output.contains("An endoscopy phantom: "))
    }

    @Test("Training that begins with a cup's network shown the disc unrolled goes on showing it so")
    func polarTraining() throws {
        let arguments = [
            "train", "--task", "cup", "--init", try live("cup"), "--models", Program.models, "--data", "/nonexistent", "--out",
            "/nonexistent/run",
        ]
        let usual = try Program.run(arguments)
        #expect(usual.status == 1 && usual.errors.contains("--polar"), "\(usual.errors)")
        let polar = try Program.run(arguments + ["--polar"])
        #expect(polar.status == 1 && polar.errors.contains("manifest.csv"), "\(polar.errors)")
    }

    @Test("The networks come out to the weight")
    func architectures() throws {
        let result = try Program.run(["architectures", "--json"])
        let list = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
        let weights = Dictionary(
            uniqueKeysWithValues: list.compactMap { row in (row["name"] as? String).map { ($0, row["weights"] as? Int ?? 0) } })
        #expect(
            weights == [
                "1enc-1dec-m": 7_844_256, "1enc-2dec-mc": 10_978_272, "1enc-2dec-md": 10_977_984, "1enc-1dec-conv-mc": 7_844_832,
                "1enc-1dec-conv-md": 7_844_544, "1enc-3dec-mcd": 14_112_000, "1enc-1dec-conv-mcd": 7_845_120,
                "lite0-1dec-conv-m": 3_785_120, "lite0-1dec-conv-mc": 3_785_696, "lite0-1dec-conv-md": 3_785_408,
                "lite0-1dec-conv-mdp": 3_817_632, "lite2-1dec-conv-m": 5_218_832, "lite2-1dec-conv-mc": 5_219_408,
                "lite2-1dec-conv-md": 5_219_120, "lite2-1dec-conv-mdp": 5_254_480,
            ])
    }

    @Test("Exit statuses: 64 for bad usage, 78 for bad configuration with file, line and what was expected")
    func exitStatuses() throws {
        #expect(try Program.run(["screen"]).status == 64)
        let site = try Site(settings: "setle: 2s\n")
        let result = try site.papilla("serve", "--drain")
        #expect(result.status == 78)
        #expect(result.errors.contains("papilla.yaml:"))
        #expect(result.errors.contains("setle"))
        #expect(result.errors.contains("settle"))
    }

    @Test("bench times the reading of an image, and says what part of it the networks took")
    func benchReading() throws {
        let site = try Site()
        let image = try #require(try site.phantoms("fundus", count: 1, seed: 3).first)
        let arguments = ["bench", "--runs", "1", "--models", Program.models, "--json", "--reading"]
        let result = try Program.run(arguments + [image.path]).json()
        #expect(result["outcome"] as? String == "measured")
        #expect(try #require(result["ratio"] as? Double) > 1)
        // What cannot be read takes no network.
        let text = site.folder.appending(path: "text.jpg")
        try Data("no image".utf8).write(to: text)
        let failed = try Program.run(arguments + [text.path]).json()
        #expect(failed["outcome"] as? String == "failed" && failed["networks_ms"] as? Double == 0)
        let missing = try Program.run(arguments + ["/nonexistent.jpg"])
        #expect(missing.status == 1 && missing.errors.contains("A file cannot be opened"), "\(missing.errors)")
        let folder = try Program.run(arguments + [site.folder.path])
        #expect(folder.status == 1 && folder.errors.contains("not a regular file"), "\(folder.errors)")
    }

    @Test("bench times a small network and a training step")
    func bench() throws {
        for extra in [[], ["--precision", "int8"], ["--train", "--normalised"]] {
            let result = try Program.run(["bench", "--width", "8", "--side", "64", "--runs", "3", "--json"] + extra).json()
            #expect(try #require(result["median_ms"] as? Double) > 0)
            #expect(result["precision"] as? String == (extra.last == "int8" ? "int8" : "fp32"))
        }
        let table = try Program.run(["bench", "--width", "8", "--side", "64", "--layers"])
        #expect(table.output.contains("% of the peak"), "\(table.errors)")
    }
}
