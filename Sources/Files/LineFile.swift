internal import Glibc

/// A file of lines that one process at a time adds to, each on disk before the next.
package final class LineFile: Sendable {
    private let file: OpenFile
    private let place: String
    private static let chunk = 1 << 20

    /// Opens it, or makes it (mode 0640 less the umask).
    /// - Throws: EWOULDBLOCK where another process has it open.
    package init(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o640)
        guard descriptor >= 0 else { throw FileError("a list could not be opened", place: path) }
        file = OpenFile(descriptor: descriptor, place: path)
        place = path
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw FileError("a list is being written to", place: path) }
        let kind = try status().kind
        guard kind == .file else { throw .notAFile(kind, at: path) }
    }

    /// What the file system says of it.
    package func status() throws(FileError) -> FileStatus { try file.status() }

    /// Calls `body` with every line that is there, without its end, and takes away what stands behind the last end of a line: a process that was
    /// killed left it half written.
    package func forEachLine(_ body: (ArraySlice<UInt8>) throws -> Void) throws {
        var rest: [UInt8] = []
        var offset: Int64 = 0
        while true {
            var bytes = try file.read(at: offset, count: Self.chunk)[...]
            if bytes.isEmpty { break }
            offset += Int64(bytes.count)
            while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                rest += bytes[..<end]
                try body(rest[...])
                rest.removeAll(keepingCapacity: true)
                bytes = bytes[(end + 1)...]
            }
            rest += bytes
        }
        if !rest.isEmpty { try file.truncate(to: offset - Int64(rest.count)) }
    }

    /// Adds a line and its end. It is on disk when this returns.
    package func append(_ line: String) throws(FileError) {
        try file.write(Array("\(line)\n".utf8))
        try file.sync()
    }
}
