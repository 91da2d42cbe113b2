internal import Synchronization

/// Runs what it is handed one after the other, in the order in which it was handed in.
final class SerialTasks: Sendable {
    private let last = Mutex<Task<Void, Never>?>(nil)

    /// Runs `work` when everything before it has ended.
    func run(_ work: @escaping @Sendable () async -> Void) {
        last.withLock { last in
            last = Task { [before = last] in
                await before?.value
                await work()
            }
        }
    }

    /// Returns when everything that was handed in so far has ended.
    func end() async { await last.withLock(\.self)?.value }
}
