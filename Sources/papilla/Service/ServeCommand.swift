internal import ArgumentParser
internal import Glibc
internal import Journal
internal import Logging
internal import Neural
internal import Retraining
internal import Review
internal import Screening
internal import Service
internal import Settings
internal import Synchronization

/// `papilla serve`: the service.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Watches the inbox, screens every image, and publishes a bundle for each file.",
        discussion: """
            Runs until SIGTERM or SIGINT, which finish the images in hand; a second one ends at once. SIGHUP reads configuration and \
            models again. With --drain it ends by itself when nothing is left to do; files need not wait for a deadline then, and it prints \
            what became of them.

            Example: papilla serve --config papilla.yaml --drain
            """)
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Process everything there is, then end; exit status 1 if anything stays pending.") var drain = false
    @Flag(help: "Print one JSON line for every arrival when it ends.") var json = false

    func run() async throws {
        let loaded = try configuration.load()
        LoggingSystem.bootstrap { _ in JournalHandler() }
        if loaded.threads > 0 { EngineInfo.setThreads(loaded.threads) }
        let results = Results(keeps: drain && !json, printsLines: json)
        let server = Server(loaded, isDraining: drain, log: Logger(label: "papilla"), gate: Self.gate(loaded)) { results.add($0) }
        do { try await server.run() } catch {
            // What was done before it went wrong.
            results.printTable(orElse: nil)
            throw error
        }
        results.printTable(orElse: "Nothing was waiting.")
    }

    /// What a model must pass to become live.
    static func gate(_ configuration: Configuration) -> PromotionGate {
        let check = RetrainCommand.check(configuration)
        return { model, ledger in try await check.pass(model, ledger) }
    }
}

/// The outcomes of the files of a drain.
private final class Results: Sendable {
    private let keeps: Bool
    private let printsLines: Bool
    private let rows = Mutex<[[String]]>([])

    init(keeps: Bool, printsLines: Bool) {
        self.keeps = keeps
        self.printsLines = printsLines
    }

    func add(_ result: Server.Result) {
        if printsLines, let line = try? CanonicalJSON.line(result) {
            print(line)
            fflush(nil)
        }
        guard keeps else { return }
        let finding =
            result.vcdr.map { "vCDR \(TextTable.decimal($0))" } ?? result.polyps.map { $0 == 1 ? "1 polyp" : "\($0) polyps" }
            ?? result.reasons.map(\.rawValue).joined(separator: ", ")
        rows.withLock {
            $0.append([
                "\(result.id.suffix)", TextTable.printable(result.file), result.modality?.rawValue ?? "-",
                result.outcome.rawValue,
                finding.isEmpty ? "-" : finding,
                "\(Int(result.milliseconds.rounded()))", result.bundle,
            ])
        }
    }

    func printTable(orElse nothing: String?) {
        guard keeps else { return }
        let rows = rows.withLock(\.self)
        if rows.isEmpty {
            if let nothing { print(nothing) }
            return
        }
        print(TextTable(["id", "file", "modality", "outcome", "result", "ms", "bundle"], rows, right: [5]).text)
    }
}
