import Foundation
import Screening
import TestSupport
import Testing

@Suite("Killed at any moment", .serialized)
struct KillTests {
    @Test("kill -9 again and again while images flow: every arrival ends once, with one bundle and one original")
    func killAndRestart() throws {
        let (kills, images) = Machine.isSoak ? (500, 200) : (40, 24)
        let site = try Site()
        let files = try site.phantoms("fundus", count: 2, seed: 11) + site.phantoms("endoscopy", count: 2, seed: 12)
        for index in 0..<images {
            // Different bytes each time, so that nothing is answered from an earlier reading.
            let bytes = try Data(contentsOf: files[index % files.count]) + Data("\(index)".utf8)
            let folder = site.inbox.appending(path: index % 5 == 0 ? "urgent" : "room \(index % 3)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try bytes.write(to: folder.appending(path: "\(index).jpg"))
            if index % 4 == 0 { try Data(#"{"patient": "\#(index)"}"#.utf8).write(to: folder.appending(path: "\(index).json")) }
        }
        // The same moments every time.
        var random = SeededGenerator(state: 2026)
        var deaths = 0
        for kill in 0..<kills {
            let running = try Running(site, drains: true)
            // Moments spread over the start (models, recovery) and the flow.
            Thread.sleep(forTimeInterval: Double(random.next() % 3000) / 1000)
            // It may have done everything by now.
            if running.isRunning { deaths += 1 }
            running.kill9()
            // No half bundle is ever to be seen: every report can be read and every file that it lists is there.
            for bundle in try site.bundles() where kill % 8 == 0 || !Machine.isSoak {
                let report = try JSONSerialization.jsonObject(with: Data(contentsOf: bundle.appending(path: "report.json")))
                let listed = (report as? [String: Any])?["files"] as? [[String: Any]] ?? []
                for name in listed.compactMap({ $0["name"] as? String }) {
                    #expect(FileManager.default.fileExists(atPath: bundle.appending(path: name).path))
                }
            }
        }
        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 0, "\(drained.errors)")
        try site.expectAccounted(images)
        // Whose reading was begun and not ended three times is given up as crashed; nothing else may fail.
        let failed = try site.reports().values.joined().filter { $0["outcome"] as? String == "failed" }
        let codes = failed.flatMap { $0["reasons"] as? [[String: Any]] ?? [] }.compactMap { $0["code"] as? String }
        #expect(codes.allSatisfy { $0 == "crashed" }, "\(codes)")
        if Machine.isSoak { print("\(deaths) kills, \(images) images, \(failed.count) given up as crashed") }
    }

    @Test("SIGTERM finishes the image in hand and exits 0; the rest waits for the next start")
    func terminate() throws {
        let site = try Site()
        for file in try site.phantoms("fundus", count: 3, seed: 13) { try site.drop(file) }
        let process = try Program.start(["serve", "--config", site.configuration])
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        // Wait for the first bundle, then ask it to stop.
        for _ in 0..<600 where try site.reports().isEmpty { Thread.sleep(forTimeInterval: 0.1) }
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
        #expect(try site.papilla("serve", "--drain").status == 0)
        try site.expectAccounted(3)
    }
}
