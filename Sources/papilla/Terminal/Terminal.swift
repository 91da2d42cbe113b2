@preconcurrency internal import Glibc
internal import Screening
internal import Synchronization

/// One line on stderr that is written over and over: on a terminal only. Elsewhere a plain line now and then, so that a log stays short.
final class ProgressBar: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let isMute: Bool
    /// When the last line was written, and how long the line on the screen is.
    private let state = Mutex((last: ContinuousClock.Instant?.none, length: 0))

    /// - Parameter isMute: whether nothing is ever written: another process tells.
    init(isMute: Bool = false) { self.isMute = isMute }

    /// Shows how far it is: 0...1, with words behind the bar; nil where nobody knows how much there is, for the words alone.
    func show(_ share: Double?, _ text: @autoclosure () -> String) {
        state.withLock { state in
            let now = ContinuousClock.now
            let interval: Duration = isTerminal ? .milliseconds(200) : .seconds(60)
            if let last = state.last, now - last < interval, (share ?? 0) < 1 { return }
            state.last = now
            guard isTerminal else { return write(text() + "\n") }
            let width = 24
            let filled = share.map { Int((min(max($0, 0), 1) * Double(width)).rounded()) }
            let drawn = filled.map { "[" + String(repeating: "#", count: $0) + String(repeating: ".", count: width - $0) + "] " }
            let line = (drawn ?? "") + text()
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
        guard !isMute else { return }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

/// Rows in columns, for a terminal.
struct TextTable {
    private let rows: [[String]]
    private let right: Set<Int>

    /// - Parameters:
    ///   - rows: as many cells each as `head` has.
    ///   - right: columns of numbers, set flush right.
    init(_ head: [String], _ rows: [[String]], right: Set<Int> = []) {
        self.rows = [head] + rows
        self.right = right
    }

    /// The table, without an end of line.
    var text: String {
        let widths = rows.reduce([]) { widths, row in row.indices.map { max($0 < widths.count ? widths[$0] : 0, row[$0].count) } }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                line += (column > 0 ? "  " : "") + (right.contains(column) ? space + cell : cell + space)
            }
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    /// A file's name may hold anything, and a terminal obeys some of it.
    static func printable(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }

    /// Two decimals.
    static func decimal(_ value: Double) -> String {
        let hundredths = Int((abs(value) * 100).rounded())
        let sign = value < 0 && hundredths > 0 ? "-" : ""
        return "\(sign)\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}

/// Standard output, looked at once more when a command ends: what a full disk or a closed pipe did not take must not count as printed.
///
/// `print` writes through C's stream, which remembers that a write failed.
enum StandardOutput {
    /// Writes out what is left.
    /// - Throws: `system` where anything was not written. Nothing for a reader that went away: see `isUnread`.
    static func finish() throws(PapillaError) {
        errno = 0
        let isFlushed = fflush(stdout) == 0
        let number = errno
        guard !isFlushed || ferror(stdout) != 0 else { return }
        let message = "Standard output could not be written"
        let hint = "Not all of the result was printed: make space, or write elsewhere, and try again"
        throw number == 0 ? PapillaError(.system, message, hint: hint) : .system(message, errno: number, hint: hint)
    }

    /// Whether standard output is a pipe that nobody reads any more.
    static var isUnread: Bool {
        var look = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        return poll(&look, 1, 0) == 1 && Int32(look.revents) & POLLERR != 0
    }
}

/// The request to stop, by SIGINT or SIGTERM. The second one of a kind ends the program at once.
enum StopRequest {
    private static let flag = Atomic<Bool>(false)

    static var isSet: Bool { flag.load(ordering: .relaxed) }

    static func watch() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                StopRequest.flag.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }
}
