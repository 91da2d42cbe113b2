public import ArgumentParser
internal import Control
internal import Deliveries
public import Ledger
internal import Screening
internal import Service
internal import Settings

/// `papilla deliveries`: what goes to the targets that the configuration names.
struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries", abstract: "Lists results that are to be delivered, or were, and has them tried again.",
        discussion: """
            A result is due to every target of the configuration from its publication on. It is withheld where whose image it is is not known \
            (no_identity) or doubted (identity_conflict: until a reader accepts or corrects it), and cancelled where a later version goes in \
            its place or the arrival was forgotten. Without --state what is due or withheld is listed. What a target did not take for \
            longer than its give_up is listed as given up; --again has it tried anew, or what is due of the arrivals named, and needs the \
            running service and the group papilla. What a target has it is never sent again.

            Example: papilla deliveries --again --target pacs
            """)
    @OptionGroup var configuration: ConfigurationOption
    @Option(help: "Only in this state: due, withheld, delivered or cancelled. May be given several times.") var state:
        [DeliveryRow.State] = []
    @Option(help: "Only to this target.") var target: String?
    @Option(help: "At most so many, the latest.") var limit: Int?
    @Flag(help: "Have what was given up, or what is due of the arrivals named, tried again.") var again = false
    @Argument(help: "With --again: IDs, or any unique beginnings of their second parts, of three characters or more.")
    var arrivals: [String] = []
    @Flag(help: "Print one JSON value: a list.") var json = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more, not \(limit)") }
        if again, !state.isEmpty || limit != nil { throw ValidationError("--again goes with --target alone") }
        if !again, !arrivals.isEmpty { throw ValidationError("IDs go with --again") }
    }

    func run() async throws {
        let loaded = try configuration.load()
        if again { return try deliverAgain(at: loaded.paths.socket) }
        let ledger = try await loaded.paths.openLedger()
        let rows = try await ledger.deliveries(
            of: nil, to: target, in: state.isEmpty ? [.due, .withheld] : Set(state), limit: limit)
        if json { return print(try CanonicalJSON.document(rows), terminator: "") }
        if rows.isEmpty { return print("Nothing.") }
        let limits = loaded.givenUp(at: .now)
        let cells = rows.map { row in
            let isGivenUp = row.state == .due && limits[row.target].map { row.due < $0 } ?? false
            return [
                "\(row.arrival)", "\(row.version)", row.target, isGivenUp ? "given up" : row.state.rawValue,
                row.why?.rawValue ?? "-", "\(row.due)", "\(row.changed)",
            ]
        }
        print(TextTable(["id", "version", "target", "state", "why", "due", "changed"], cells, right: [1]).text)
    }

    private func deliverAgain(at socket: String) throws {
        guard let answer = try ControlClient.ask(.deliver(arrivals: arrivals, target: target), at: socket) else {
            throw PapillaError(.notFound, "The service is not running", place: socket, hint: "Start it: systemctl start papilla")
        }
        let rows = answer.deliveries ?? []
        if json { return print(try CanonicalJSON.document(rows), terminator: "") }
        for row in rows { print("\(row.arrival), version \(row.version), is tried again to \(row.target)") }
        if rows.isEmpty { print("Nothing was given up.") }
    }
}

extension DeliveryRow.State: ExpressibleByArgument {}
