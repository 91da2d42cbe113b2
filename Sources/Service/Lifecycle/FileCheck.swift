internal import Custody
internal import Files
internal import Journal
internal import Ledger
internal import Logging
internal import Screening
internal import ServiceLifecycle
internal import Settings
internal import Synchronization

/// Reads every original and every published file once a week and holds it against its digest, so that an archive that rots is found while a
/// backup still exists. What is not as it was written is an alarm until it is as it was again.
///
/// It goes slowly, slower still while images are read, and goes on where it was after a restart: the audit knows how far it came.
struct FileCheck: ServiceLifecycle.Service {
    let ledger: any AuditLedger & MaintenanceLedger
    let folders: ServiceFolders
    let paths: Configuration.Paths
    let telemetry: Telemetry
    let log: Logger
    var pass = StationPass()
    var wallClock: @Sendable () -> Timestamp = { .now }
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// Bytes a second, and while images are being read.
    private static let (rate, busyRate) = (16 << 20, 2 << 20)
    /// Between the beginnings of two passes.
    private static let interval: Int64 = 7 * 86_400_000
    /// Before the first look, and between two.
    private static let (delay, rest) = (Duration.seconds(600), Duration.seconds(3600))
    /// Bytes after which the audit is told how far it is: at the full rate, an hour's.
    private static let stretch = 3600 * rate

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            _ = try? await tell()
            try await sleep(Self.delay)
            while true {
                do { if pass.isKeeper { try await look() } } catch {
                    // The ledger's or a folder's trouble is told by who cannot work for it.
                    if error is CancellationError || Task.isCancelled { throw CancellationError() }
                    log.tell(.trouble, .warning, "files could not be verified: \(PapillaError(any: error).description)")
                }
                try await sleep(Self.rest)
            }
        }
    }

    /// Looks again at what was rotten, and begins or goes on with a pass where one is due.
    func look() async throws {
        var checks = try await ledger.fileChecks()
        for id in checks.rotten { try await read(id, known: Set(checks.rotten)) }
        checks = try await tell()
        let now = wallClock().milliseconds
        let last = checks.lastBegun?.milliseconds
        // A last pass that lies ahead was dated by a clock that was wrong.
        let isDue = last.map { now - $0 >= Self.interval || now < $0 } ?? true
        guard checks.begun != nil || isDue else { return }
        try await pass(from: checks)
    }

    private func pass(from checks: FileChecks) async throws {
        let begun = checks.begun ?? wallClock()
        var (after, count, told) = (checks.after, 0, 0)
        var known = Set(checks.rotten)
        let tally = Tally()
        telemetry.update { $0.checks?.begun = begun }
        do {
            while true {
                let batch = try await ledger.ended(after: after, limit: 100)
                if batch.isEmpty { break }
                for id in batch {
                    try Task.checkCancellation()
                    if try await read(id, known: known, tally: tally) { known = Set(try await tell().rotten) }
                    (after, count) = (id, count + 1)
                    if tally.bytes - told >= Self.stretch {
                        told = tally.bytes
                        try await ledger.notePass(begun: begun, after: after)
                    }
                }
            }
        } catch {
            // However it ends: the next one goes on from here.
            try? await ledger.notePass(begun: begun, after: after)
            throw error
        }
        try await ledger.endPass(begun: begun, arrivals: count)
        try await tell()
        log.tell(.verified, .info, "every file was read", ["arrivals": "\(count)", "rotten": "\(known.count)"])
    }

    /// - Returns: whether it is news that the arrival's files are as they were written, or that they are not.
    @discardableResult
    private func read(_ id: ScreeningID, known: Set<ScreeningID>, tally: Tally = Tally()) async throws -> Bool {
        var rot = try await ledger.rot(of: id, in: paths.folders) { count in
            tally.add(count)
            await pace(count)
        }
        if !rot.isEmpty {
            // Once more, while nobody is between the steps of forgetting or correcting it.
            await folders.arrivals.lock(id)
            defer { folders.arrivals.unlock(id) }
            rot = try await ledger.rot(of: id, in: paths.folders) { _ in }
            guard rot.isEmpty || folders.isInPlace(paths) else {
                throw PapillaError(.notFound, "Our folders are no longer what is under their paths", isRetryable: true)
            }
        }
        try await ledger.note(id, rot: rot, in: known)
        return rot.isEmpty == known.contains(id)
    }

    /// Bytes that were read.
    private final class Tally: Sendable {
        private let count = Mutex(0)
        var bytes: Int { count.withLock(\.self) }
        func add(_ bytes: Int) { count.withLock { $0 += bytes } }
    }

    private func pace(_ bytes: Int) async {
        let rate = telemetry.now.inHand.isEmpty ? Self.rate : Self.busyRate
        try? await sleep(.seconds(Double(bytes) / Double(rate)))
    }

    /// Passes on how it stands.
    @discardableResult
    private func tell() async throws -> FileChecks {
        let checks = try await ledger.fileChecks()
        telemetry.update { $0.checks = checks }
        let count = checks.rotten.count
        Alarms(telemetry: telemetry, ledger: ledger, log: log, wallClock: wallClock).set(
            .rot,
            count == 0
                ? nil
                : "files of \(count) \(count == 1 ? "arrival are" : "arrivals are") no longer as they were written: papilla audit verify names them; take them from a backup"
        )
        return checks
    }
}
