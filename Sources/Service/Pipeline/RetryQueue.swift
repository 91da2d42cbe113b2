/// Arrivals that wait in the spool: those of an earlier run, and those that met an obstacle.
struct RetryQueue {
    /// One of them.
    struct Entry: Sendable {
        var arrival: Arrival
        /// Failures in a row in this run.
        var tries = 0
        /// Not before.
        var due = Duration.zero
        /// A drain has given it up; it stays pending.
        var isGivenUp = false
        /// The inbox has just handed it out, and remembers it until it has left.
        var isInInbox = false
    }

    private(set) var entries: [Entry] = []

    mutating func add(_ entry: Entry) { entries.append(entry) }

    /// The one that is due longest.
    ///
    /// - Parameter alone: nothing else is in hand; an arrival in whose reading the process died before is only ever read alone.
    mutating func take(now: Duration, alone: Bool) -> Entry? {
        let ready = entries.indices.filter {
            !entries[$0].isGivenUp && entries[$0].due <= now && (alone || entries[$0].arrival.attempts == 0)
        }
        return ready.min { entries[$0].due < entries[$1].due }.map { entries.remove(at: $0) }
    }

    /// Whether one is due that must be alone.
    func isWaitingToBeAlone(now: Duration) -> Bool {
        entries.contains { !$0.isGivenUp && $0.due <= now && $0.arrival.attempts > 0 }
    }

    /// When the next one is due.
    var wake: Duration? { entries.filter { !$0.isGivenUp }.map(\.due).min() }
}
