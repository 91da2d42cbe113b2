public import ArgumentParser
public import Ledger
internal import Screening
internal import Service
internal import Settings

/// `papilla deliveries`: what goes to the targets that the configuration names.
struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries", abstract: "Lists results that are to be delivered, or were.",
        discussion: """
            A result is due to every target of the configuration from its publication on. It is withheld where whose image it is is not known \
            (no_identity) or doubted (identity_conflict: until a reader accepts or corrects it), and cancelled where a later version goes in \
            its place or the arrival was forgotten. Without --state what is due or withheld is listed. Only reads: it may run while the \
            service works.

            Example: papilla deliveries --state delivered --limit 20
            """)
    @OptionGroup var configuration: ConfigurationOption
    @Option(help: "Only in this state: due, withheld, delivered or cancelled. May be given several times.") var state:
        [DeliveryRow.State] = []
    @Option(help: "Only to this target.") var target: String?
    @Option(help: "At most so many, the latest.") var limit: Int?
    @Flag(help: "Print one JSON value: a list.") var json = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more, not \(limit)") }
    }

    func run() async throws {
        let ledger = try await configuration.load().paths.openLedger()
        let rows = try await ledger.deliveries(
            of: nil, to: target, in: state.isEmpty ? [.due, .withheld] : Set(state), limit: limit)
        if json { return print(try CanonicalJSON.document(rows), terminator: "") }
        if rows.isEmpty { return print("Nothing.") }
        let cells = rows.map {
            [
                "\($0.arrival)", "\($0.version)", $0.target, $0.state.rawValue, $0.why?.rawValue ?? "-", "\($0.due)",
                "\($0.changed)",
            ]
        }
        print(TextTable(["id", "version", "target", "state", "why", "due", "changed"], cells, right: [1]).text)
    }
}

extension DeliveryRow.State: ExpressibleByArgument {}
