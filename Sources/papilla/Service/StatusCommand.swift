internal import ArgumentParser
internal import Control
internal import Deliveries
internal import Ledger
internal import Screening
internal import Service
internal import Settings

/// `papilla status`: how the service and its work stand.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows how the service and its work stand.",
        discussion: """
            Asks the running service through its socket, and the ledger. Works without the service too, and says that it does not run, or that \
            this user has no right to know; with a configuration that is broken it shows what it still can, and ends with status 78.

            Example: papilla status --json
            """)
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print one JSON value.") var json = false

    /// The output of `--json`.
    private struct Whole: Encodable {
        /// Null where it is not known: the socket cannot be reached or does not answer.
        @Nullable var running: Bool?
        @Nullable var service: ServiceStatus?
        @Nullable var ledger: Overview?
        /// Those that share the ledger; none where it is a file.
        var stations: [StationRow]
        /// Why the ledger or the configuration could not be read, or the service not be asked.
        @Nullable var problem: String?
    }

    func run() async throws {
        // A service that runs goes on with the configuration that it began with: a broken file keeps nobody from asking it.
        var refusal: PapillaError?
        let paths: Configuration.Paths
        var limits: [String: Timestamp] = [:]
        do {
            let configuration = try configuration.load()
            paths = configuration.paths
            limits = configuration.givenUp(at: .now)
        } catch {
            refusal = error
            paths = Configuration.paths(ofBroken: configuration.file)
        }
        var service: ServiceStatus?
        /// Why it is not known whether a service runs.
        var unasked: PapillaError?
        do throws(PapillaError) { service = try ControlClient.ask(.status, at: paths.socket)?.status } catch { unasked = error }
        var overview: Overview?
        var stations: [StationRow] = []
        var problem: PapillaError?
        // What the service says counts most when the ledger cannot be read.
        do throws(PapillaError) {
            let ledger = try await paths.openLedger()
            overview = try await ledger.overview(givingUp: limits)
            stations = try await ledger.stations()
        } catch {
            if error.code != .notFound { problem = error }
        }
        if json {
            let whole = Whole(
                running: unasked == nil ? service != nil : nil, service: service, ledger: overview, stations: stations,
                problem: (refusal ?? unasked ?? problem)?.description)
            print(try CanonicalJSON.document(whole), terminator: "")
            if let refusal { throw refusal }
            if unasked != nil || problem != nil { throw ExitCode.failure }
            return
        }
        if let service {
            Self.show(service)
        } else {
            print(unasked.map { "It is not known whether the service runs. \($0)." } ?? "The service is not running.")
        }
        if let overview {
            Self.show(overview, stations)
        } else {
            print(problem.map { "\($0)" } ?? "There is no ledger yet: the service makes it at its first start.")
        }
        if let refusal { throw refusal }
        if unasked != nil || problem != nil { throw ExitCode.failure }
    }

    private static func show(_ service: ServiceStatus) {
        print("papilla \(service.version), process \(service.pid), since \(service.since): \(service.state)")
        for alarm in service.alarms where alarm.notice == nil {
            print("ALARM \(alarm.about), since \(alarm.since): \(alarm.text)")
        }
        let inbox = service.inbox
        var rows = [
            [
                "inbox",
                "\(inbox.waiting) waiting, \(inbox.ignored) ignored, \(inbox.folders) folders (\(inbox.mode))"
                    + (inbox.unreadable > 0 ? ", \(inbox.unreadable) cannot be read" : ""),
            ],
            ["last event", inbox.lastEvent.map { "\($0)" } ?? "none"],
            [
                "last sweep",
                (inbox.lastSweep.map { "\($0)" } ?? "none") + (inbox.overflows > 0 ? ", \(inbox.overflows) overflows" : ""),
            ],
            ["in hand", service.inHand.isEmpty ? "nothing" : service.inHand.map(\.description).joined(separator: ", ")],
        ]
        if service.retrying > 0 { rows.append(["tried again", "\(service.retrying)"]) }
        if let mean = service.meanSeconds { rows.append(["mean time", "\((mean * 10).rounded() / 10) s from arrival to end"]) }
        rows.append(["models", service.models.map(\.name).joined(separator: ", ")])
        for disk in service.disks {
            rows.append(["disk of \(disk.folder)", "\(disk.free >> 20) MiB free of \(disk.size >> 20)"])
        }
        if let checks = service.checks {
            let last = checks.lastEnded.map { "every one read by \($0)" } ?? "not all read yet"
            rows.append(["files", last + (checks.rotten.isEmpty ? "" : ", \(checks.rotten.count) not as they were written")])
        }
        for error in service.errors {
            rows.append(["error", "\(error.at)  \(error.id.map(\.description) ?? "-")  \(error.text)"])
        }
        print(TextTable(["", ""], rows).text.drop { $0 == "\n" })
    }

    private static func show(_ overview: Overview, _ stations: [StationRow]) {
        func counts(_ values: [String: Int]) -> String {
            values.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        }
        let pending = overview.states.filter { $0.key != ArrivalState.finished.rawValue }
        var rows = [["pending", counts(pending)], ["ended", counts(overview.outcomes)]]
        rows.append(["ended of late", "\(overview.finishedLastHour) in an hour, \(overview.finishedLastDay) in a day"])
        if let oldest = overview.oldestPending {
            rows.append(["oldest pending", "\(oldest.id), since \(oldest.received), \(oldest.state.rawValue)"])
        }
        for wait in overview.waits { rows.append(["waiting for", "\(wait.what): \(wait.count), since \(wait.since)"]) }
        for delivery in overview.deliveries {
            var parts = ["\(delivery.due) due" + (delivery.oldestDue.map { " since \($0)" } ?? "")]
            if delivery.givenUp > 0 { parts.append("\(delivery.givenUp) of them given up") }
            if delivery.withheld > 0 { parts.append("\(delivery.withheld) withheld") }
            rows.append(["delivery to \(delivery.target)", (parts + ["\(delivery.delivered) delivered"]).joined(separator: ", ")])
        }
        for station in stations {
            let state = station.lives ? "works" : "is silent"
            rows.append([
                "station \(station.name)", "\(state), \(station.arrivals) in hand, \(station.version), since \(station.entered)",
            ])
        }
        for failure in overview.failures { rows.append(["failed", "\(failure.id)  \(failure.code)  \(failure.detail ?? "")"]) }
        print(TextTable(["", ""], rows).text.drop { $0 == "\n" })
    }
}
