internal import Dispatch
internal import Synchronization

/// Threads for work that may block: file system calls that wait for a disk, and decoders that may take long. Swift's own pool has only as
/// many threads as there are cores, and must never be blocked.
final class WorkExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "work", attributes: .concurrent)
    private let abandoned = Mutex(0)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Work that was given up and has not ended yet: it still holds a thread and memory.
    var abandonedCount: Int { abandoned.withLock(\.self) }

    /// Runs `body`, but waits no longer than `limit` for it.
    ///
    /// - Returns: nil where the time was over. The work is cancelled then; whether it listens is its own affair.
    func run<Value: Sendable>(atMost limit: Duration, _ body: @escaping @Sendable () async throws -> Value) async throws -> Value?
    {
        let race = Race<Value>()
        let work = Task(executorPreference: self) {
            let result: Result<Value, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            if !race.end(.some(result)) { self.abandoned.withLock { $0 -= 1 } }
        }
        let timer = Task {
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            // Counted before the race is over, so that it is never taken back before it is counted.
            self.abandoned.withLock { $0 += 1 }
            if race.end(nil) { work.cancel() } else { self.abandoned.withLock { $0 -= 1 } }
        }
        defer { timer.cancel() }
        let result = await withTaskCancellationHandler {
            await race.result()
        } onCancel: {
            work.cancel()
        }
        return try result?.get()
    }

    /// Whoever ends first counts.
    private final class Race<Value: Sendable>: Sendable {
        private enum State {
            case running
            case awaited(CheckedContinuation<Result<Value, any Error>?, Never>)
            case over(Result<Value, any Error>?)
        }

        private let state = Mutex(State.running)

        /// Whether this was the first end.
        func end(_ result: Result<Value, any Error>?) -> Bool {
            state.withLock { state in
                switch state {
                case .over: return false
                case .running: break
                case .awaited(let continuation): continuation.resume(returning: result)
                }
                state = .over(result)
                return true
            }
        }

        func result() async -> Result<Value, any Error>? {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    if case .over(let result) = state {
                        continuation.resume(returning: result)
                    } else {
                        state = .awaited(continuation)
                    }
                }
            }
        }
    }
}
