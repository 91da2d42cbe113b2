/// What stands between a fuzzer and a PNG decoder: the signature, and the checksum of every chunk.
enum PNG {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    /// An image of one pixel with a chunk before its data.
    static func withEntry(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let header: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]
        let chunks: [(String, [UInt8])] = [
            ("IHDR", header), (name, content), ("IDAT", stored([0, 200, 100, 50])), ("IEND", []),
        ]
        var bytes = signature
        for (name, content) in chunks {
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: content.count >> shift)) }
            bytes += name.utf8
            bytes += content
            bytes += [0, 0, 0, 0]
        }
        return withChecksums(bytes)
    }

    /// A zlib stream of stored blocks.
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var (a, b) = (1, 0)
        for byte in bytes { (a, b) = ((a + Int(byte)) % 65521, (b + (a + Int(byte)) % 65521) % 65521) }
        var stream: [UInt8] = [0x78, 0x01]
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(65_535)
            rest = rest.dropFirst(block.count)
            let (low, high) = (UInt8(block.count & 255), UInt8(block.count >> 8))
            stream += [rest.isEmpty ? 1 : 0, low, high, ~low, ~high] + block
        } while !rest.isEmpty
        return stream + [UInt8(b >> 8), UInt8(b & 255), UInt8(a >> 8), UInt8(a & 255)]
    }

    /// The file with the checksum of each chunk put right, so that what is in the chunks gets its turn.
    static func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        var at = signature.count
        while at + 12 <= bytes.count {
            let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            guard at + 12 + length <= bytes.count else { break }
            let sum = ~bytes[(at + 4)..<(at + 8 + length)].reduce(~UInt32(0)) {
                table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8
            }
            for index in 0..<4 { bytes[at + 8 + length + index] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * UInt32(index))) }
            at += 12 + length
        }
        return bytes
    }
}
