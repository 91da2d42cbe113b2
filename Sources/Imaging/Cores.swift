internal import Dispatch

/// Work on one image spread over the cores. What comes out never depends on how many there are.
public enum Cores {
    /// Does two things beside each other; returns when both are done. They must not touch the same memory.
    ///
    /// - Parameters:
    ///   - first: goes to another thread.
    ///   - second: stays on this one, and may in turn spread over the cores.
    public static func both(_ first: () -> Void, _ second: () -> Void) {
        withoutActuallyEscaping(first) { first in
            nonisolated(unsafe) let first = first
            let group = DispatchGroup()
            DispatchQueue.global().async(group: group) { first() }
            second()
            group.wait()
        }
    }

    /// Calls `body` for bands of `height` rows that together are `rows`; the last one may be lower. Each keeps to its own part of memory.
    public static func forEachBand(of rows: Int, height: Int, _ body: (_ index: Int, _ band: Range<Int>) -> Void) {
        perform((rows + height - 1) / height) { index in body(index, index * height..<min(rows, (index + 1) * height)) }
    }

    /// What `make` gives for 0 to `count - 1`, in this order, made beside each other.
    public static func map<Value: Sendable>(_ count: Int, _ make: @Sendable (Int) -> Value) -> [Value] {
        [Value](unsafeUninitializedCapacity: count) { buffer, made in
            nonisolated(unsafe) let buffer = buffer
            perform(count) { buffer.initializeElement(at: $0, to: make($0)) }
            made = count
        }
    }

    private static func perform(_ count: Int, _ body: (Int) -> Void) {
        // All calls are over when `concurrentPerform` returns, and callers promise that they do not meet.
        withoutActuallyEscaping(body) { body in
            nonisolated(unsafe) let body = body
            DispatchQueue.concurrentPerform(iterations: count) { body($0) }
        }
    }
}
