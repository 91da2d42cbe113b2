internal import ArgumentParser
internal import Files
internal import Ledger
internal import Screening
internal import Service
internal import Settings

/// `papilla ledger`: what is done to a ledger as a whole.
struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Moves the ledger from a file to PostgreSQL, and back.", subcommands: [Copy.self])

    /// `papilla ledger copy`.
    struct Copy: AsyncParsableCommand, OwnFilesCommand {
        static let configuration = CommandConfiguration(
            commandName: "copy", abstract: "Copies a ledger, every row and every audit hash, and verifies the copy.",
            discussion: """
                FROM and TO are files or addresses of PostgreSQL, postgresql://USER@HOST/DATABASE; what libpq reads (a service file, a password \
                file, PGSSLMODE) counts. The service must be stopped: what it wrote after the copy would be missing there. Nothing may be in \
                TO's place. The copy's chain is recomputed, and must end with the same head. Then set paths.ledger to TO and start the service.

                Example: papilla ledger copy /var/lib/papilla/ledger/papilla.sqlite postgresql://papilla@db.example/papilla
                """)
        @Argument(help: "The ledger that is copied.") var from: String
        @Argument(help: "Where the copy will be.") var to: String
        @Flag(help: "Print one JSON value.") var json = false

        func run() async throws {
            let bar = ProgressBar()
            let result = try await LedgerAddress(from).copy(to: LedgerAddress(to)) { bar.show(nil, "\($0) rows") }
            bar.end()
            if json { return print(try CanonicalJSON.document(result), terminator: "") }
            print("\(result.ledger): \(result.rows) rows, \(result.entries) audit entries, verified")
            print("head \(result.head)")
        }
    }
}
