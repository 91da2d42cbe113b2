internal import Glibc

/// Random numbers that depend on nothing but their seed: SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014).
struct PhantomRandom: Sendable {
    private var state: UInt64

    /// The numbers of one image of one seed.
    init(seed: UInt64, index: Int) {
        var outer = PhantomRandom(state: seed)
        state = outer.next() ^ (UInt64(truncatingIfNeeded: index) &* 0xD1B5_4A32_D192_ED03)
        state = next()
    }

    private init(state: UInt64) { self.state = state }

    /// 64 random bits.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A generator of its own, so that one part of a picture may draw more numbers without changing the others.
    mutating func split() -> PhantomRandom { PhantomRandom(state: next()) }

    /// A real number, evenly from the range.
    mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * Double(next() >> 11) * 0x1p-53
    }

    /// True with a given probability.
    mutating func chance(_ probability: Double) -> Bool { uniform(0...1) < probability }

    /// -1 or 1.
    mutating func sign() -> Double { next() & 1 == 0 ? -1 : 1 }

    /// A normal number of mean 0 and variance 1 (Box & Muller, 1958).
    mutating func normal() -> Double {
        (-2 * log(1 - uniform(0...0x1.fffffffffffffp-1))).squareRoot() * cos(2 * .pi * uniform(0...1))
    }
}
