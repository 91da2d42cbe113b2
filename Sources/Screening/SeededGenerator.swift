/// SplitMix64 (Steele, Lea and Flood 2014): every random choice that must come out the same again is drawn from one of these, seeded
/// by what it belongs to and never by a thread or a clock.
///
/// Its draws are inlinable: they are made for every pixel, and this room is not optimised in debug builds.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    /// A stream of its own for every list of words, e.g. (seed, epoch, index).
    public init(_ words: UInt64...) {
        state = 0
        for word in words { state = Self.mix(state &+ word &+ 0x9E37_79B9_7F4A_7C15) }
    }

    /// The stream that goes on from a state.
    public init(state: UInt64) { self.state = state }

    /// 64 random bits.
    @inlinable public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// Uniform in [0, 1).
    @inlinable public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in a range.
    @inlinable public mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    /// True with the given probability.
    @inlinable public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    @inlinable static func mix(_ word: UInt64) -> UInt64 {
        var z = word
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
