internal import Glibc
package import Screening

/// Keeps a second service off the same ledger: flock(2) on a file beside it, held as long as the process lives.
package final class LedgerLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `refused` where another process holds it, naming its process ID.
    package init(beside ledger: String) throws(PapillaError) {
        let path = ledger + ".lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard descriptor >= 0 else { throw .system("The lock file could not be opened", errno: errno, place: path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            var buffer = [UInt8](repeating: 0, count: 32)
            let count = max(0, pread(descriptor, &buffer, buffer.count, 0))
            // Closed by `deinit`, which also runs where a whole object's initialiser throws.
            guard number == EWOULDBLOCK else { throw .system("The lock file could not be locked", errno: number, place: path) }
            let holder = String(decoding: buffer[..<count].filter { (48...57).contains($0) }, as: UTF8.self)
            throw PapillaError(
                .refused, "Another papilla serve (process \(holder.isEmpty ? "unknown" : holder)) works on this ledger",
                place: path,
                hint: "Only one may: stop it first, or give this one folders and a ledger of its own")
        }
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        pwrite(descriptor, text, text.count, 0)
    }

    /// Takes the lock, waiting a little for a process that is just ending: one that was killed holds it until its memory is given back.
    package static func take(beside ledger: String, patience: Duration = .seconds(5)) async throws -> LedgerLock {
        let clock = ContinuousClock()
        let end = clock.now + patience
        while true {
            do { return try LedgerLock(beside: ledger) } catch {
                guard error.code == .refused, clock.now < end else { throw error }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    deinit { close(descriptor) }

    /// Whether a service holds the lock now.
    /// - Throws: where that cannot be told: this user may not open the lock's file.
    package static func isHeld(beside ledger: String) throws(FileError) -> Bool {
        let path = ledger + ".lock"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            let refusal = FileError("the lock file could not be opened", place: path)
            guard refusal.isMissing else { throw refusal }
            return false
        }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}
