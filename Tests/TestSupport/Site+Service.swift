package import Foundation
internal import Testing

extension Site {
    /// A running service, ready for commands.
    package func start() throws -> Process {
        let process = try Program.start(["serve", "--config", configuration])
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        for _ in 0..<1200 {
            let status = try papilla("status", "--json").json()
            if let service = status["service"] as? [String: Any], service["state"] as? String != "starting" { return process }
            Thread.sleep(forTimeInterval: 0.25)
        }
        Issue.record("the service did not start")
        return process
    }
}
