internal import CSpawn
internal import Glibc

/// A file that has no name and is gone with its last descriptor: what another program is given, or leaves. Whoever gets the descriptor reads
/// from the beginning.
package final class MemoryFile: Sendable {
    package let descriptor: Int32

    /// An empty one; nil where the system has no room for it.
    package init?() {
        descriptor = papilla_memory_file()
        if descriptor < 0 { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// A file with a content.
    package static func holding(_ content: [UInt8]) throws(FileError) -> MemoryFile {
        guard let file = MemoryFile(), file.append(content) else {
            throw FileError("a file in memory could not be made", place: "memory")
        }
        return file
    }

    /// Adds to its end.
    ///
    /// - Returns: whether all was written.
    package func append(_ bytes: [UInt8]) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let count = pwrite(
                    descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written, status.st_size + off_t(written))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                written += count
            }
            return true
        }
    }

    /// Its content, of at most so many bytes from the beginning.
    package func content(limit: Int) throws(FileError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while content.count < limit {
            let count = pread(descriptor, &chunk, min(chunk.count, limit - content.count), off_t(content.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("a file in memory could not be read", place: "memory") }
            if count == 0 { break }
            content += chunk[..<count]
        }
        return content
    }
}
