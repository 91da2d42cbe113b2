import Foundation
import TestSupport
import Testing

@Suite("The paper's study", .serialized)
struct StudyCommandTests {
    @Test("On phantoms: every network of both tables, for all tasks, in a report that needs nothing else")
    func phantoms() throws {
        let folder = try TemporaryFolder("study")
        func path(_ name: String) -> String { "\(folder.path)/\(name)" }
        for (kind, view) in [("fundus", "disc"), ("endoscopy", "whole")] {
            let made = try Program.run([
                "phantom", "--kind", kind, "--count", "15", "--view", view, "--seed", "5", "--out", path(kind),
            ])
            try #require(made.status == 0, "\(made.errors)")
        }
        let arguments = [
            "study", "--data", path("fundus"), path("endoscopy"), "--tasks", "cup,disc,polyp", "--epochs", "2", "--side", "32",
            "--width", "4", "--seeds", "1", "--normalisation", "batch", "--soft-dice", "0.5", "--timing-width", "4",
            "--timing-side", "32", "--timing-rounds", "4", "--figures", "phantoms", "--threads", "1", "--json", "--out",
            path("study"),
        ]
        let results = try Program.run(arguments).json()
        #expect((results["cells"] as? [Any])?.count == 21)
        let html = try String(contentsOfFile: path("study/report.html"), encoding: .utf8)
        #expect(html.ranges(of: "<img ").count == 12)
        #expect(!html.contains("://") && !html.contains("<script"))
        let markdown = try String(contentsOfFile: path("study/report.md"), encoding: .utf8)
        for claim in ["Equal accuracy with one decoder", "1.4 times faster", "D3 best for polyps"] {
            #expect(markdown.contains(claim), "\(claim)")
        }
        for picture in markdown.split(separator: "](").dropFirst().compactMap({ $0.split(separator: ")").first }) {
            #expect(FileManager.default.fileExists(atPath: path("study/\(picture)")), "\(picture)")
        }
        // Shares, whichever begins first, train the same; the report is refused until all are there.
        func share(_ words: [String]) -> [String] { arguments.dropLast() + [path("shares")] + words }
        for (number, others) in [(2, 11), (1, 0)] {
            #expect(try Program.run(share(["--collect"])).status == 1)
            let trained = try Program.run(share(["--shard", "\(number)/2"])).json()
            #expect(trained["runs"] as? Int == 21 && trained["finished"] as? Int == 21 - others)
        }
        #expect(try Program.run(share(["--shard", "1/2", "--collect"])).status == 64)
        let collected = try Program.run(share(["--collect"])).json()
        for key in ["images", "problems"] {
            #expect(collected[key] as? NSDictionary == results[key] as? NSDictionary, "\(key)")
        }
        func figures(_ results: [String: Any], _ list: String) -> [NSDictionary] {
            (results[list] as? [[String: Any]] ?? []).map { NSDictionary(dictionary: $0.filter { $0.key != "seconds" }) }
        }
        for list in ["cells", "differences"] { #expect(figures(collected, list) == figures(results, list), "\(list)") }
        // A study is never begun twice in one folder; gone on with, a finished one writes its report anew.
        #expect(try Program.run(arguments).status == 1)
        let again = try Program.run(arguments + ["--resume"]).json()
        #expect(NSDictionary(dictionary: again) == NSDictionary(dictionary: results))
    }
}
