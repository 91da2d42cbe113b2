internal import Files
internal import Journal
internal import Logging
internal import Screening
internal import Settings

/// Tries what may fail for reasons that go away (a disk that is not mounted yet, a ledger that a backup holds), for as long as it takes:
/// a service that gave up at its start would have to be started by hand.
struct StartRetrier: Sendable {
    let log: Logger
    let telemetry: Telemetry
    let paths: Configuration.Paths
    /// Tries after which it is given up; nil: never.
    let limit: Int?

    /// Calls `body` until it works.
    /// - Throws: what trying again cannot help, the last error once `limit` is reached, `CancellationError`.
    func wait<Value>(_ body: () async throws -> Value) async throws -> Value {
        var tries = 0
        while true {
            do {
                let value = try await body()
                if tries > 0 {
                    _ = telemetry.alarm(.storage, nil)
                    log.tell(.alarmOver, .notice, "it is over", Telemetry.Alarm.Kind.storage.fields)
                }
                return value
            } catch {
                if error is CancellationError || Task.isCancelled { throw CancellationError() }
                let error = PapillaError(any: error)
                tries += 1
                guard error.isRetryable, limit.map({ tries < $0 }) ?? true else { throw error }
                tell(error)
                try await sleep(Backoff.wait(min(tries, 5)))
            }
        }
    }

    private func tell(_ error: PapillaError) {
        let text =
            "the start waits: \(Obstacle(scope: .storage, error: error).waitsFor(in: paths))"
            + (error.hint.map { ". \($0)" } ?? "")
        if telemetry.alarm(.storage, text) == true {
            log.tell(.alarm, .error, text, Telemetry.Alarm.Kind.storage.fields)
        }
        telemetry.failed(text)
        Notify.status("Waiting: \(text)")
    }

    /// systemd counts neither the start nor the watchdog against us meanwhile.
    private func sleep(_ time: Duration) async throws {
        let clock = ContinuousClock()
        let end = clock.now + time
        while clock.now < end {
            Notify.extendTimeout(.seconds(60))
            Notify.watchdog()
            try await Task.sleep(for: min(end - clock.now, .seconds(5)))
        }
    }
}
