internal import ArgumentParser
internal import Control
internal import Dispatch
internal import Foundation
internal import Ledger
internal import Logging
internal import Review
internal import Screening
internal import Service
internal import Settings

/// `papilla review serve`: the page.
struct ReviewServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serves the review page to a browser on this machine.",
        discussion: """
            Prints an address for each reader. It lets one browser in, once, and must be kept to oneself; decisions made there carry that \
            reader's name. Needs no network. Decisions go through the running service. Stops at Ctrl-C.

            Of a share of the undecided screenings (blind_share in the configuration) the page keeps back what the models found until the reader \
            has drawn. Only the page does: commands and the outbox show everything.

            From another machine, forward the port: ssh -L 8320:127.0.0.1:8320 HOST. With --address the page can be reached from the network, \
            without encryption: only do so where nobody else listens.

            Example: papilla review serve --port 8320 --reader "A. Berg" --reader "C. Diaz"
            """)
    @Option(
        help: ArgumentHelp(
            "A reader's name; may be given several times, by administrators. Without it, the user's own.", valueName: "name"))
    var reader: [String] = []
    @Option(help: "The port; 0 for any that is free.") var port = 0
    @Option(help: "The name or number under which browsers reach this machine.") var address = "127.0.0.1"
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print the addresses as JSON lines.") var json = false

    func validate() throws {
        if !(0...65535).contains(port) { throw ValidationError("--port must be 0 to 65535, not \(port)") }
    }

    func run() async throws {
        let loaded = try configuration.load()
        let socket = loaded.paths.socket
        let own = Peer.own(at: socket)
        // Found out now, and not at a reader's first decision.
        let readers = try reader.isEmpty ? [own.reader(nil, loaded.readers)] : reader.map { try own.reader($0, loaded.readers) }
        if own.role < .reader {
            FileHandle.standardError.write(
                Data("papilla: this user may look, but not decide: that is for members of \(Role.reader.group)\n".utf8))
        }
        let log = Logger(label: "review") { _ in SwiftLogNoOpLogHandler() }
        let server = try ReviewServer(try await ReviewCatalogue(loaded, blindShare: loaded.blindShare), log: log) {
            try await Self.ask($0, at: socket)
        }
        if address != "127.0.0.1", address != "localhost" {
            FileHandle.standardError.write(
                Data("papilla: anyone on the network between here and the browser can read along at \(address)\n".utf8))
        }
        let printsJSON = json
        try await server.run(readers: readers, address: address, port: port) { reader, address in
            let line =
                printsJSON ? (try? CanonicalJSON.line(["reader": reader, "address": address])) ?? "" : "\(reader): \(address)"
            print(line)
            fflush(nil)
        }
    }

    /// Has the service write a decision down, on a thread that may wait.
    private static func ask(_ decision: PageDecision, at socket: String) async throws -> DecisionRow {
        let request = ReviewRequest(
            arrival: "\(decision.arrival)", verdict: decision.verdict, reader: decision.reader, note: decision.note,
            seen: decision.seen, masks: decision.masks, blind: decision.blind, eye: decision.eye)
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        guard let answer = try ControlClient.ask(.review(request), at: socket, patience: 120),
                            let decided = answer.decided
                        else {
                            throw PapillaError(
                                .system, "The service is not running, so that nothing can be decided",
                                hint: "Start it: systemctl start papilla", isRetryable: true)
                        }
                        return decided
                    })
            }
        }
    }
}
