internal import Crypto
internal import Files
internal import FoundationEssentials
internal import Glibc
internal import Ledger
internal import Screening

/// `OUTBOX/statement-2026-11-24.json`: the day's statement, and the audit's head and count, so that both also stand outside of the ledger.
struct StatementFile: Encodable {
    let schema = "papilla.statement/1"
    let at: Timestamp
    let statement: Statement
    let head: Screening.Digest
    let entries: Int64

    /// The file of a day.
    static func name(of day: String) -> FileName { FileName(ours: "statement-\(day).json") }

    private struct Signed: Encodable {
        /// Of `signed`'s canonical JSON: keys sorted, no spaces, UTF-8.
        struct Signature: Encodable {
            var algorithm = "Ed25519"
            var publicKey: String
            var value: String
            enum CodingKeys: String, CodingKey {
                case algorithm, value
                case publicKey = "public_key"
            }
        }
        var signed: StatementFile
        var signature: Signature?
    }

    /// The file's content: the statement as `signed`, and its Ed25519 signature where there is a key.
    func signed(by key: Curve25519.Signing.PrivateKey?) throws -> [UInt8] {
        var file = Signed(signed: self)
        if let key {
            let bytes = Data(try CanonicalJSON.line(self).utf8)
            file.signature = Signed.Signature(
                publicKey: Self.hexadecimal(key.publicKey.rawRepresentation),
                value: Self.hexadecimal(try key.signature(for: bytes)))
        }
        return Array(try CanonicalJSON.document(file).utf8)
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// The key that statements are signed with: `LoadCredential=statement-key:FILE` in the unit; FILE holds the 32 bytes of an Ed25519 key, or
/// their 64 hexadecimal digits.
enum StatementKey {
    /// Nil where systemd gave none.
    /// - Throws: `badConfiguration` for one that is no key; `FileError` for one that cannot be read: no statement goes unsigned unsaid.
    static func load() throws -> Curve25519.Signing.PrivateKey? {
        guard let folder = getenv("CREDENTIALS_DIRECTORY").map({ String(cString: $0) }), NamedPath.exists(folder),
            let bytes = try Folder.open(folder).read(FileName(ours: "statement-key"), limit: 4096)
        else { return nil }
        return try key(bytes)
    }

    static func key(_ bytes: [UInt8]) throws -> Curve25519.Signing.PrivateKey {
        if let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes) { return key }
        let digits = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        let pairs = stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(digits.dropFirst($0).prefix(2), radix: 16) }
        guard digits.count == 64, pairs.count == 32, let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: pairs) else {
            throw PapillaError(
                .badConfiguration,
                "The credential statement-key is no Ed25519 key: 32 bytes or 64 hexadecimal digits were expected")
        }
        return key
    }
}
