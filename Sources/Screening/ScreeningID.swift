/// The name of an arrival and its screening: `20261124-k7q2m9xd`, the UTC date of arrival and eight random characters.
public struct ScreeningID: Sendable, Hashable, Comparable, CustomStringConvertible, Codable {
    /// Crockford's base 32 in lower case: no i, l, o, u.
    static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")

    /// The whole ID.
    public let description: String

    /// Makes a new ID for an arrival at `time`.
    public init(at time: Timestamp, using random: inout some RandomNumberGenerator) {
        var text = time.day.filter { $0 != "-" } + "-"
        for _ in 0..<8 { text.append(Self.alphabet[Int.random(in: 0..<32, using: &random)]) }
        description = text
    }

    /// Reads an ID; nil if the text is not one.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 8, parts[0].allSatisfy({ $0.isASCII && $0.isNumber }), parts[1].count == 8,
            parts[1].allSatisfy(Self.alphabet.contains)
        else { return nil }
        description = text
    }

    /// The second part, of which commands take any unique prefix of three or more characters.
    public var suffix: Substring { description.suffix(8) }

    /// Whether what a person typed (the whole ID, its beginning, or the beginning of its second part) can mean this ID.
    public func matches(prefix: String) -> Bool {
        prefix.count >= 3 && (suffix.hasPrefix(prefix) || (prefix.contains("-") && description.hasPrefix(prefix)))
    }

    /// By date, then by random part.
    public static func < (a: ScreeningID, b: ScreeningID) -> Bool { a.description < b.description }

    /// Reads an ID from a string.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = ScreeningID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an ID: \(text)")
        }
        self = id
    }

    /// Writes the ID as a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
