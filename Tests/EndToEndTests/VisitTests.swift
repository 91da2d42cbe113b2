import Foundation
import TestSupport
import Testing

@Suite("Visits and histories, end to end", .serialized)
struct VisitTests {
    /// Two patients who come twice, one photograph of each eye, with their sidecars.
    private func patients(_ site: Site) throws -> [URL] {
        let folder = site.folder.appending(path: "patients")
        let made = try Program.run([
            "phantom", "--kind", "fundus", "--patients", "2", "--visits", "2", "--progression", "0.3", "--months", "24", "--view",
            "disc",
            "--seed", "3", "--out", folder.path,
        ])
        try #require(made.status == 0, "\(made.errors)")
        return try FileManager.default.contentsOfDirectory(at: folder.appending(path: "images"), includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
    }

    private func json(_ folder: URL) throws -> [String: Any] {
        let data = try Data(contentsOf: folder.appending(path: "visit.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func history(_ site: Site, _ subject: String, _ more: String...) throws -> [String: Any] {
        let result = try Program.run(["history", subject, "--json", "--config", site.configuration] + more)
        #expect(result.status == 0, "\(result.errors)")
        return try result.json()
    }

    @Test(
        "A drain publishes every visit; a late photograph makes the next version; a history tells of change; a subject is forgotten whole"
    )
    func wholeWay() throws {
        let site = try Site()
        let files = try patients(site)
        #expect(files.count == 16)
        // Of the last visit of the second patient the left eye comes late.
        let late = files.filter { $0.lastPathComponent.contains("_0002_02_left_") }
        for file in files where !late.contains(file) { try site.drop(file) }
        #expect(try site.papilla("serve", "--drain").status == 0)
        let first = try site.visits()
        #expect(first.count == 4)
        let subjects = try first.map { try #require(try json($0)["subject"] as? [String: Any])["identifier"] as? String }
        #expect(Set(subjects) == ["PHANTOM-0001", "PHANTOM-0002"])
        for folder in first {
            let visit = try json(folder)
            let day = try #require(visit["day"] as? String), id = try #require(visit["id"] as? String)
            #expect(folder.path.hasSuffix("/\(day)/visit.\(id)") && !folder.path.contains("PHANTOM"))
            let page = try String(contentsOf: folder.appending(path: "visit.html"), encoding: .utf8)
            #expect(page.contains("data:image/jpeg;base64,") && page.contains("PHANTOM-000"))
        }
        ReportSchema.check(site.outbox, schema: ReportSchema.ofVisits)

        // Nothing new: nothing is published again.
        #expect(try site.papilla("serve", "--drain").status == 0)
        #expect(try site.visits() == first)
        for file in late { try site.drop(file) }
        #expect(try site.papilla("serve", "--drain").status == 0)
        let next = try site.visits().filter { !first.contains($0) }
        #expect(next.count == 1 && next.allSatisfy { $0.path.hasSuffix(".v2") })
        if let folder = next.first {
            let visit = try json(folder)
            #expect(visit["version"] as? Int == 2 && (visit["eyes"] as? [Any])?.count == 2)
            #expect(first.contains { $0.path.hasSuffix("/" + (visit["supersedes"] as? String ?? "-")) })
        }

        // The first patient's right eye widens by 0.6, the left one stays.
        let eyes = try #require(try history(site, "PHANTOM-0001")["eyes"] as? [[String: Any]])
        #expect(eyes.compactMap { $0["eye"] as? String } == ["right", "left"])
        #expect(eyes.allSatisfy { ($0["points"] as? [Any])?.count == 2 && ($0["changes"] as? [Any])?.count == 1 })
        #expect((try history(site, "PHANTOM-0001", "--eye", "left")["eyes"] as? [Any])?.count == 1)
        let table = try site.papilla("history", "PHANTOM-0001", "--csv")
        #expect(table.output.components(separatedBy: "\r\n").count == 1 + 4 + 1)
        let drawing = site.folder.appending(path: "history.svg")
        #expect(try site.papilla("history", "PHANTOM-0002", "--svg", drawing.path).output.contains("right eye"))
        #expect(try String(contentsOf: drawing, encoding: .utf8).hasPrefix("<svg"))
        #expect(try site.papilla("history", "nobody").status == 1)

        // The list has a line a visit, and one for an image of nobody.
        let mask = site.folder.appending(path: "patients/masks/" + files[0].deletingPathExtension().lastPathComponent + ".png")
        try site.drop(mask)
        #expect(try site.papilla("serve", "--drain").status == 0)
        let output = try site.papilla("review", "list", "--all", "--json").output
        let list = try output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let listed = list.compactMap { $0["visit"] as? [String: Any] }, lone = list.compactMap { $0["arrival"] as? [String: Any] }
        #expect(listed.count == 4 && lone.compactMap { $0["file"] as? String } == [mask.lastPathComponent])
        #expect(listed.allSatisfy { ($0["images"] as? Int) == 2 && ($0["undecided"] as? Int) == 2 })
        let lines = site.folder.appending(path: "work.jsonl")
        try output.write(to: lines, atomically: true, encoding: .utf8)
        ReportSchema.check(lines, schema: ReportSchema.ofWork)
        #expect(try site.papilla("review", "list", "--all").output.contains("PHANTOM-0002"))
        #expect(try site.papilla("review", "list", "--outcome", "measured").status == 64)
        #expect(try site.papilla("audit", "verify").status == 0)

        let service = try Running(site)
        try service.eventually("the subject is forgotten") {
            try site.papilla("forget", "--subject", "PHANTOM-0001").status == 0
        }
        #expect(
            try site.visits().allSatisfy {
                try String(contentsOf: $0.appending(path: "visit.json"), encoding: .utf8).contains("PHANTOM-0002")
            })
        #expect(try site.visits().count == 3)
        #expect(try site.papilla("history", "PHANTOM-0001").status == 1)
        service.stop()
        #expect(try site.papilla("audit", "verify").status == 0)
        #expect(!service.said.contains("PHANTOM-0"))
    }

    @Test("A running service publishes a visit when it is settled, at once after the last image, and again after a decision")
    func running() throws {
        let site = try Site(settings: "settle: {local: 200 ms, remote: 200 ms}\nvisit_settle: 1 s\n")
        let service = try Running(site)
        let files = try patients(site).filter { $0.lastPathComponent.contains("_0001_01_right_") }
        for file in files.sorted(by: { $0.pathExtension > $1.pathExtension }) { try site.drop(file) }
        try service.eventually("a visit is published") { try site.visits().count == 1 }
        let visit = try json(try #require(try site.visits().first))
        let eye = try #require((visit["eyes"] as? [[String: Any]])?.first)
        let image =
            ((eye["counts"] as? [String: Any])?["image"] ?? (eye["others"] as? [[String: Any]])?.first?["image"])
            as? [String: Any]
        let id = try #require(image?["id"] as? String)
        #expect(try site.papilla("review", "accept", id).status == 0)
        try service.eventually("the next version is published") { try site.visits().count == 2 }
        let versions = try site.visits().map { try json($0)["version"] as? Int ?? 0 }
        #expect(versions.sorted() == [1, 2])
        service.stop()
        #expect(try site.papilla("audit", "verify").status == 0)
    }
}
