internal import Screening

extension SeededGenerator {
    /// Uniform in 0..<count, without bias (Lemire, "Fast random integer generation in an interval", 2019).
    mutating func below(_ count: Int) -> Int {
        let bound = UInt64(count)
        let threshold = (0 &- bound) % bound
        while true {
            let (high, low) = next().multipliedFullWidth(by: bound)
            if low >= threshold { return Int(high) }
        }
    }

    /// Mean 0, deviation 1, nearly normal: four uniform values of 16 bits, added up. Quick enough for every pixel of an image.
    mutating func nearlyNormal() -> Float {
        let bits = next()
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
        return (Float(sum) / 65535 - 2) * 1.732_050_8
    }

    /// 0..<count in random order (Fisher and Yates).
    mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, below(last + 1)) }
        return order
    }

    /// One of 0..<count, each as often as its weight says; all alike where there is no weight for each.
    mutating func weighted(_ weights: [Double], of count: Int) -> Int {
        let sum = weights.reduce(0, +)
        guard weights.count == count, sum > 0 else { return below(count) }
        var left = uniform() * sum
        for (index, weight) in weights.enumerated() {
            left -= weight
            if left < 0 { return index }
        }
        return count - 1
    }
}
