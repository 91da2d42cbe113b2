import Foundation
import TestSupport
import Testing

/// What cannot be done is said at once, before anything long, and in words that say what to do.
@Suite("Refusals")
struct RefusalTests {
    /// Runs the program, and ends it where it waits: its status is then 124.
    private func run(_ arguments: [String]) throws -> Program.Result {
        try Program.run(["120", Program.path] + arguments, program: "/usr/bin/timeout")
    }

    @Test("A FIFO or a folder where a command expects a file is refused, and not waited for")
    func notAFile() throws {
        let site = try Site()
        let (pipe, set) = (site.folder.appending(path: "pipe.safetensors").path, site.folder.appending(path: "set").path)
        try FileManager.default.createDirectory(atPath: set, withIntermediateDirectories: true)
        for path in [pipe, "\(set)/manifest.csv"] { try #require(mkfifo(path, 0o600) == 0) }
        let train = ["train", "--task", "disc", "--data", "/nonexistent", "--out", "/nonexistent/run", "--init"]
        for arguments in [
            ["models", "import", pipe, "--task", "disc", "--models", Program.models], ["dicom", "dump", pipe], train + [pipe],
            ["review", "correct", "k7q", "--disc", pipe, "--config", site.configuration], ["dataset", "check", set],
        ] {
            let result = try run(arguments)
            #expect(result.status == 1 && (result.errors + result.output).contains("FIFO"), "\(arguments): \(result.errors)")
        }
        let folder = try run(["dicom", "dump", set])
        #expect(folder.status == 1 && folder.errors.contains("it is a folder; a file was expected"), "\(folder.errors)")
    }
}
