internal import ArgumentParser
internal import Control
internal import Ledger
internal import Screening
internal import Service
internal import Settings

/// `papilla requeue`: failed arrivals are read again.
struct RequeueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue", abstract: "Has failed arrivals read again, each as a new arrival.",
        discussion: """
            Copies each one's file and sidecar from quarantine back to where they lay in the inbox, once; the first arrival and its bundle \
            stay as they are. The running service does it and notes who asked. For members of the group papilla.

            Example: papilla requeue --failed
            """)
    @Argument(help: "IDs, or any unique beginnings of their second parts, of three characters or more.") var arrivals: [String] =
        []
    @Flag(help: "All failed arrivals that were not read again before.") var failed = false
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print one JSON value.") var json = false

    func validate() throws {
        if arrivals.isEmpty != failed { throw ValidationError("Expected either IDs or --failed.") }
    }

    func run() async throws {
        let socket = try configuration.load().paths.socket
        guard let answer = try ControlClient.ask(.requeue(arrivals: arrivals, failed: failed), at: socket) else {
            throw PapillaError(.notFound, "The service is not running", place: socket, hint: "Start it: systemctl start papilla")
        }
        let requeued = answer.requeued ?? []
        if json { return print(try CanonicalJSON.document(requeued), terminator: "") }
        for arrival in requeued { print("\(arrival.id) is read again as \(arrival.path)") }
        if requeued.isEmpty { print("No failed arrival is left to be read again.") }
    }
}
