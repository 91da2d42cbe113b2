#if canImport(Glibc)
    import Glibc
#endif
internal import Synchronization

/// One line on stderr that is written over and over: on a terminal only. Elsewhere a plain line now and then, so that a log stays short.
final class ProgressBar: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    /// When the last line was written, and how long the line on the screen is.
    private let state = Mutex((last: ContinuousClock.Instant?.none, length: 0))

    /// Shows how far it is: 0...1, with words behind the bar.
    func show(_ share: Double, _ text: @autoclosure () -> String) {
        state.withLock { state in
            let now = ContinuousClock.now
            let interval: Duration = isTerminal ? .milliseconds(200) : .seconds(60)
            if let last = state.last, now - last < interval, share < 1 { return }
            state.last = now
            guard isTerminal else { return write(text() + "\n") }
            let width = 24
            let filled = Int((min(max(share, 0), 1) * Double(width)).rounded())
            let line = "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "] " + text()
            write("\r" + line + String(repeating: " ", count: max(0, state.length - line.count)))
            state.length = line.count
        }
    }

    /// Writes a line of its own; the bar comes back with the next `show`.
    func note(_ text: String) {
        state.withLock { state in
            let blank = state.length > 0 ? "\r" + String(repeating: " ", count: state.length) + "\r" : ""
            state.length = 0
            write(blank + text + "\n")
        }
    }

    /// Takes the bar away.
    func end() {
        state.withLock { state in
            if state.length > 0 { write("\r" + String(repeating: " ", count: state.length) + "\r") }
            state.length = 0
        }
    }

    /// Hours, minutes and seconds, as a clock shows them; `?` for a time that is not known.
    static func time(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "?" }
        let total = Int(max(0, seconds).rounded())
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return total >= 3600 ? "\(total / 3600):\(two(total / 60 % 60)):\(two(total % 60))" : "\(total / 60):\(two(total % 60))"
    }

    private func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
