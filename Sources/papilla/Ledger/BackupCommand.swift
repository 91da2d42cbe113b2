internal import ArgumentParser
internal import Ledger
internal import Screening
internal import Service
internal import Settings

/// `papilla backup`: a verified copy of the ledger.
struct BackupCommand: AsyncParsableCommand, OwnFilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies the ledger, also while the service works, and verifies the copy.",
        discussion: """
            The copy is one moment's state in one file: SQLite's integrity, the audit's chain and what must hold between the rows are checked \
            before it gets its name. Bundles and originals are plain files: back those up by your usual means, before or after. Note the head \
            that is printed elsewhere. `papilla restore` puts a copy back.

            Example: papilla backup /srv/backup/papilla-2026-11-25.sqlite
            """)
    @Argument(help: "The file to be made; it must not be there yet.") var file: String
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print one JSON value.") var json = false

    func run() async throws {
        let ledger = try await configuration.load().paths.openLedger()
        let backup = try await ledger.backUp(to: file)
        if json { return print(try CanonicalJSON.document(backup), terminator: "") }
        print("\(backup.file): \(backup.bytes) bytes, \(backup.arrivals) arrivals, \(backup.entries) audit entries, verified")
        print("head \(backup.head)")
    }
}
