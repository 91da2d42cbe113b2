import Foundation
import Testing

@Suite("Killed at any moment", .serialized)
struct KillTests {
    @Test("kill -9 again and again while images flow: every arrival ends once, with one bundle and one original")
    func killAndRestart() throws {
        let site = try Site()
        let fundus = try site.phantoms("fundus", count: 2, seed: 11)
        let endoscopy = try site.phantoms("endoscopy", count: 2, seed: 12)
        var count = 0
        for round in 0..<6 {
            for file in fundus + endoscopy {
                // Different bytes each time, so that nothing is answered from an earlier reading.
                var bytes = try Data(contentsOf: file)
                bytes.append(contentsOf: [UInt8(round), UInt8(count)])
                try bytes.write(to: site.inbox.appending(path: "\(round)-\(file.lastPathComponent)"))
                count += 1
            }
        }
        // Moments spread over the start (models, recovery) and the flow.
        for kill in 0..<12 {
            let process = try Program.start(["serve", "--drain", "--config", site.configuration])
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            Thread.sleep(forTimeInterval: 0.5 + 0.23 * Double(kill))
            if process.isRunning { kill9(process.processIdentifier) }
            process.waitUntilExit()
            // No half bundle is ever visible.
            for (_, reports) in try site.reports() { #expect(reports.allSatisfy { $0["files"] is [Any] }) }
        }
        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 0, "\(drained.errors)")
        try site.expectAccounted(count)
        let outcomes = try site.reports().values.flatMap { $0.compactMap { $0["outcome"] as? String } }
        // An arrival that was being read at three deaths is given up as crashed; nothing else may fail.
        #expect(outcomes.filter { $0 == "failed" }.count <= 2, "\(outcomes)")
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

    private func kill9(_ pid: Int32) { kill(pid, SIGKILL) }
}
