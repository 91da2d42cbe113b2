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

    /// Refused with status 1 in these words, before a mask was looked at: what masks hold is said then.
    private func expectEarly(_ result: Program.Result, _ words: String, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(result.status == 1, "\(result.errors)", sourceLocation: sourceLocation)
        #expect(result.errors.contains(words), "\(words): \(result.errors)", sourceLocation: sourceLocation)
        #expect(!result.errors.contains("masks: "), "\(result.errors)", sourceLocation: sourceLocation)
    }

    @Test("Training refuses what it needs at its end before it looks at a mask")
    func trainingLooksAhead() throws {
        let site = try Site()
        _ = try site.phantoms("fundus", count: 6)
        func path(_ name: String) -> String { site.folder.appending(path: name).path }
        let (set, models, pipe) = (path("phantoms-fundus-1"), path("models"), path("pipe"))
        try #require(mkfifo(pipe, 0o600) == 0)
        let router = try #require(
            try FileManager.default.contentsOfDirectory(atPath: Program.models).first { $0.hasPrefix("router-") })
        func train(_ task: String, _ more: String...) throws -> Program.Result {
            try run(["train", "--task", task, "--data", set, "--out", path("run"), "--steps", "1"] + more)
        }
        expectEarly(try train("disc", "--models", models, "--terms", path("none.csv")), path("none.csv"))
        expectEarly(try train("disc", "--models", models, "--terms", "\(set)/manifest.csv"), "columns 'set' and 'terms'")
        expectEarly(try train("disc", "--models", models, "--terms", pipe), "FIFO")
        expectEarly(try train("disc", "--models", site.configuration), "\(site.configuration): The models' folder cannot be made")
        expectEarly(try train("disc", "--models", models, "--judge", path("none")), "/none: a data set without manifest.csv")
        expectEarly(try train("cup", "--models", Program.models, "--disc", "disc-none"), "There is no model disc-none")
        expectEarly(try train("cup", "--models", Program.models, "--disc", router), "the task router, expected disc")
        expectEarly(try train("disc", "--side", "33"), "a multiple of 32")
        #expect(!FileManager.default.fileExists(atPath: path("run")))
        try FileManager.default.createDirectory(atPath: path("run"), withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: path("run/run.json")))
        expectEarly(try train("disc"), "holds a run already")
        for more in [["--judge", set], ["--terms", pipe], ["--disc", router], ["--models", models, "--disc", router]] {
            let useless = try run(["train", "--task", "disc", "--data", set, "--out", path("run")] + more)
            #expect(useless.status == 64 && useless.errors.contains("goes with --"), "\(useless.errors)")
        }
    }

    @Test(
        "What a command cannot write at its end is said before it begins",
        .enabled(if: Machine.canObeyPermissions, "root needs setpriv"))
    func unwritable() throws {
        let site = try Site(models: "models")
        let (models, closed) = (site.folder.appending(path: "models"), site.folder.appending(path: "closed").path)
        try FileManager.default.copyItem(at: URL(fileURLWithPath: Program.models), to: models)
        try FileManager.default.createDirectory(atPath: closed, withIntermediateDirectories: true)
        let image = try #require(try site.phantoms("fundus", count: 6).first)
        let set = image.deletingLastPathComponent().deletingLastPathComponent().path
        #expect(try site.papilla("serve", "--drain").status == 0)
        let live = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: models.appending(path: "live.json"))) as? [String: Any])
        let candidate = try #require(
            try FileManager.default.contentsOfDirectory(atPath: models.path).first {
                $0.hasPrefix("disc-") && live["disc"] as? String != $0
            })
        let folders = [models.path, models.appending(path: candidate).path, closed]
        for folder in folders { try #require(chmod(folder, 0o555) == 0) }
        defer { for folder in folders { chmod(folder, 0o755) } }
        let out = site.folder.appending(path: "run").path
        for arguments in [
            ["retrain", "--task", "disc", "--config", site.configuration],
            ["train", "--task", "disc", "--data", set, "--out", out, "--models", models.path],
        ] {
            let result = try runWithoutRights(arguments)
            expectEarly(result, "\(models.path): A new model could not be saved in this folder (Permission denied)")
            #expect(result.errors.contains("et this user write to it"), "\(result.errors)")
        }
        let described = "This model could not be described anew (Permission denied)"
        for arguments in [["calibrate", "--task", "disc", "--model", candidate], ["models", "quantise", candidate]] {
            expectEarly(try runWithoutRights(arguments + ["--data", set, "--models", models.path]), described)
        }
        let other = try runWithoutRights(["train", "--task", "disc", "--data", set, "--out", closed])
        expectEarly(other, "\(closed): the run's folder cannot be written to (Permission denied)")
        let read = ["evaluate", "--task", "disc", "--data", set, "--models", models.path, "--csv"]
        expectEarly(try runWithoutRights(read + ["\(closed)/table.csv"]), "the table cannot be written (Permission denied)")
        expectEarly(try run(read + [closed]), "it is a folder; a file was expected")
        let sheet = try runWithoutRights(["dataset", "check", set, "--sheet", "\(closed)/sheet.jpg"])
        expectEarly(sheet, "the sheet cannot be written (Permission denied)")
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

    @Test("Credentials that cannot be read are no credentials that are not there")
    func credentials() throws {
        let site = try Site()
        for (folder, words) in [(site.configuration, "Not a directory"), ("/nonexistent", "none: statements are not signed")] {
            let environment = ["CREDENTIALS_DIRECTORY": folder]
            let doctor = try Program.run(["doctor", "--config", site.configuration], environment: environment)
            #expect(doctor.output.contains(words), "\(doctor.output)")
        }
    }
}
