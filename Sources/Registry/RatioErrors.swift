/// How far read cup-to-disc ratios were from drawn ones on val, in units of what the networks themselves are unsure of: what makes an
/// interval of a reading (conformal prediction with normalised residuals; Papadopoulos & Haralambous, Neural Networks 24, 2011).
public struct RatioErrors: Sendable, Codable, Equatable {
    /// What is added to the networks' own deviation of the ratio: what they do not know that they do not know.
    public var floor: Double
    /// (Drawn - read) / (deviation + floor) of val's eyes, the least first.
    public var residuals: [Double]

    /// Errors of some eyes.
    public init(floor: Double, residuals: [Double]) { (self.floor, self.residuals) = (floor, residuals.sorted()) }

    /// [low, high], within 0...1, which covers 95 % of the drawn ratios of eyes like those.
    /// - Parameter deviation: one standard deviation of the ratio, as the networks' own uncertainty has it.
    public func interval(_ ratio: Double, deviation: Double) -> [Double] {
        let (count, scale) = (Double(residuals.count + 1), deviation + floor)
        let low = residuals[max(0, Int((0.025 * count).rounded(.down)) - 1)]
        let high = residuals[min(residuals.count - 1, Int((0.975 * count).rounded(.up)) - 1)]
        return [min(ratio, max(0, ratio + low * scale)), max(ratio, min(1, ratio + high * scale))]
    }

    /// The probability that the drawn ratio is `threshold` or more.
    public func probability(ofAtLeast threshold: Double, ratio: Double, deviation: Double) -> Double {
        let least = (threshold - ratio) / (deviation + floor)
        return Double(residuals.count { $0 >= least }) / Double(residuals.count)
    }

    /// Whether there are some, in order, and every number is one.
    var isSound: Bool {
        floor.isFinite && floor > 0 && !residuals.isEmpty && residuals.allSatisfy(\.isFinite) && residuals == residuals.sorted()
    }
}
