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
        (self.value, self.low, self.high, self.count) = (value, low, high, count)
    }

    /// The mean of values, their groups resampled whole. Nil for fewer than two groups.
    public init?(_ values: [(group: String, value: Double)]) {
        guard let interval = Bootstrap.interval(values) else { return nil }
        let mean = values.reduce(0) { $0 + $1.value } / Double(values.count)
        self.init(value: mean, low: interval[0], high: interval[1], count: values.count)
    }
}
