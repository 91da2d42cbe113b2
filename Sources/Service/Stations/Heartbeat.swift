internal import Files
internal import Journal
internal import Ledger
internal import Logging
internal import Screening

/// The beat of a station that lives, from when it has entered until it leaves: also while models are loaded, while it takes over from
/// another, and while a drain delivers. Without a holder it stops.
final class Heartbeat: Sendable {
    private let task: Task<Void, Never>

    /// - Parameter beat: the time between two renewals.
    init(_ ledger: any StationLedger, _ pass: StationPass, log: Logger, beat: Duration = Station.beat) {
        // Threads of its own: those of Swift's pool may all be busy with images.
        let executor = WorkExecutor()
        task = Task(executorPreference: executor) {
            defer { withExtendedLifetime(executor) {} }
            while (try? await Task.sleep(for: beat)) != nil {
                guard await Heartbeat.renew(ledger, pass, log) else { return }
            }
        }
    }

    deinit { task.cancel() }

    /// Stops it, and waits for a renewal that is under way.
    func end() async {
        task.cancel()
        await task.value
    }

    /// - Returns: whether there is a lease that can be renewed again.
    private static func renew(_ ledger: any StationLedger, _ pass: StationPass, _ log: Logger) async -> Bool {
        let begun = ContinuousClock.now
        do {
            try await ledger.renew(lease: Station.lease)
            pass.extend(to: begun + Station.lease - Station.margin)
            pass.isKeeper = try await ledger.isKeeper()
            return true
        } catch {
            // The pass may be that of a station that has entered anew.
            guard !Task.isCancelled else { return false }
            let error = PapillaError(any: error)
            log.tell(.trouble, .warning, "the station's lease was not renewed: \(error.description)")
            guard error.code == .refused else { return true }
            pass.revoke()
            return false
        }
    }
}
