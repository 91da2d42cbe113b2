internal import Synchronization

/// Wakes the one loop that waits for it: by a ring, or when it is time.
final class WakeSignal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Wakes the loop now, or at its next wait.
    func send() { continuation.yield() }

    /// Returns at the next ring, after `time`, or when the task is cancelled.
    func wait(atMost time: Duration) async {
        let timer = Task { [continuation] in
            if (try? await Task.sleep(for: time)) != nil { continuation.yield() }
        }
        defer { timer.cancel() }
        var iterator = stream.makeAsyncIterator()
        await iterator.next()
    }
}
