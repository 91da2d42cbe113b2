internal import Glibc

/// A file of lines that one process at a time adds to, each on disk before the next.
package final class LineFile: Sendable {
    private let descriptor: Int32
    private let place: String

    /// Opens it, or makes it (mode 0640 less the umask).
    /// - Throws: EWOULDBLOCK where another process has it open.
    package init(_ path: String) throws(FileError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o640)
        place = path
        guard descriptor >= 0 else { throw FileError("a list could not be opened", place: path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw FileError("a list is being written to", place: path) }
        guard try status().kind == .file else { throw FileError("not a regular file", place: path, number: EINVAL) }
    }

    // Also runs where the initialiser throws.
    deinit { close(descriptor) }

    /// What the file system says of it.
    package func status() throws(FileError) -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("a list could not be examined", place: place) }
        return FileStatus(status)
    }

    /// Calls `body` with every line that is there, without its end, and takes away what stands behind the last end of a line: a process that was
    /// killed left it half written.
    package func forEachLine(_ body: (ArraySlice<UInt8>) throws -> Void) throws {
        var rest: [UInt8] = []
        var (offset, buffer) = (off_t(0), [UInt8](repeating: 0, count: 1 << 20))
        while true {
            let count = pread(descriptor, &buffer, buffer.count, offset)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("a list could not be read", place: place) }
            guard count > 0 else { break }
            offset += off_t(count)
            var bytes = buffer[..<count]
            while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                rest += bytes[..<end]
                try body(rest[...])
                rest.removeAll(keepingCapacity: true)
                bytes = bytes[(end + 1)...]
            }
            rest += bytes
        }
        guard !rest.isEmpty else { return }
        guard ftruncate(descriptor, offset - off_t(rest.count)) == 0 else {
            throw FileError("a half-written line could not be taken away", place: place)
        }
    }

    /// Adds a line and its end. It is on disk when this returns.
    package func append(_ line: String) throws(FileError) {
        let bytes = Array("\(line)\n".utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError("a list could not be added to", place: place) }
            written += count
        }
        guard fdatasync(descriptor) == 0 else { throw FileError("a line did not reach the disk", place: place) }
    }
}
