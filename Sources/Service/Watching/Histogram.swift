/// Counts of durations by upper limit, as Prometheus has them.
struct Histogram: Sendable, Hashable {
    /// Upper limits, seconds; one more bucket takes the rest.
    static let limits = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 3600]
    private(set) var counts = [Int](repeating: 0, count: limits.count + 1)
    private(set) var sum = 0.0

    /// Adds a duration, seconds.
    mutating func add(_ seconds: Double) {
        counts[Self.limits.firstIndex { seconds <= $0 } ?? Self.limits.count] += 1
        sum += seconds
    }

    /// How many there are.
    var total: Int { counts.reduce(0, +) }
}
