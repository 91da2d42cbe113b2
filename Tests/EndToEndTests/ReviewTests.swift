import Foundation
import TestSupport
import Testing

@Suite("Readers decide", .serialized)
struct ReviewTests {
    /// A service that runs while `body` does.
    private func serving(_ site: Site, _ body: () throws -> Void) throws {
        let process = try site.start()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        try body()
    }

    /// A service that answers.
    private func rows(_ site: Site, _ options: String...) throws -> [[String: Any]] {
        let result = try Program.run(["review", "list", "--by", "arrival", "--json", "--config", site.configuration] + options)
        #expect(result.status == 0, "\(result.errors)")
        return try result.output.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    private func mask(of image: URL) -> String {
        let name = image.deletingPathExtension().lastPathComponent + ".png"
        return image.deletingLastPathComponent().deletingLastPathComponent().appending(path: "masks/\(name)").path
    }

    @Test("accept, reject, correct by files: version 2 beside version 1, ledger, audit, statement, export and agreement agree")
    func decide() throws {
        let site = try Site()
        let (fundus, endoscopy) = (
            try site.phantoms("fundus", count: 3, seed: 21), try site.phantoms("endoscopy", count: 2, seed: 22)
        )
        for file in fundus + endoscopy { try site.drop(file) }
        #expect(try site.papilla("serve", "--drain").status == 0)
        let all = try rows(site, "--all")
        #expect(all.count == 5)
        func id(_ file: URL) throws -> String {
            try #require(all.first { $0["file"] as? String == file.lastPathComponent }?["id"] as? String)
        }
        // Nothing runs: nothing is decided.
        let alone = try site.papilla("review", "accept", try id(fundus[0]))
        #expect(alone.status == 1 && alone.errors.contains("not running"))
        #expect(try site.papilla("review", "reject", try id(fundus[0])).status == 64)
        #expect(try site.papilla("review", "correct", try id(fundus[0])).status == 64)
        try serving(site) {
            #expect(try site.papilla("review", "accept", try id(fundus[0]), "--reader", "Anna").status == 0)
            let rejected = try site.papilla("review", "reject", try id(fundus[1]), "--reader", "Anna", "--note", "not the disc")
            #expect(rejected.status == 0, "\(rejected.errors)")
            // The exact mask of the phantom holds disc (128) and cup (255): it serves for either.
            let corrected = try site.papilla(
                "review", "correct", try id(fundus[2]), "--disc", mask(of: fundus[2]), "--reader", "Anna", "--json")
            #expect(corrected.status == 0, "\(corrected.errors)")
            #expect(try corrected.json()["result"] as? Int == 2)
            let polyp = try site.papilla(
                "review", "correct", try id(endoscopy[0]), "--polyp", mask(of: endoscopy[0]), "--reader", "Ben")
            #expect(polyp.status == 0, "\(polyp.errors)")
            let other = try site.papilla("review", "correct", try id(fundus[0]), "--disc", mask(of: endoscopy[0]))
            #expect(other.status == 1 && other.errors.contains("the original"), "\(other.errors)")
        }
        let reports = try site.reports()
        let versions = try #require(reports[fundus[2].lastPathComponent]).compactMap { $0["version"] as? Int }
        #expect(versions.sorted() == [1, 2])
        let second = try #require(reports[fundus[2].lastPathComponent]?.first { $0["version"] as? Int == 2 })
        #expect((second["decision"] as? [String: Any])?["reader"] as? String == "Anna")
        #expect((second["supersedes"] as? String)?.hasSuffix(".\(try id(fundus[2]))") == true)
        let verdict = try site.papilla("audit", "verify")
        #expect(verdict.status == 0, "\(verdict.output)")
        #expect(try site.papilla("statement", "--json").json()["received"] as? Int == 5)
        #expect(try rows(site, "--all", "--undecided").count == 1)
        let shown = try site.papilla("review", "show", try id(fundus[2]))
        #expect(shown.output.contains("version 2") && shown.output.contains("Anna"), "\(shown.output)")
        let agreement = try site.papilla("review", "agreement", "--json").json()
        let figures = try #require(agreement["all"] as? [String: Any])
        #expect(figures["decided"] as? Int == 4 && figures["accepted"] as? Int == 1 && figures["corrected"] as? Int == 2)
        #expect(figures["acceptance"] as? Double == 0.25)
        let dice = try #require((figures["dice"] as? [String: Any])?["disc"] as? [String: Any])
        #expect(dice["count"] as? Int == 1 && (0.3...1).contains(dice["mean"] as? Double ?? 0))
        #expect((figures["ratio"] as? [String: Any])?["count"] as? Int == 1)
        #expect((agreement["by_model"] as? [[String: Any]])?.count == 3)
    }

    @Test("kill -9 during corrections: each is there whole or not at all, and the next start goes on")
    func kills() throws {
        let site = try Site()
        let image = try #require(try site.phantoms("fundus", count: 1, seed: 23).first)
        try site.drop(image)
        #expect(try site.papilla("serve", "--drain").status == 0)
        let id = try #require(try rows(site, "--all").first?["id"] as? String)
        for kill in 0..<6 {
            let service = try site.start()
            let correct = try Program.start([
                "review", "correct", id, "--disc", mask(of: image), "--config", site.configuration,
            ])
            correct.standardOutput = FileHandle.nullDevice
            correct.standardError = FileHandle.nullDevice
            try correct.run()
            Thread.sleep(forTimeInterval: 0.05 + 0.15 * Double(kill))
            Foundation.kill(service.processIdentifier, SIGKILL)
            service.waitUntilExit()
            correct.waitUntilExit()
        }
        try serving(site) {
            let last = try site.papilla("review", "correct", id, "--disc", mask(of: image), "--json")
            #expect(last.status == 0, "\(last.errors)")
        }
        let bundles = try site.reports().values.flatMap { $0 }.compactMap { $0["version"] as? Int }.sorted()
        #expect(bundles == Array(1...bundles.count) && bundles.count >= 2)
        let verdict = try site.papilla("audit", "verify")
        #expect(verdict.status == 0, "\(verdict.output)")
        let statement = try site.papilla("statement", "--json").json()
        #expect(statement["received"] as? Int == 1 && statement["measured"] as? Int == 1 && statement["unexplained"] as? Int == 0)
    }
}
