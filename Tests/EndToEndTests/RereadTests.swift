import Foundation
import TestSupport
import Testing

/// Two visits by two generations of a model: the earlier photograph is read again, and the eye's line is whole.
@Suite("Reading again by later models, end to end", .serialized)
struct RereadTests {
    /// A site with its own copy of the models that ship, the disc's former one live; the photographs of one eye at two visits, the
    /// earlier first.
    private func site() throws -> (site: Site, models: String, visits: [[URL]]) {
        let site = try Site(models: "models")
        let models = site.folder.appending(path: "models")
        try FileManager.default.copyItem(at: URL(fileURLWithPath: Program.models), to: models)
        let folder = site.folder.appending(path: "patients")
        let made = try Program.run([
            "phantom", "--kind", "fundus", "--patients", "1", "--visits", "2", "--progression", "0", "--months", "24", "--view",
            "disc", "--seed", "3", "--out", folder.path,
        ])
        try #require(made.status == 0, "\(made.errors)")
        let files = try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: "images"), includingPropertiesForKeys: nil)
        let visits = ["_01_right_", "_02_right_"].map { words in files.filter { $0.lastPathComponent.contains(words) } }
        try #require(visits.map(\.count) == [2, 2])
        return (site, models.path, visits)
    }

    private func drain(_ site: Site, _ files: [URL]) throws {
        for file in files { try site.drop(file) }
        #expect(try site.papilla("serve", "--drain").status == 0)
    }

    private func discModel(_ report: [String: Any]) -> String? {
        (report["models"] as? [[String: Any]])?.compactMap { $0["name"] as? String }.first { $0.hasPrefix("disc-") }
    }

    /// The right eye's points and the change between them.
    private func history(_ site: Site) throws -> (versions: [Int], change: [String: Any]) {
        let eyes = try #require(try site.papilla("history", "PHANTOM-0001", "--json").json()["eyes"] as? [[String: Any]])
        let right = try #require(eyes.first { $0["eye"] as? String == "right" })
        let points = right["points"] as? [[String: Any]] ?? []
        return (points.compactMap { $0["version"] as? Int }, try #require((right["changes"] as? [[String: Any]])?.first))
    }

    private func lines(_ text: String) -> [Substring] { text.split(separator: "\n") }

    @Test("The next version is published once, the visit's, too, the history is whole, and again there is nothing to do")
    func story() throws {
        let (site, models, visits) = try site()
        let former = try Program.run(["models", "rollback", "disc", "--models", models, "--json"]).json()
        let (old, new) = (try #require(former["name"] as? String), try #require(former["previous"] as? String))
        try drain(site, visits[0])
        #expect(try Program.run(["models", "promote", new, "--models", models]).status == 0)
        try drain(site, visits[1])
        let before = try site.reports().values.flatMap { $0 }
        #expect(Set(before.compactMap(discModel)) == [old, new] && before.count == 2)
        let earlier = try #require(before.first { discModel($0) == old })
        let id = try #require(earlier["id"] as? String)
        let broken = try history(site)
        #expect(broken.versions == [1, 1])
        #expect(broken.change["verdict"] as? String == "cannot_tell" && broken.change["why"] as? String == "model_changed")
        let published = try (bundles: site.bundles(), visits: site.visits())

        // No service runs: it is done here.
        let reread = try site.papilla("reread", "PHANTOM-0001", "--json")
        #expect(reread.status == 0, "\(reread.errors)")
        let said = try lines(reread.output).map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(Set(said.compactMap { $0["result"] as? String }) == ["read", "current"] && said.count == 2)
        #expect(said.first { $0["result"] as? String == "read" }?["version"] as? Int == 2)
        let bundles = try site.bundles().filter { !published.bundles.contains($0) }
        #expect(bundles.map(\.lastPathComponent).allSatisfy { $0.hasSuffix("\(id).v2") } && bundles.count == 1)
        let versions = try #require(try site.reports().values.flatMap { $0 }.filter { $0["id"] as? String == id })
        let second = try #require(versions.first { $0["version"] as? Int == 2 })
        #expect(discModel(second) == new && second["reread"] is String && second["decision"] is NSNull)
        #expect(second["subject"] as? NSDictionary == earlier["subject"] as? NSDictionary)
        let first = try #require(versions.first { $0["version"] as? Int == 1 })
        #expect(NSDictionary(dictionary: first) == NSDictionary(dictionary: earlier))
        let whole = try history(site)
        #expect(whole.versions == [2, 1] && whole.change["why"] is NSNull, "\(whole.change)")
        #expect(["stable", "change"].contains(whole.change["verdict"] as? String))
        let day = try #require(broken.change["from"] as? [String: Any])["visit"] as? String ?? "-"
        let renewed = try site.visits().filter { !published.visits.contains($0) }
        #expect(renewed.contains { $0.path.contains("/\(day)/") && $0.path.hasSuffix(".v2") }, "\(renewed)")
        ReportSchema.check(site.outbox, schema: ReportSchema.ofVisits)

        // Again: nothing to do, said in words.
        let after = try (bundles: site.bundles(), visits: site.visits())
        let again = try site.papilla("reread", "PHANTOM-0001")
        #expect(again.status == 0 && lines(again.output).count == 2)
        #expect(lines(again.output).allSatisfy { $0.contains("left: today's models have read it") }, "\(again.output)")
        #expect(try site.bundles() == after.bundles && site.visits() == after.visits)
        let audit = try site.papilla("audit", "list", "--event", "reread", "--json").output
        #expect(lines(audit).count == 1 && audit.contains(id))
        #expect(try site.papilla("audit", "verify").status == 0)

        // A running service does it itself, for whoever asks, and by whatever is live then.
        let service = try site.start()
        #expect(try site.papilla("models", "rollback", "disc").status == 0)
        let tail = try #require(id.split(separator: "-").last)
        let asked = try site.papilla("reread", String(tail))
        #expect(asked.status == 0 && asked.output.contains("version 3 is published"), "\(asked.output)\(asked.errors)")
        let nothing = try site.papilla("reread", id)
        #expect(nothing.status == 0 && nothing.output.contains("left: today's models have read it"))
        #expect(try site.papilla("reread", "nobody").status == 1)
        service.terminate()
        service.waitUntilExit()
        #expect(try lines(site.papilla("audit", "list", "--event", "reread", "--json").output).count == 2)
        #expect(try site.papilla("audit", "verify").status == 0)
        #expect(try site.papilla("statement", "--json").json()["unexplained"] as? Int == 0)
    }
}
