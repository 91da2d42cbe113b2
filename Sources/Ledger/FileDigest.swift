internal import Crypto
internal import Glibc
package import Screening

/// Bytes and digests of files of ours; never through a symbolic link.
package enum FileDigest {
    /// SHA-256 of a file of any size, read in pieces.
    package static func of(_ path: String) throws(PapillaError) -> Screening.Digest? {
        let file = try Pieces(path)
        var hash = SHA256()
        while let piece = try file.next() { hash.update(data: piece) }
        return digest(hash)
    }

    /// The same, resting where `pace` says.
    package static func of(_ path: String, _ pace: ArrivalFiles.Pace) async throws(PapillaError) -> Screening.Digest? {
        let file = try Pieces(path)
        var hash = SHA256()
        while let piece = try file.next() {
            hash.update(data: piece)
            await pace(piece.count)
        }
        return digest(hash)
    }

    /// All of a file, for small ones.
    package static func bytes(of path: String) throws(PapillaError) -> [UInt8] {
        let file = try Pieces(path)
        var bytes: [UInt8] = []
        while let piece = try file.next() { bytes += piece }
        return bytes
    }

    private static func digest(_ hash: SHA256) -> Screening.Digest? {
        let digits = Array("0123456789abcdef")
        return Screening.Digest(String(hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }))
    }
}

/// A file's content in pieces.
private final class Pieces {
    private let file: Int32
    private let path: String
    private var buffer = [UInt8](repeating: 0, count: 1 << 20)

    init(_ path: String) throws(PapillaError) {
        self.path = path
        file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { throw .system("A file could not be opened", errno: errno, place: path) }
    }

    deinit { if file >= 0 { close(file) } }

    /// Nil at the end.
    func next() throws(PapillaError) -> ArraySlice<UInt8>? {
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system("A file could not be read", errno: errno, place: path) }
            return count == 0 ? nil : buffer[..<count]
        }
    }
}
