import Foundation
import TestSupport
import Testing

@Suite("The command line")
struct CommandLineTests {
    /// Runs the program by a shell's line, in which `papilla` is its path.
    private func shell(_ line: String) throws -> Program.Result {
        let start = "papilla() { \"$PROGRAM\" \"$@\"; }; "
        return try Program.run(["-c", start + line], program: "/bin/bash", environment: ["PROGRAM": Program.path])
    }

    @Test(
        "D1: what a full disk or a closed output does not take ends every command with 1 and a word",
        arguments: [
            "--help", "--version", "statement --help", "architectures", "architectures --json", "models list --models MODELS",
            "statement --config SITE", "status --config SITE", "export --config SITE", "export --jsonl --config SITE",
            "audit list --config SITE", "audit verify --config SITE", "doctor --config SITE", "review list --config SITE",
            "review agreement --config SITE",
        ])
    func fullDisk(_ command: String) throws {
        let site = try Site()
        _ = try site.papilla("serve", "--drain")
        let line = command.replacing("SITE", with: site.configuration).replacing("MODELS", with: Program.models)
        let usual = try shell("papilla \(line)")
        for target in ["/dev/full", "&-"] {
            let result = try shell("papilla \(line) > \(target)".replacing("> &-", with: ">&-"))
            // A ledger without rows gives JSON lines without a line.
            if usual.output.isEmpty {
                #expect(result.status == usual.status)
            } else {
                #expect(result.status == 1 && result.errors.contains("Standard output"), "\(line) > \(target): \(result.errors)")
                #expect(!result.errors.contains("Domain"), "\(result.errors)")
            }
        }
        let pipe = try shell("papilla \(line) | true; trap '' PIPE; papilla \(line) | true")
        #expect(pipe.errors.isEmpty || usual.status != 0, "\(pipe.errors)")
    }

    @Test("D2: an argument that is not UTF-8 is refused by its bytes, and no folder of another name is made")
    func bytes() throws {
        let folder = try TemporaryFolder("arguments")
        for arguments in [
            "phantom --kind fundus --count 1 --out $'M\\xfcller'", "screen $'M\\xfcller.jpg' --out out",
            "statement --config $'\\xff'",
        ] {
            let result = try shell("cd '\(folder.path)' && papilla \(arguments)")
            #expect(result.status == 64 && result.errors.contains("UTF-8") && result.errors.contains("\\x"), "\(result.errors)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test("D3: a byte order mark for Excel where it is asked for")
    func byteOrderMark() throws {
        let site = try Site()
        _ = try site.papilla("serve", "--drain")
        #expect(try site.papilla("export", "--csv", "--bom").output.hasPrefix("\u{FEFF}"))
        #expect(try !site.papilla("export").output.hasPrefix("\u{FEFF}"))
        #expect(try site.papilla("export", "--jsonl", "--bom").status == 64)
    }

    @Test("D4: status with a broken configuration says what it can of the service, and what is broken")
    func brokenConfiguration() throws {
        for settings in ["setle: 2s\n", "settle: {local: 3 parsecs}\n", "settle: [\n", "a: @b\n"] {
            let site = try Site(settings: settings)
            let result = try site.papilla("status")
            #expect(result.status == 78 && result.output.contains("The service is not running"), "\(result.output)")
            #expect(result.errors.contains("papilla.yaml:") && !result.errors.contains("Found found"), "\(result.errors)")
            let json = try site.papilla("status", "--json")
            let problem = try json.json()["problem"] as? String
            #expect(json.status == 78 && problem != nil)
        }
    }

    /// A command as `--experimental-dump-help` describes it.
    private struct Described: Decodable {
        struct Argument: Decodable {
            struct Name: Decodable { var kind: String, name: String }
            var kind: String
            var names: [Name]?
            var isOptional: Bool
            var valueName: String?
            var allValues: [String]?
        }
        var commandName: String
        var subcommands: [Described]?
        var arguments: [Argument]?
    }
    private struct Dump: Decodable { var command: Described }

    @Test("E5: no option of any command takes a number to a crash")
    func numbers() throws {
        let dump = try JSONDecoder().decode(Dump.self, from: Data(Program.run(["--experimental-dump-help"]).output.utf8)).command
        let site = try Site()
        // What else a command needs, so that the option's turn comes.
        let needed = [
            "task": "cup", "data": "/nonexistent", "out": "/nonexistent/out", "kind": "fundus", "count": "1", "model": "none",
            "reader": "A", "runs": "1",
        ]
        let values = [
            "0", "-1", "1", "100000", "2147483648", "4294967296", "9223372036854775807", "-9223372036854775808",
            "18446744073709551615", "99999999999999999999", "nan", "inf", "-inf", "1e308", "1e-320", "0.5",
        ]
        // These go on until they are stopped, or take any text.
        let left = ["serve", "help", "generate-manual"]
        var runs: [[String]] = []
        func visit(_ command: Described, _ path: [String]) {
            for child in command.subcommands ?? [] where !left.contains(child.commandName) {
                visit(child, path + [child.commandName])
            }
            guard command.subcommands?.isEmpty ?? true else { return }
            let arguments = command.arguments ?? []
            for option in arguments where option.kind == "option" && option.allValues == nil {
                guard let name = option.names?.first(where: { $0.kind == "long" })?.name,
                    needed[name] == nil || name == "count" || name == "runs",
                    !["config", "models", "init", "disc", "cup", "polyp", "terms", "csv", "note", "format"].contains(name)
                else { continue }
                for value in values {
                    var line = path
                    for other in arguments where !other.isOptional {
                        if other.kind == "positional" { line.append("none") }
                        guard other.kind == "option", let long = other.names?.first(where: { $0.kind == "long" })?.name,
                            long != name
                        else { continue }
                        line += ["--\(long)", needed[long] ?? "none"]
                    }
                    if path == ["bench"] {
                        for (small, size) in [("width", "8"), ("side", "32"), ("runs", "1")] where small != name {
                            line += ["--\(small)", size]
                        }
                        if name == "runs" && value == "100000" { continue }
                    }
                    if arguments.contains(where: { $0.names?.contains { $0.name == "config" } ?? false }) {
                        line += ["--config", site.configuration]
                    }
                    runs.append(line + ["--\(name)=\(value)"])
                }
            }
        }
        visit(dump, [])
        #expect(runs.count > 500)
        // Where a value is a file's name, the file is made in a folder of the test's own.
        for line in runs {
            let result = try Program.run(line, in: site.folder)
            #expect([0, 1, 64, 78].contains(result.status), "\(line): \(result.status) \(result.errors)")
            #expect(!result.errors.contains("Fatal error"), "\(line): \(result.errors)")
        }
    }
}
