import Foundation
import TestSupport
import Testing

@Suite("The examples", .serialized, .enabled(if: Examples.hasPython, "there is no python3"))
struct ExampleTests {
    @Test("A worklist's images go in with their sidecars, and their answers come out")
    func thereAndBack() throws {
        let site = try Site()
        let images = try site.phantoms("fundus", count: 2, seed: 41)
        let worklist = site.folder.appending(path: "worklist.csv")
        let rows = [
            "file,patient,issuer,eye,taken,room", "\(images[0].lastPathComponent),0071,Mercy,OD,2026-11-24,3",
            "\(images[1].lastPathComponent),Müller,,left,,", "missing.jpg,8,,,,",
        ]
        try rows.joined(separator: "\r\n").write(to: worklist, atomically: true, encoding: .utf8)
        let exported = try Examples.run(
            "export_sidecars.py", worklist.path, images[0].deletingLastPathComponent().path, site.inbox.path)
        #expect(exported.status == 1 && exported.errors.contains("missing.jpg: not there"), "\(exported.errors)")
        #expect(try site.papilla("serve", "--drain").status == 0)
        try site.expectAccounted(2)

        let read = try Examples.run("read_reports.py", site.outbox.path)
        #expect(read.status == 0, "\(read.errors)")
        let found = try read.output.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(found.count == 2 && found.allSatisfy { $0["outcome"] as? String == "measured" }, "\(read.output)")
        let first = try #require(found.first { $0["subject"] as? String == "0071" })
        #expect(first["issuer"] as? String == "Mercy" && first["eye"] as? String == "right")
        #expect((first["vertical_ratio"] as? Double).map { (0.05...0.98).contains($0) } == true)
        #expect((first["interval"] as? [Double])?.count == 2)
        #expect(found.contains { $0["subject"] as? String == "Müller" && $0["eye"] as? String == "left" })
        #expect(try Examples.run("read_reports.py", site.outbox.path, "--since", "2999-01-01").output.isEmpty)
        #expect(try Examples.run("read_reports.py", site.folder.path + "/nowhere").status == 1)
    }

    @Test("A client asks how the service stands, and to read a failed file again; a refusal is said in the service's words")
    func client() throws {
        let site = try Site()
        try Data("no picture".utf8).write(to: site.inbox.appending(path: "text.jpg"))
        #expect(try site.papilla("serve", "--drain").status == 0)
        let socket = site.folder.appending(path: "control.socket").path
        let alone = try Examples.run("ask_service.py", "--socket", socket, "status")
        #expect(alone.status == 1 && !alone.errors.isEmpty)
        let service = try site.start()
        defer {
            service.terminate()
            service.waitUntilExit()
        }
        let status = try Examples.run("ask_service.py", "--socket", socket, "status")
        #expect(try status.json()["status"] is [String: Any], "\(status.errors)")
        let id = try #require(try site.reports()["text.jpg"]?.first?["id"] as? String)
        let again = try Examples.run("ask_service.py", "--socket", socket, "requeue", id)
        #expect((try again.json()["requeued"] as? [[String: Any]])?.first?["id"] as? String == id, "\(again.errors)")
        let refused = try Examples.run("ask_service.py", "--socket", socket, "requeue", "zzz")
        #expect(refused.status == 1 && refused.errors.hasPrefix("ask_service.py: "), "\(refused.errors)")
    }
}

/// The programs in Deploy/examples.
enum Examples {
    static let hasPython = (try? Program.run(["python3", "--version"], program: "/usr/bin/env").status) == 0

    static func run(_ example: String, _ arguments: String...) throws -> Program.Result {
        try Program.run(["python3", Checkout.path("Deploy/examples/\(example)")] + arguments, program: "/usr/bin/env")
    }
}
