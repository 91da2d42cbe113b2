/// The vertical cup-to-disc ratio of the same eye at an earlier visit, and what the change since is worth.
public struct PriorRatio: Sendable, Codable, Hashable {
    /// Whether the change is beyond measurement error.
    public enum Verdict: String, Sendable, Codable, CaseIterable {
        /// Within measurement error.
        case stable
        /// Beyond measurement error.
        case change
    }

    /// The earlier arrival.
    public var id: ScreeningID
    /// When its photograph was taken, or else came.
    public var taken: ExaminationTime
    /// Its ratio.
    public var value: Double
    /// 95 % interval, [low, high]; null where a reader drew.
    @Nullable public var interval: [Double]?
    /// The later ratio less this one.
    public var difference: Double
    /// 95 % of differences of an unchanged eye are smaller.
    public var limit: Double
    /// Whether the difference is beyond the limit.
    public var verdict: Verdict

    /// An earlier ratio with what came of it.
    public init(
        id: ScreeningID, taken: ExaminationTime, value: Double, interval: [Double]?, difference: Double, limit: Double,
        verdict: Verdict
    ) {
        self.id = id
        self.taken = taken
        self.value = value
        self.difference = difference
        self.limit = limit
        self.verdict = verdict
        self.interval = interval
    }

    /// For a person: the earlier ratio, its day and interval, and what the change is worth.
    public var sentence: String {
        let error = interval.map { $0.count == 2 ? ", 95 % interval \(Self.decimal($0[0])) to \(Self.decimal($0[1]))" : "" }
        let worth = verdict == .stable ? "within measurement error" : "more than measurement error"
        return "Vertical cup-to-disc ratio on \(taken.localDay()): \(Self.decimal(value))\(error ?? ", drawn by a reader"); "
            + "\(difference < 0 ? "-" : "+")\(Self.decimal(abs(difference))) since, \(worth) (\(Self.decimal(limit)))."
    }

    private static func decimal(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
