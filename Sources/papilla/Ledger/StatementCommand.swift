internal import ArgumentParser
internal import Deliveries
internal import Ledger
internal import Screening
internal import Service
internal import Settings

/// `papilla statement`: where everything that was received is.
struct StatementCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statement", abstract: "Accounts for every file received: measured, ..., failed, pending, unexplained.",
        discussion: """
            received is the sum of all the others. unexplained counts arrivals whose file is nowhere and files of ours that no arrival \
            explains: it must be 0; if it is not, papilla audit verify names them. Where results go to targets, it also says how many were \
            delivered, are still to be (and how many of those are given up), and are withheld: papilla deliveries names them. Only reads: it may run while the service works.

            Example: papilla statement --day 2026-11-24 --json
            """)
    @OptionGroup var configuration: ConfigurationOption
    @Option(help: "Only arrivals of this day (UTC), like 2026-11-24.") var day: String?
    @Flag(help: "Print one JSON value.") var json = false

    func validate() throws {
        if let day, Timestamp(startOf: day) == nil { throw ValidationError("--day must be a day like 2026-11-24, not \(day)") }
    }

    func run() async throws {
        let loaded = try configuration.load()
        let ledger = try await loaded.paths.openLedger()
        let statement = try await ledger.statement(
            day: day, in: loaded.paths.folders(of: ledger), givingUp: loaded.givenUp(at: .now))
        if json { return print(try CanonicalJSON.document(statement), terminator: "") }
        var rows = [
            ("measured", statement.measured), ("no finding", statement.noFinding), ("ungradable", statement.ungradable),
            ("out of domain", statement.outOfDomain), ("failed", statement.failed), ("pending", statement.pending),
            ("unexplained", statement.unexplained),
        ]
        let deliveries = [
            ("delivered", statement.delivered), ("undelivered", statement.undelivered), ("given up", statement.givenUp),
            ("withheld", statement.withheld),
        ]
        if deliveries.contains(where: { $0.1 > 0 }) { rows += deliveries }
        print(TextTable(["received", "\(statement.received)"], rows.map { [$0.0, "\($0.1)"] }, right: [1]).text)
    }
}
