import Foundation
import TestSupport
import Testing

/// A service that opens everything anew goes on with what it was told since its start.
@Suite("Everything opened anew, end to end", .serialized)
struct ReopeningTests {
    private func polypModel(_ report: [String: Any]) -> String? {
        (report["models"] as? [[String: Any]])?.compactMap { $0["name"] as? String }.first { $0.hasPrefix("polyp-") }
    }

    @Test("After a folder moved, images are read by the models and the configuration of the last reload") func reloadsStay()
        throws
    {
        let site = try Site(
            settings: "settle: {local: 100 ms, remote: 100 ms}\nrescan: {local: 1 s, remote: 500 ms}\n", models: "models")
        try FileManager.default.copyItem(
            at: URL(fileURLWithPath: Program.models), to: site.folder.appending(path: "models"))
        let files = try site.phantoms("endoscopy", count: 2, seed: 41)
        let running = try Running(site)
        try site.drop(files[0], as: "111111.png")
        try running.waitForAll(1)
        let settings = try String(contentsOfFile: site.configuration, encoding: .utf8)
        try (settings + "name_pattern: '^(?<patient>[0-9]{6})'\n").write(
            toFile: site.configuration, atomically: true, encoding: .utf8)
        running.reload()
        let back = try site.papilla("models", "rollback", "polyp", "--json").json()
        let (live, former) = (try #require(back["name"] as? String), try #require(back["previous"] as? String))
        try running.eventually("configuration and models are read again") {
            let models = try running.service()["models"] as? [[String: Any]] ?? []
            return running.said.contains("configuration and models were read again")
                && models.contains { $0["name"] as? String == live }
        }
        // The same folder with the same content, under the same path, and not the one that is open.
        let quarantine = site.folder.appending(path: "quarantine").path
        #expect(
            Machine.run(
                "sh", "-c",
                "cp -a \(quarantine) \(quarantine).new && mv \(quarantine) \(quarantine).old && mv \(quarantine).new \(quarantine)"
            ))
        try site.drop(files[1], as: "222222.png")
        try running.waitForAll(2)
        #expect(running.said.contains("all are opened anew"))
        let reports = try site.reports()
        #expect(reports["111111.png"]?.first.flatMap(polypModel) == former)
        let second = try #require(reports["222222.png"]?.first)
        #expect(polypModel(second) == live)
        #expect((second["source"] as? [String: Any])?["patient"] as? String == "222222")
        running.stop()
        try site.expectAccounted(2)
    }
}
