internal import ArgumentParser
internal import Control
internal import Ledger
internal import Screening
internal import Service
internal import Settings

/// `papilla forget`: whom an arrival was of is erased.
struct ForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Erases whom an arrival was of: its image, bundles and names.",
        discussion: """
            The running service removes the original with its sidecar and every version of the bundle, and blanks names, paths, patient and \
            study in the ledger and its audit. Counts, outcome, figures and digests stay, and the audit still verifies. Other arrivals of the \
            same patient or image are named, not touched. What was still to be delivered is not; what was delivered is named, and taken away \
            where it still lies. Copies elsewhere (backups, what was taken from the outbox, what a target has read) are yours to erase. The \
            visits that it stands in are erased with it, and put together anew of what is left. With --subject, everything that is known of \
            one subject. For root and the group papilla-admin.

            Examples: papilla forget k7q2m9xd
            papilla forget --subject 4711 --issuer HOSPITAL
            """)
    @Argument(help: "The ID, or any unique beginning of its second part, of three characters or more.") var arrival: String?
    @Option(help: "Instead of an ID: the number of a subject, of whom everything is erased.") var subject: String?
    @Option(help: "With --subject: who gave the number; without it, the subject of whom nobody is stated.") var issuer: String?
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print one JSON value.") var json = false

    func validate() throws {
        guard (arrival == nil) != (subject == nil) else { throw ValidationError("An ID or --subject, and not both") }
        guard issuer == nil || subject != nil else { throw ValidationError("--issuer goes with --subject") }
    }

    func run() async throws {
        let socket = try configuration.load().paths.socket
        if let subject { return try forget(Subject(identifier: subject, issuer: issuer), at: socket) }
        guard let arrival else { return }
        guard let answer = try ControlClient.ask(.forget(arrival: arrival), at: socket), let forgotten = answer.forgotten else {
            throw PapillaError(.notFound, "The service is not running", place: socket, hint: "Start it: systemctl start papilla")
        }
        if json { return print(try CanonicalJSON.document(forgotten), terminator: "") }
        print("\(forgotten.id) is forgotten, \(forgotten.bundles) \(forgotten.bundles == 1 ? "bundle" : "bundles") erased")
        for delivery in forgotten.deliveries {
            let now =
                delivery.withdrawn ? "taken away there; it may have been read before" : "not there any more, or out of reach"
            print("version \(delivery.version) went to \(delivery.target) at \(delivery.at): \(now)")
        }
        for id in forgotten.related { print("\(id) is of the same patient or image, and still there") }
    }

    private func forget(_ subject: Subject, at socket: String) throws {
        guard let answer = try ControlClient.ask(.forgetSubject(subject), at: socket), let forgotten = answer.forgottenSubject
        else {
            throw PapillaError(.notFound, "The service is not running", place: socket, hint: "Start it: systemctl start papilla")
        }
        if json { return print(try CanonicalJSON.document(forgotten), terminator: "") }
        print(
            "\(forgotten.count) \(forgotten.count == 1 ? "arrival is" : "arrivals are") forgotten, with the visits that they stood in"
        )
        for one in forgotten {
            for delivery in one.deliveries where !delivery.withdrawn {
                print("version \(delivery.version) of \(one.id) went to \(delivery.target) at \(delivery.at)")
            }
        }
    }
}
