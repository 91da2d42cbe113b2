internal import Screening

/// A mean with its 95 % bootstrap interval.
public struct Estimate: Sendable, Codable, Hashable {
    /// The mean.
    public var value: Double
    /// The interval's lower end.
    public var low: Double
    /// The interval's upper end.
    public var high: Double
    /// Values behind it.
    public var count: Int

    init(value: Double, low: Double, high: Double, count: Int) {
        self.value = value
        self.low = low
        self.high = high
        self.count = count
    }

    /// The mean of values, their groups resampled whole. Nil for fewer than two groups.
    public init?(_ values: [(group: String, value: Double)]) {
        guard let interval = Bootstrap.interval(values) else { return nil }
        let mean = values.reduce(0) { $0 + $1.value } / Double(values.count)
        self.init(value: mean, low: interval[0], high: interval[1], count: values.count)
    }
}

/// The percentile bootstrap (Efron, 1979) of a mean: whole groups are drawn, because images of one patient or sequence say much the same.
enum Bootstrap {
    /// [low, high]: where 95 % of the resampled means lie. Nil for fewer than two groups. The same values always give the same interval.
    static func interval(_ values: [(group: String, value: Double)], resamples: Int = 2000) -> [Double]? {
        var groups: [String: (sum: Double, count: Int)] = [:]
        for (group, value) in values {
            let old = groups[group] ?? (0, 0)
            groups[group] = (old.sum + value, old.count + 1)
        }
        guard groups.count > 1 else { return nil }
        let sorted = groups.sorted { $0.key < $1.key }.map(\.value)
        var random = SeededGenerator(0x62_6F_6F_74)
        var means: [Double] = []
        for _ in 0..<resamples {
            var (sum, count) = (0.0, 0)
            for _ in sorted.indices {
                let drawn = sorted[random.below(sorted.count)]
                sum += drawn.sum
                count += drawn.count
            }
            means.append(sum / Double(count))
        }
        means.sort()
        return [means[Int(0.025 * Double(resamples))], means[min(resamples - 1, Int(0.975 * Double(resamples)))]]
    }
}
