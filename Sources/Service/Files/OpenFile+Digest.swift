internal import Crypto
internal import Screening

extension OpenFile {
    /// The digest and size of the content, which need not fit into memory.
    func digest() throws(FileError) -> (digest: Screening.Digest, bytes: Int) {
        var hash = SHA256()
        var count = 0
        try forEachChunk { (bytes) throws(FileError) in
            hash.update(data: bytes)
            count += bytes.count
        }
        let digits = Array("0123456789abcdef")
        let text = String(hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        guard let digest = Screening.Digest(text) else { preconditionFailure("64 hexadecimal digits are a digest") }
        return (digest, count)
    }
}
