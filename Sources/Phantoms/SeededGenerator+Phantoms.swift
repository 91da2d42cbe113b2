internal import Glibc
internal import Screening

extension SeededGenerator {
    /// The numbers of one image of one seed.
    init(seed: UInt64, index: Int) {
        var outer = SeededGenerator(state: seed)
        var inner = SeededGenerator(state: outer.next() ^ (UInt64(truncatingIfNeeded: index) &* 0xD1B5_4A32_D192_ED03))
        self.init(state: inner.next())
    }

    /// A generator of its own, so that one part of a picture may draw more numbers without changing the others.
    mutating func split() -> SeededGenerator { SeededGenerator(state: next()) }

    /// -1 or 1.
    mutating func sign() -> Double { next() & 1 == 0 ? -1 : 1 }

    /// A normal number of mean 0 and variance 1 (Box & Muller, 1958).
    mutating func normal() -> Double {
        (-2 * log(1 - uniform(0...0x1.fffffffffffffp-1))).squareRoot() * cos(2 * .pi * uniform())
    }
}
