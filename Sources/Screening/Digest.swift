internal import Crypto

/// SHA-256, in lower-case hexadecimal: how files, models and audit entries are named and checked.
public struct Digest: Sendable, Hashable, Codable, CustomStringConvertible {
    /// 64 hexadecimal digits.
    public let description: String

    /// The digest of some bytes.
    public init(of bytes: some Sequence<UInt8>) {
        var hash = SHA256()
        if bytes.withContiguousStorageIfAvailable({ hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
        description = Self.hexadecimal(hash.finalize())
    }

    /// Reads 64 lower-case hexadecimal digits; nil for anything else.
    public init?(_ text: String) {
        guard text.utf8.count == 64, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            return nil
        }
        description = text
    }

    /// The first 128 bits as two numbers: for shares, and for sets of so many digests that all of their digits would not fit into memory.
    public var leading: (UInt64, UInt64) {
        let digits = description.utf8
        func number(_ digits: some Sequence<UInt8>) -> UInt64 {
            digits.reduce(0) { $0 << 4 | UInt64($1 < 58 ? $1 - 48 : $1 - 87) }
        }
        return (number(digits.prefix(16)), number(digits.dropFirst(16).prefix(16)))
    }

    /// Reads the digits.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = Digest(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a SHA-256 digest: \(text)")
        }
        self = digest
    }

    /// Writes the digits.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
