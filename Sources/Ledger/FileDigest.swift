internal import Crypto
internal import Glibc
internal import Screening

/// Bytes and digests of published files; never through a symbolic link.
enum FileDigest {
    /// SHA-256 of a file of any size, read in pieces.
    static func of(_ path: String) throws(PapillaError) -> Screening.Digest? {
        var hash = SHA256()
        try read(path) { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        let digits = Array("0123456789abcdef")
        return Screening.Digest(String(hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }))
    }

    /// All of a file, for small ones.
    static func bytes(of path: String) throws(PapillaError) -> [UInt8] {
        var bytes: [UInt8] = []
        try read(path) { bytes += $0 }
        return bytes
    }

    private static func read(_ path: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) throws(PapillaError) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { throw .system("A file of a bundle could not be opened", errno: errno, place: path) }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system("A file of a bundle could not be read", errno: errno, place: path) }
            if count == 0 { return }
            buffer.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[..<count])) }
        }
    }
}
