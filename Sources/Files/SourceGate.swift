package import Dispatch
internal import Synchronization

/// Suspends and resumes a dispatch source, each at most once in a row: dispatch counts, and traps where the counts do not match.
package final class SourceGate: Sendable {
    // Suspending, resuming and cancelling are safe from any thread (dispatch_suspend(3)); nothing else is done with it.
    nonisolated(unsafe) private let source: any DispatchSourceProtocol
    private let isClosed = Mutex(false)

    package init(_ source: any DispatchSourceProtocol) { self.source = source }

    /// No more events until `open`.
    package func close() {
        isClosed.withLock { isClosed in
            if !isClosed { source.suspend() }
            isClosed = true
        }
    }

    /// Events come again.
    package func open() {
        isClosed.withLock { isClosed in
            if isClosed { source.resume() }
            isClosed = false
        }
    }

    /// No more events ever.
    package func cancel() {
        open()
        source.cancel()
    }
}
