internal import Custody
internal import Files
internal import Glibc
internal import Journal
internal import Ledger
internal import Logging
internal import Screening
internal import ServiceLifecycle
internal import Settings
internal import Synchronization

/// This service among those that share a ledger: it notices when its lease holds no more, and takes over from who is silent.
///
/// Who takes over first makes sure in the ledger that the silent one cannot come back, then moves its folders away from under it, and only
/// then has its arrivals.
struct Station: ServiceLifecycle.Service {
    /// How long a station may be silent, and how often it says that it lives.
    static let (lease, beat) = (Duration.seconds(15), Duration.seconds(3))
    /// How much earlier a lease ends here than in the ledger.
    static let margin = Duration.seconds(3)

    let name: String
    let ledger: any StationLedger & AuditLedger
    let folders: ServiceFolders
    let paths: Configuration.Paths
    let pass: StationPass
    let log: Logger
    /// What was known of models when they were loaded: see ``newestModel(_:)``.
    let newestModel: Int64
    /// Has the pipeline take up what became this station's.
    let adopt: @Sendable ([ScreeningID]) async -> Void
    /// Has models read again that another station made live.
    let reload: @Sendable () async -> Void
    /// The lease ran out.
    let lost: @Sendable () async -> Void

    /// What the configuration calls it, or its host.
    static func name(_ configuration: Configuration) -> String {
        if let name = configuration.station { return name }
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let host = buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        return host.isEmpty ? "papilla" : String(host.prefix(63))
    }

    /// The folders of a service; those of a station let nothing out while its lease does not hold.
    static func folders(_ configuration: Configuration, _ pass: StationPass) throws(PapillaError) -> ServiceFolders {
        var folders = try ServiceFolders(configuration.paths)
        folders.spool.others = { pass.spools }
        folders.spool.isShared = pass.isShared
        guard pass.isShared else { return folders }
        folders.publisher.station = FileName(ours: name(configuration))
        folders.publisher.gate = { () throws(PapillaError) in try pass.check() }
        folders.spool.gate = { () throws(FileError) in
            guard pass.isValid else { throw FileError("the station's lease ran out", place: "", number: EAGAIN) }
        }
        return folders
    }

    /// Enters: from then on arrivals are this station's, until its lease runs out.
    static func enter(
        _ name: String, _ ledger: any StationLedger, _ paths: Configuration.Paths, _ pass: StationPass
    ) async throws {
        let begun = ContinuousClock.now
        try await ledger.enter(name, spool: paths.spool, lease: lease)
        pass.extend(to: begun + lease - margin)
        pass.isKeeper = try await ledger.isKeeper()
        pass.spools = Spool.places(of: try await ledger.stations(), but: paths.spool)
    }

    func run() async throws {
        try? await cancelWhenGracefulShutdown { try await work() }
    }

    private func work() async throws {
        var known = newestModel
        var failures: [String: Failure] = [:]
        while true {
            try await Task.sleep(for: Self.beat)
            guard pass.isValid else { return await lost() }
            await takeOver(&failures)
            // Another station made a model live: it is on the shared file system, and is read there.
            let newest = await Self.newestModel(ledger)
            if newest > known { await reload() }
            known = max(known, newest)
        }
    }

    /// The number of the audit's newest entry that made a model live; 0 where there is none, or the ledger is away.
    static func newestModel(_ ledger: any AuditLedger) async -> Int64 {
        let entry = try? await ledger.newestEntry(of: ["promoted", "rolled_back"])
        return entry?.seq ?? 0
    }

    /// Takeovers from one station that failed in a row.
    struct Failure {
        var count = 0
        /// Not before.
        var until = ContinuousClock.now
    }

    /// Takes over from every station that is silent. One from which that fails holds up no other, and is tried again later and later.
    func takeOver(_ failures: inout [String: Failure]) async {
        let stations: [StationRow]
        do { stations = try await ledger.stations() } catch {
            log.tell(.trouble, .warning, "silent stations could not be looked for: \(PapillaError(any: error).description)")
            return
        }
        pass.spools = Spool.places(of: stations, but: paths.spool)
        let silent = stations.filter { !$0.lives && $0.name != name }
        for (former, _) in failures where !silent.contains(where: { $0.name == former }) { failures[former] = nil }
        for station in silent {
            var failure = failures[station.name] ?? Failure()
            guard failure.until <= .now else { continue }
            do {
                try await takeOver(from: station, of: stations)
                failures[station.name] = nil
            } catch {
                failure.count += 1
                let pause = Backoff.wait(failure.count)
                failure.until = ContinuousClock.now + pause
                failures[station.name] = failure
                log.tell(
                    .trouble, .warning,
                    """
                    the work of the silent station \(station.name) could not be taken over: \(PapillaError(any: error).detailed). \
                    It is tried again in \(Quantity.text(pause)). Its spool is \(station.spool): this service's user must be able to \
                    rename it, or start that station
                    """, ["station": station.name, "spool": station.spool])
            }
        }
    }

    private func takeOver(from silent: StationRow, of stations: [StationRow]) async throws {
        guard let found = try await ledger.shutOut(silent.name) else {
            // It left nothing in the ledger; drafts of visits may be there.
            if pass.isKeeper { try folders.publisher.takeDrafts(of: FileName(ours: silent.name)) }
            return
        }
        try shutOut(found)
        pass.spools = Spool.places(of: stations, but: paths.spool)
        let arrivals: [ScreeningID]
        do { arrivals = try await ledger.inherit(from: found.name) } catch {
            // They may be this station's own already: entering anew finds them.
            await lost()
            throw error
        }
        log.tell(
            .recovered, .notice, "carrying on what a silent station left",
            ["station": found.name, "arrivals": "\(arrivals.count)"])
        await adopt(arrivals)
    }

    /// Moves the spool of a station away, so that whatever it still does there fails, and its drafts.
    private func shutOut(_ station: StationRow) throws {
        do { try NamedPath.rename(station.spool, to: "\(station.spool)\(Spool.mark)\(station.epoch)") } catch {
            guard error.isMissing else { throw error }
        }
        try folders.publisher.takeDrafts(of: FileName(ours: station.name))
    }
}

/// What a station may do now: publish while its lease surely holds, and what is done once for all while it is the keeper.
///
/// A lease counts from before it was asked for, by a clock that goes on while the process stands still, and ends here before it ends in the
/// ledger: a station stops before anyone can take over from it.
final class StationPass: Sendable {
    private struct State {
        var isNeeded: Bool
        var end: ContinuousClock.Instant?
        var isKeeper: Bool
        /// Where other stations' files may be.
        var spools: [String] = []
    }

    private let name: String
    private let state: Mutex<State>

    /// The pass of the only service: it ends never.
    init() {
        name = ""
        state = Mutex(State(isNeeded: false, isKeeper: true))
    }

    /// The pass of a station, which holds once the lease is there.
    init(station name: String) {
        self.name = name
        state = Mutex(State(isNeeded: true, isKeeper: false))
    }

    /// Holds until `end`.
    func extend(to end: ContinuousClock.Instant) { state.withLock { $0.end = end } }

    /// Holds no more.
    func revoke() { state.withLock { ($0.end, $0.isKeeper) = (nil, false) } }

    /// Whether it holds.
    var isValid: Bool {
        state.withLock { state in !state.isNeeded || state.end.map { $0 > .now } ?? false }
    }

    /// - Throws: ``PapillaError/leaseLost(_:)`` where it does not hold.
    func check() throws(PapillaError) {
        guard isValid else { throw .leaseLost(name) }
    }

    /// Whether what is done once for all stations is done here.
    var isKeeper: Bool {
        get { isValid && state.withLock(\.isKeeper) }
        set { state.withLock { $0.isKeeper = newValue } }
    }

    /// Whether there may be other stations.
    var isShared: Bool { state.withLock(\.isNeeded) }

    /// Where other stations' files may be.
    var spools: [String] {
        get { state.withLock(\.spools) }
        set { state.withLock { $0.spools = newValue } }
    }
}
