internal import ArgumentParser
internal import Custody
internal import Files
internal import Ledger
internal import Screening
internal import Service
internal import Settings

/// `papilla restore`: a backup's ledger, or one made from the bundles, is put into its place.
struct RestoreCommand: AsyncParsableCommand, OwnFilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Puts a backup of the ledger back, or makes a new ledger from the bundles.",
        discussion: """
            The service must be stopped, and this be run as its user (sudo -u papilla). The ledger that was there is kept beside the new one. What the outbox, \
            archive, quarantine and spool hold and the backup does not know is taken up, so that the statement explains everything again; \
            files that were not finished are read at the service's next start. Without a backup, --from-bundles makes a new ledger from the \
            reports in the outbox: figures, outcomes and originals are as before, the audit begins anew and says so. What was forgotten after a \
            backup is in it again by name: audit verify shows it as missing, and papilla forget blanks it again.

            Example: papilla restore /srv/backup/papilla-2026-11-25.sqlite
            """)
    @Argument(help: "A file that papilla backup made.") var file: String?
    @Flag(help: "Make a new ledger from the bundles in the outbox.") var fromBundles = false
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print one JSON value.") var json = false

    func validate() throws {
        if (file == nil) != fromBundles { throw ValidationError("Expected either a backup's file or --from-bundles.") }
    }

    func run() async throws {
        let loaded = try configuration.load()
        let restore = Restore(loaded, actor: CurrentUser.name, ledgers: loaded.paths.ledgers)
        let result = try await restore.run(from: file.map { .backup($0) } ?? .bundles)
        if json { return print(try CanonicalJSON.document(result), terminator: "") }
        print("\(result.ledger) is restored, \(result.entries) audit entries")
        if let before = result.before { print("the one before it is kept as \(before)") }
        let adopted = result.adopted
        print(
            "taken up from the folders: \(adopted.finished) finished (\(adopted.withoutOriginal) without their original), \(adopted.pending) pending"
        )
        if !adopted.damaged.isEmpty {
            print(
                "\(adopted.damaged.count) damaged bundles were left out: move them away, and their originals are read again by the next restore"
            )
        }
        print("head \(result.head)")
    }
}
