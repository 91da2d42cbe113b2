internal import Synchronization

/// Counts what several threads have done.
final class Counter: Sendable {
    private let count = Atomic(0)

    /// One more.
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
