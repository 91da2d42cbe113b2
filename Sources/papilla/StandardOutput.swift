@preconcurrency internal import Glibc
internal import Screening

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
        throw .system(
            "Standard output could not be written" + (number == 0 ? "" : ": \(String(cString: strerror(number)))"), errno: number,
            hint: "Not all of the result was printed: make space, or write elsewhere, and try again")
    }

    /// Whether standard output is a pipe that nobody reads any more.
    static var isUnread: Bool {
        var look = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        return poll(&look, 1, 0) == 1 && Int32(look.revents) & POLLERR != 0
    }
}
