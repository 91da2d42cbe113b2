internal import Control
internal import Custody
internal import Files
internal import Glibc
public import Ledger
internal import Reading
internal import Registry
public import Screening
public import Settings

/// Finished arrivals on their way through today's models, one after the other: by the running service, or, where none runs, here, under the
/// lock that a service would hold.
public struct Rereading: Sendable {
    private enum Place: Sendable {
        case service(socket: String)
        case here(Own)
    }

    /// What a service would have open.
    private struct Own: Sendable {
        let lock: LedgerLock
        let ledger: any WholeLedger
        let folders: ServiceFolders
        let store: ModelStore
        let screener: ImageReader
        let reviewing: Reviewing
        let executor = WorkExecutor()
    }

    private let place: Place

    /// Seconds in which the service reads one image and publishes it.
    private static let patience = 600

    /// Finds the service, or opens what it would work with.
    ///
    /// - Throws: `refused` where a service is just starting, or a station works on the ledger elsewhere; `notFound` without a ledger; what
    ///   models, ledger and folders throw.
    public init(_ configuration: Configuration) async throws {
        let paths = configuration.paths
        if try ControlClient.ask(.ping, at: paths.socket) != nil {
            place = .service(socket: paths.socket)
            return
        }
        let lock = try LedgerLock(beside: paths.locked)
        if paths.isShared { try await Self.refuseStations(paths) }
        let folders = try ServiceFolders(paths)
        let ledger = try await paths.openLedger(.open)
        let screener = try await Server.screener(configuration)
        let reviewing = Reviewing(ledger: ledger, folders: folders, configuration: { configuration })
        try await reviewing.recover()
        place = .here(
            Own(
                lock: lock, ledger: ledger, folders: folders, store: ModelStore(directory: paths.models), screener: screener,
                reviewing: reviewing))
    }

    /// Refuses where a station lives: who has not entered cannot tell what it has under way from what was left half done.
    private static func refuseStations(_ paths: Configuration.Paths) async throws {
        let ledger = try await paths.openLedger()
        let living = try await ledger.stations().first(where: \.lives)
        try await ledger.close()
        guard let living else { return }
        throw PapillaError(
            .refused, "The station \(living.name) works on this ledger", place: paths.shownLedger,
            hint: "Ask there, where papilla hands it to the running service; or stop every station first")
    }

    /// Reads an arrival's original again and publishes the next version, where today's models have anything to say.
    ///
    /// - Throws: `notFound` also where the service has stopped; `refused` for who may not, and where the reading did not end in its time;
    ///   `damaged` where original or newest bundle are not what they were.
    public func read(_ id: ScreeningID) async throws -> RereadArrival {
        switch place {
        case .service(let socket):
            guard let answer = try ControlClient.ask(.reread(arrival: "\(id)"), at: socket, patience: Self.patience),
                let reread = answer.reread
            else {
                throw PapillaError(
                    .notFound, "The service is not running any more", place: socket, hint: "Start it: systemctl start papilla")
            }
            return reread
        case .here(let own):
            return try await own.reviewing.reread(
                "\(id)", by: own.screener, on: own.executor, actor: UserAccount.actor(getuid()))
        }
    }

    /// Publishes the next version of the visits that some subjects' arrivals stand in, and lets go of everything; the running service does
    /// so by itself. What became due is carried out by the next service.
    public func end(of subjects: Set<Subject>) async throws {
        guard case .here(let own) = place else { return }
        defer { withExtendedLifetime(own.lock) {} }
        for subject in subjects {
            _ = try await VisitPublisher(ledger: own.ledger, folders: own.folders, store: own.store).publish(subject)
        }
        try await own.ledger.close()
    }
}
