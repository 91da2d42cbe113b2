internal import ArgumentParser
internal import Foundation
internal import Neural
internal import Screening

/// The program: one file a command; errors end up here.
@main
struct Papilla: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "papilla",
        abstract: "Screens fundus photographs and endoscopy frames, and keeps an account of every file.",
        discussion: """
            Research use only. Not a medical device: a person decides.

            Results go to standard output (--json for programs), talk and progress to standard error. Exit status: 0 done, 1 it could not \
            be done, 64 bad usage, 78 bad configuration. Every command takes --verbose, which names files and causes in errors.

            Example: papilla screen eye.jpg --out results
            """,
        version: Version.current,
        groupedSubcommands: [
            CommandGroup(name: "Screening", subcommands: [ServeCommand.self, ScreenCommand.self]),
            CommandGroup(
                name: "The account",
                subcommands: [
                    StatusCommand.self, StatementCommand.self, AuditCommand.self, ExportCommand.self, RequeueCommand.self,
                    ForgetCommand.self, BackupCommand.self, RestoreCommand.self, DoctorCommand.self,
                ]),
            CommandGroup(name: "Readers", subcommands: [ReviewCommand.self]),
            CommandGroup(
                name: "Models",
                subcommands: [
                    ModelsCommand.self, TrainCommand.self, EvaluateCommand.self, CalibrateCommand.self, RetrainCommand.self,
                    StudyCommand.self,
                    ArchitecturesCommand.self,
                    BenchCommand.self,
                ]),
            CommandGroup(name: "Data", subcommands: [PhantomCommand.self]),
        ])

    static func main() async {
        var arguments = Array(CommandLine.arguments.dropFirst())
        let isVerbose = arguments.contains("--verbose")
        arguments.removeAll { $0 == "--verbose" }
        do {
            var command = try parseAsRoot(arguments)
            if let refusal = EngineInfo.refusal { throw refusal }
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch let error as PapillaError {
            // A configuration's place is a file and a line that no patient stands in, and useless without.
            let text = isVerbose || error.code == .badConfiguration ? error.detailed : error.description
            let more = isVerbose || error.place == nil || error.code == .badConfiguration ? "" : " (--verbose says where)"
            FileHandle.standardError.write(Data("papilla: \(text)\(more)\n".utf8))
            Foundation.exit(error.exitStatus)
        } catch {
            exit(withError: error)
        }
    }
}
