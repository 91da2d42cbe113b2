internal import ArgumentParser
internal import Dicom
internal import Files
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
                    StatusCommand.self, StatementCommand.self, AuditCommand.self, ExportCommand.self, HistoryCommand.self,
                    RequeueCommand.self, RereadCommand.self,
                    DeliveriesCommand.self, ForgetCommand.self, BackupCommand.self, RestoreCommand.self, LedgerCommand.self,
                    DoctorCommand.self,
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
            CommandGroup(name: "Data", subcommands: [DicomCommand.self, DatasetCommand.self, PhantomCommand.self]),
        ])

    static func main() async {
        StandardStreams.reserve()
        DicomFile.install()
        if let refusal = Arguments.refusal {
            say(refusal.description)
            Foundation.exit(64)
        }
        var arguments = Array(CommandLine.arguments.dropFirst())
        let isVerbose = arguments.contains("--verbose")
        arguments.removeAll { $0 == "--verbose" }
        var status = await run(arguments, isVerbose: isVerbose)
        do throws(PapillaError) { try StandardOutput.finish() } catch {
            if !StandardOutput.isUnread { say(error.description) }
            if status == 0 { status = 1 }
        }
        Foundation.exit(status)
    }

    /// Runs a command and says what went wrong; returns the exit status.
    private static func run(_ arguments: [String], isVerbose: Bool) async -> Int32 {
        var command: any ParsableCommand
        do { command = try parseAsRoot(arguments) } catch { return end(with: error) }
        let namesFiles = isVerbose || command is any OwnFilesCommand
        do {
            if let refusal = EngineInfo.refusal { throw refusal }
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
            return 0
        } catch let error where error is ExitCode || [.success, .validationFailure].contains(exitCode(for: error)) {
            // Help is a command of its own, too.
            return end(with: error)
        } catch {
            let error = error as? PapillaError ?? PapillaError(foreign: error)
            // A configuration's place is a file and a line that no patient stands in, and useless without.
            let isPlain = namesFiles || error.code == .badConfiguration
            say((isPlain ? error.detailed : error.description) + (isPlain || error.place == nil ? "" : " (--verbose says where)"))
            return error.exitStatus
        }
    }

    /// Prints what the parser of arguments has to say: help to standard output, refusals to standard error.
    private static func end(with error: any Error) -> Int32 {
        let code = exitCode(for: error)
        let text = fullMessage(for: error)
        if !text.isEmpty {
            if code.isSuccess { print(text) } else { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
        }
        return code.rawValue
    }

    private static func say(_ text: String) { FileHandle.standardError.write(Data("papilla: \(text)\n".utf8)) }
}

extension PapillaError {
    /// An error of another library, in words for a person: what the operating system said, where it said something.
    init(foreign error: any Error) {
        if error is CancellationError {
            self.init(.system, "The command was stopped before its end", isRetryable: true)
            return
        }
        if let error = error as? FileError {
            self = .system("A file or folder could not be used", errno: error.number, words: error.words, place: error.place)
            return
        }
        let outer = error as NSError
        let inner = outer.userInfo[NSUnderlyingErrorKey] as? NSError ?? outer
        let path = outer.userInfo[NSFilePathErrorKey] as? String
        if inner.domain == NSPOSIXErrorDomain {
            self = .system("A file or folder could not be used", errno: Int32(clamping: inner.code), place: path)
        } else if outer.domain == NSCocoaErrorDomain {
            self.init(.system, "A file or folder could not be used: \(outer.localizedDescription)", place: path)
        } else {
            self.init(.internal, "The command could not be finished", cause: error)
        }
    }
}
