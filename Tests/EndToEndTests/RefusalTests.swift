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

    /// The same as somebody for whom permissions mean something, whom root is not.
    private func runWithoutRights(_ arguments: [String]) throws -> Program.Result {
        let wrapper = Machine.obeysPermissions
        guard let program = wrapper.first else { return try run(arguments) }
        return try Program.run(Array(wrapper.dropFirst()) + [Program.path] + arguments, program: program)
    }

    @Test(
        "Who has no right to reach the service is told of the right, and not that the service does not run",
        .enabled(if: Machine.canObeyPermissions, "root needs setpriv"))
    func missingRight() throws {
        let site = try Site()
        let closed = site.folder.appending(path: "closed").path
        let text = try String(contentsOfFile: site.configuration, encoding: .utf8)
            .replacing("socket: control.socket", with: "socket: closed/control.socket")
            .replacing("ledger: ledger.sqlite", with: "ledger: closed/ledger.sqlite")
        try text.write(toFile: site.configuration, atomically: true, encoding: .utf8)
        try FileManager.default.createDirectory(atPath: closed, withIntermediateDirectories: true)
        #expect(try site.papilla("status").output.contains("The service is not running."))
        try #require(chmod(closed, 0) == 0)
        defer { chmod(closed, 0o700) }
        let status = try runWithoutRights(["status", "--config", site.configuration])
        #expect(status.status == 1 && !status.output.contains("not running"), "\(status.output)")
        for words in ["not known whether the service runs", "Permission denied", "usermod -aG papilla", "sudo"] {
            #expect(status.output.contains(words), "\(status.output)")
        }
        let json = try runWithoutRights(["status", "--json", "--config", site.configuration]).json()
        #expect(json["running"] is NSNull && (json["problem"] as? String)?.contains("no right") == true, "\(json)")
        let asked = try runWithoutRights(["requeue", "--failed", "--config", site.configuration])
        #expect(asked.status == 1 && asked.errors.contains("usermod -aG papilla"), "\(asked.errors)")
        let doctor = try runWithoutRights(["doctor", "--config", site.configuration])
        #expect(doctor.output.contains("not known whether it runs"), "\(doctor.output)")
        #expect(doctor.output.contains("sudo -u papilla papilla doctor"), "\(doctor.output)")
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

    @Test("A wrong path of a backup is named, in words of backups")
    func wrongBackup() throws {
        let site = try Site()
        let none = site.folder.appending(path: "none.sqlite").path
        let missing = try site.papilla("restore", none)
        #expect(missing.status == 1 && missing.errors.hasPrefix("papilla: \(none): There is no such backup"), "\(missing.errors)")
        #expect(missing.errors.contains("papilla backup made") && !missing.errors.contains("papilla serve"), "\(missing.errors)")
        let other = try site.papilla("restore", site.configuration)
        #expect(other.status == 1 && other.errors.contains("This is no backup of a ledger"), "\(other.errors)")
        #expect(other.errors.contains("not a Papilla ledger") && !other.errors.contains("paths.ledger"), "\(other.errors)")
        #expect(try site.papilla("serve", "--drain").status == 0)
        let target = site.folder.appending(path: "none/backup.sqlite").path
        let backup = try site.papilla("backup", target)
        #expect(backup.status == 1 && backup.errors.contains("No file can be made in this folder"), "\(backup.errors)")
        #expect(backup.errors.contains("\(site.folder.path)/none") && backup.errors.contains("No such file"), "\(backup.errors)")
        let copy = try run(["ledger", "copy", none, target])
        #expect(copy.status == 1 && copy.errors.hasPrefix("papilla: \(none): There is no ledger to be copied"), "\(copy.errors)")
        #expect(!FileManager.default.fileExists(atPath: none + ".lock"))
    }

    @Test("A folder of models that is not there is named, and how to name another")
    func noModels() throws {
        let site = try Site()
        let none = site.folder.appending(path: "none").path
        for arguments in [
            ["models", "list"], ["models", "show", "disc-1"], ["models", "promote", "disc-1"],
            ["screen", "eye.jpg", "--out", site.folder.path],
        ] {
            let result = try run(arguments + ["--models", none])
            #expect(result.status == 1 && result.errors.contains("There is no models' folder \(none)"), "\(result.errors)")
            #expect(result.errors.contains("--models") && result.errors.contains("paths.models"), "\(result.errors)")
        }
    }

    @Test("The command that a retraining without cases names works as it is written")
    func namedCommand() throws {
        let site = try Site()
        #expect(try site.papilla("serve", "--drain").status == 0)
        let refused = try site.papilla("retrain", "--task", "disc")
        #expect(refused.status == 1 && refused.errors.contains("informative"), "\(refused.errors)")
        let named = try #require(refused.errors.firstMatch(of: #/papilla (review list [-a-z ]+)/#)).output.1
        let list = try Program.run(named.split(separator: " ").map(String.init) + ["--config", site.configuration])
        #expect(list.status == 0, "\(named): \(list.errors)")
    }
}
