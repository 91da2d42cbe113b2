/// One of several shares of some work, written `2/16`: each piece of work is in exactly one of them, whoever asks.
public struct Shard: Sendable, Hashable, CustomStringConvertible {
    /// Which one, from 1.
    public let number: Int
    /// How many there are.
    public let count: Int

    /// Reads `I/N`, 1 ≤ I ≤ N ≤ 100,000; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let number = parts[0], let count = parts[1], (1...100_000).contains(count),
            (1...count).contains(number)
        else { return nil }
        self.number = number
        self.count = count
    }

    /// The only share.
    private init() { (number, count) = (1, 1) }

    /// All of the work.
    public static let whole = Shard()

    /// As it is read.
    public var description: String { "\(number)/\(count)" }

    /// Whether the piece of work of an index, from 0, is in this share: every count-th is.
    public func holds(_ index: Int) -> Bool { index % count == number - 1 }

    /// Whether content is in this share: by its digest, so that copies are always in the same one.
    public func holds(_ content: Digest) -> Bool { content.leading.0 % UInt64(count) == UInt64(number - 1) }
}
