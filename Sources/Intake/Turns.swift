package import Files
internal import HeapModule

/// The order in which entries of the inbox have their turn: by time until they are due, then by the order in which they were seen. Finding
/// the next of ten thousand costs as little as finding the next of ten.
///
/// What changes is simply added again; the observation tells which entry counts.
package struct Turns {
    /// Three queues of those that are due.
    package enum Queue: CaseIterable {
        case urgent
        case other
        /// Taken only when nothing else is due.
        case sidecar
    }

    package struct Waiting: Comparable {
        package let due: Duration
        package let path: RelativePath
        package static func < (a: Waiting, b: Waiting) -> Bool { a.due < b.due }
    }

    private struct Ready: Comparable {
        let order: Int
        let path: RelativePath
        static func < (a: Ready, b: Ready) -> Bool { a.order < b.order }
    }

    private var waiting = Heap<Waiting>()
    private var ready: [Queue: Heap<Ready>] = [:]

    /// An entry is looked at when it is due.
    package mutating func wait(_ path: RelativePath, until due: Duration) { waiting.insert(Waiting(due: due, path: path)) }

    /// The next that is due at `now`; nil for none.
    package mutating func ripe(now: Duration) -> Waiting? {
        guard let first = waiting.min, first.due <= now else { return nil }
        return waiting.removeMin()
    }

    /// An entry is due and waits for its turn.
    package mutating func line(up path: RelativePath, order: Int, in queue: Queue) {
        ready[queue, default: Heap()].insert(Ready(order: order, path: path))
    }

    /// The first of a queue; it stays.
    package func first(of queue: Queue) -> RelativePath? { ready[queue]?.min?.path }

    /// Takes the first of a queue away.
    package mutating func removeFirst(of queue: Queue) { _ = ready[queue]?.popMin() }

    /// When something is due, if nothing happens before.
    package var wake: Duration? { ready.values.contains { !$0.isEmpty } ? .zero : waiting.min?.due }
}
