internal import Glibc
internal import Screening

/// A file named on the command line, open for reading.
struct InputFile: ~Copyable {
    /// What is in it, or why that is not looked at.
    enum Content {
        case bytes([UInt8])
        case refused(Reason, size: Int)
    }

    private let size: Int
    private let isRegular: Bool
    private let descriptor: Int32
    private let path: String

    /// - Throws: `notFound` or `system` where it cannot be opened.
    init(_ path: String) throws(PapillaError) {
        // Not blocking, so that a FIFO cannot hold us up.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system("A file cannot be opened", errno: errno, place: path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let number = errno
            Glibc.close(descriptor)
            throw .system("A file cannot be read", errno: number, place: path)
        }
        (self.descriptor, self.path) = (descriptor, path)
        isRegular = status.st_mode & S_IFMT == S_IFREG
        size = isRegular ? Int(status.st_size) : 0
    }

    deinit { Glibc.close(descriptor) }

    /// All of it. `limit`: the most bytes that are read.
    func content(limit: Int) throws(PapillaError) -> Content {
        guard isRegular else { return .refused(Reason(.notARegularFile, "What was named is not a regular file."), size: 0) }
        guard size <= limit else {
            return .refused(Reason(.tooLarge, "The file has \(size) bytes; \(limit) are allowed."), size: size)
        }
        return .bytes(try read())
    }

    private func read() throws(PapillaError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        var filled = 0
        while filled < size {
            let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress.map { $0 + filled }, size - filled) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system("A file cannot be read", errno: errno, place: path) }
            // Shorter than it was a moment ago: the decoder will call it truncated.
            guard count > 0 else { return Array(bytes[..<filled]) }
            filled += count
        }
        return bytes
    }
}
