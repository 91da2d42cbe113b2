/// SplitMix64 (Steele, Lea and Flood 2014): every random choice that must come out the same again is drawn from one of these, seeded
/// by what it belongs to and never by a thread or a clock.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A stream of its own for every list of words, e.g. (seed, epoch, index).
    public init(_ words: UInt64...) {
        state = 0
        for word in words { state = Self.mix(state &+ word &+ 0x9E37_79B9_7F4A_7C15) }
    }

    /// 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// Uniform in [0, 1).
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    private static func mix(_ word: UInt64) -> UInt64 {
        var z = word
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
