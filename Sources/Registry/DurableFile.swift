internal import Glibc
internal import Screening

/// Files that are there in full or not at all, also after a power cut.
enum DurableFile {
    /// The whole of a regular file.
    /// - Throws: `.notFound`; `.damaged` if it is no regular file or larger than `limit` bytes; `.system` for what the operating system refuses.
    static func read(_ path: String, limit: Int) throws(PapillaError) -> [UInt8] {
        // Not blocking, so that a FIFO in a model's folder cannot hold us up.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            let number = errno
            if number == ENOENT { throw PapillaError(.notFound, "A file of the model is missing", place: path) }
            throw .system("A file of the model cannot be opened", errno: number, place: path)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .system("A file of the model cannot be read", errno: errno, place: path) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else {
            throw PapillaError(
                .damaged, "Expected a regular file of at most \(limit) bytes, not one of \(status.st_size)", place: path)
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress.map { $0 + filled }, $0.count - filled) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system("A file of the model cannot be read", errno: errno, place: path) }
            // Shorter than it was a moment ago: the digest will say so.
            guard count > 0 else { return Array(bytes[..<filled]) }
            filled += count
        }
        return bytes
    }

    /// Writes a new file and waits until it is on the disk.
    static func write(_ bytes: [UInt8], to path: String) throws(PapillaError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw .system("A file of the model cannot be written", errno: errno, place: path) }
        defer { close(file) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + written }, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("A file of the model cannot be written", errno: errno, place: path) }
            written += count
        }
        guard fsync(file) == 0 else { throw .system("A file of the model did not reach the disk", errno: errno, place: path) }
    }

    /// Gives a file or folder its final name and waits until the folder's entry is on the disk.
    static func move(_ path: String, to final: String, in folder: String) throws(PapillaError) {
        guard rename(path, final) == 0 else { throw .system("A file of the model cannot be renamed", errno: errno, place: final) }
        try sync(folder)
    }

    /// Waits until a folder's entries are on the disk.
    static func sync(_ folder: String) throws(PapillaError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("The models' folder cannot be opened", errno: errno, place: folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .system("The models' folder did not reach the disk", errno: errno, place: folder)
        }
    }
}
