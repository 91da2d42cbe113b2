internal import ArgumentParser
internal import Control
internal import Foundation
internal import Ledger
internal import Registry
internal import Review
internal import Screening
internal import Service
internal import Settings

/// `papilla review`: readers' decisions.
struct ReviewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review", abstract: "Shows what a person should look at, and takes readers' decisions.",
        discussion: """
            A decision accepts, rejects or corrects a screening. It names its reader, is never changed, and may be followed by another: the \
            last one counts. A correction is measured again and published as the next version; what was published stays as it is.

            Example: papilla review serve
            """,
        subcommands: [
            ReviewListCommand.self, ReviewShowCommand.self, ReviewAcceptCommand.self, ReviewRejectCommand.self,
            ReviewCorrectCommand.self, ReviewServeCommand.self, ReviewAgreementCommand.self,
        ])
}

extension ReviewCatalogue {
    /// A catalogue of the folders that a configuration names.
    ///
    /// - Parameter blindShare: the page's; commands keep nothing back.
    init(_ configuration: Configuration, blindShare: Double = 0) async throws(PapillaError) {
        let paths = configuration.paths
        self.init(
            ledger: try await paths.openLedger(), outbox: paths.outbox, archive: paths.archive,
            models: ModelStore(directory: paths.models), blindShare: blindShare)
    }
}

/// The options that say who decides and why, and how to tell the service.
struct ReaderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Who decides.",
            discussion: """
                Without it, the user who runs the command, under the name that readers in the configuration gives. Only administrators may \
                give another.
                """))
    var reader: String?
    @Option(help: "Why, in a sentence.") var note: String?
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print the decision as one JSON value.") var json = false

    /// Has the service write a decision down, and prints it.
    func decide(
        _ id: String, _ verdict: Report.Decision.Verdict, masks: [String: Data] = [:], blind: Bool = false, eye: Eye? = nil
    ) throws {
        let socket = try configuration.load().paths.socket
        let request = ReviewRequest(
            arrival: id, verdict: verdict, reader: reader, note: note, masks: masks, blind: blind, eye: eye)
        // Measuring, drawing and publishing may take a while on a busy machine.
        guard let answer = try ControlClient.ask(.review(request), at: socket, patience: 120), let decided = answer.decided else {
            throw PapillaError(.notFound, "The service is not running", place: socket, hint: "Start it: systemctl start papilla")
        }
        if json { return print(try CanonicalJSON.document(decided), terminator: "") }
        let what = decided.result.map { "corrected, version \($0) is published" } ?? "\(decided.verdict.rawValue)ed"
        print("\(decided.arrival) \(what) (\(decided.reader))")
    }
}

/// `papilla review accept ID`
struct ReviewAcceptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept", abstract: "Confirms a screening as it is.",
        discussion: "Example: papilla review accept k7q --reader \"A. Berg\"")
    @Argument(help: "The screening's ID, or a unique beginning of its second part.") var id: String
    @OptionGroup var options: ReaderOptions

    func run() throws { try options.decide(id, .accept) }
}

/// `papilla review reject ID --note WHY`
struct ReviewRejectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject", abstract: "Says that a screening is not to be used, and why.",
        discussion: "Example: papilla review reject k7q --note \"not the disc\"")
    @Argument(help: "The screening's ID, or a unique beginning of its second part.") var id: String
    @OptionGroup var options: ReaderOptions

    func validate() throws {
        if options.note?.allSatisfy(\.isWhitespace) ?? true { throw ValidationError("A rejection says why: --note TEXT") }
    }

    func run() throws { try options.decide(id, .reject) }
}
