internal import Journal
internal import ServiceLifecycle

/// Tells systemd that the service lives, for as long as it moves on: the loop goes round, and no image is in hand for too long.
struct Watchdog: ServiceLifecycle.Service {
    let telemetry: Telemetry
    let interval: Duration
    let now: @Sendable () -> Duration

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while true {
                if telemetry.isAlive(now: now()) { Notify.watchdog() }
                try await Task.sleep(for: interval / 3)
            }
        }
    }
}
