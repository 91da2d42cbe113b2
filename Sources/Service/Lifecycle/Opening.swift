internal import Control
package import Custody
internal import Deliveries
internal import Files
internal import Journal
public import Ledger
internal import LedgerPostgreSQL
internal import LedgerSQLite
internal import Logging
public import Screening
public import Settings

extension Configuration.Paths {
    /// The kind of database that `paths.ledger` names. The rest of the program knows ledgers by their roles.
    public var ledgers: any LedgerProvider { PostgreSQLLedgers.owns(ledger) ? PostgreSQLLedgers() : SQLiteLedgers() }

    /// Where the ledger is, as it may be shown: without a password.
    package var shownLedger: String { PostgreSQLLedgers.withoutPassword(ledger) }

    /// Where the ledger's files are: in the folders of the configuration, and in the spools of other stations.
    public func folders(of ledger: any StationLedger) async throws(PapillaError) -> Folders {
        var folders = folders
        folders.otherSpools = Spool.places(of: try await ledger.stations(), but: spool)
        return folders
    }

    /// Opens the ledger.
    ///
    /// - Throws: what ``LedgerProvider`` throws.
    public func openLedger(_ mode: LedgerMode = .readOnly) async throws(PapillaError) -> any WholeLedger {
        try await ledgers.open(ledger, mode)
    }
}

extension ServiceFolders {
    /// Opens the service's ledger. One that is missing while our folders hold what it should know of is never made anew.
    package func ledger(_ paths: Configuration.Paths) async throws(PapillaError) -> any WholeLedger {
        do { return try await paths.openLedger(.open) } catch {
            guard error.code == .notFound else { throw error }
            try checkUnused(paths.shownLedger)
            return try await paths.openLedger(.create)
        }
    }
}

/// A ledger by its address alone: a path, or a URI of PostgreSQL.
public struct LedgerAddress: Sendable {
    private let address: String
    private let ledgers: any LedgerProvider

    /// - Parameter text: as a person wrote it.
    public init(_ text: String) {
        let isDatabase = PostgreSQLLedgers.owns(text)
        address = isDatabase ? text : AbsolutePath.of(text)
        ledgers = isDatabase ? PostgreSQLLedgers() : SQLiteLedgers()
    }

    /// Copies this ledger to another address, and verifies the copy. No service may work on it meanwhile.
    ///
    /// - Parameter copied: told how many rows are copied so far.
    /// - Throws: `refused` where a service or a station works on it, or something is at the other address; what ``LedgerProvider`` throws.
    public func copy(to other: LedgerAddress, copied: @escaping (Int) -> Void) async throws -> LedgerCopyResult {
        let isFile = !PostgreSQLLedgers.owns(address)
        if isFile {
            let found = try PapillaError.telling("The ledger to be copied cannot be looked at", at: address) {
                () throws(FileError) in try NamedPath.status(address)
            }
            // The lock's file would be made beside nothing.
            guard found != nil else {
                throw PapillaError(
                    .notFound, "There is no ledger to be copied", place: address,
                    hint: "Expected the file that paths.ledger names, or one that papilla backup made")
            }
        }
        let lock = !isFile ? nil : try await LedgerLock.take(beside: address, patience: .zero)
        defer { withExtendedLifetime(lock) {} }
        let ledger = try await ledgers.open(address, .readOnly)
        if let station = try await ledger.stations().first(where: \.lives) {
            throw PapillaError(
                .refused, "The station \(station.name) works on this ledger",
                place: PostgreSQLLedgers.withoutPassword(address), hint: "Stop every station first")
        }
        return try await other.ledgers.copy(ledger, to: other.address, replacing: false, copied: copied)
    }
}

/// What a service opens before it reads anything, each time anew.
extension Server {
    /// What is opened anew each time.
    struct Opened {
        let folders: ServiceFolders
        let ledger: any WholeLedger
        let clocks: ClockWatch
        /// How long nothing is read.
        let pause: Duration
        /// Nil where there are no other stations.
        let heartbeat: Heartbeat?
    }

    func openFolders(_ telemetry: Telemetry, _ pass: StationPass, after former: Former?) async throws -> Opened {
        let folders = try Station.folders(configuration, pass)
        let ledger = try await folders.ledger(configuration.paths)
        var heartbeat: Heartbeat?
        if pass.isShared {
            try await Station.enter(Station.name(configuration), ledger, configuration.paths, pass)
            heartbeat = Heartbeat(ledger, pass, log: log)
        } else {
            // Of the stations that worked on it while it was in a database.
            pass.spools = Spool.places(of: try await ledger.stations(), but: configuration.paths.spool)
        }
        // Before anything is written by a clock that may be ahead.
        var clocks = try await ClockWatch(ledger)
        clocks.look(.now, ClockWatch.steady)
        try await clocks.note(in: ledger)
        try await FolderMark.check(folders, ledger, isSpoolNew: configuration.paths.isShared)
        try await Forget(ledger: ledger, folders: folders, withdraw: configuration.withdraw).complete()
        // Among stations it is the keeper's, by the clock: nobody knows which of them began it.
        if !pass.isShared { try await Requeue(ledger: ledger, folders: folders).complete() }
        try await tellOfRoles(ledger)
        // A process whose end could not be noted goes on, and has not died: its start is the one that is noted.
        let goesOn = former.map { !$0.isEndNoted } ?? false
        let pause = try await pauseAfterDeaths(ledger, telemetry, living: goesOn ? 1 : 0)
        try await ledger.record(
            goesOn ? "entered_anew" : "started", subject: "service", detail: ["version": Version.current])
        return Opened(folders: folders, ledger: ledger, clocks: clocks, pause: pause, heartbeat: heartbeat)
    }

    /// Says once, where an earlier version let every member of the group do everything, what an administrator must do now.
    private func tellOfRoles(_ ledger: any AuditLedger) async throws {
        let isNew = try await ledger.auditEntries(AuditFilter(event: "started", limit: 1)).isEmpty
        let groups = [Role.reader, .administrator].map(\.group)
        guard try await ledger.recordOnce("roles", subject: "service", detail: ["groups": groups], actor: "service"), !isNew
        else {
            return
        }
        log.tell(
            .started, .warning,
            """
            members of the group papilla may drop files, ask, and requeue; to let them decide on screenings, add them to papilla-readers; \
            to let them forget, promote and roll back, to papilla-admin (usermod -aG GROUP USER)
            """)
    }

    /// Deaths in ten minutes from which on each start rests: so many that systemd's limit on starts is never reached.
    private static let deathLimit = 4
    private static let rest = Duration.seconds(120)

    /// How long nothing is read, because the process has died again and again.
    ///
    /// - Parameter living: starts without a stop that are no deaths.
    private func pauseAfterDeaths(_ ledger: any AuditLedger, _ telemetry: Telemetry, living: Int) async throws -> Duration {
        guard !isDraining else { return .zero }
        let deaths = try await ledger.deaths(since: Timestamp(milliseconds: Timestamp.now.milliseconds - 600_000)) - living
        guard deaths >= Self.deathLimit else { return .zero }
        Alarms(telemetry: telemetry, ledger: ledger, log: log).set(
            .deaths, "the process died \(deaths) times in ten minutes; nothing is read for \(Quantity.text(Self.rest))")
        return Self.rest
    }
}
