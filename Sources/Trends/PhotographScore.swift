internal import Screening

/// How well a photograph stands for its eye, 0...1: of those of one visit the highest counts.
///
/// The score is the weighted mean of four terms, each 0...1, and 0.5 where its figure is not known:
///
/// | term | weight | 1 where | 0 where |
/// |---|---|---|---|
/// | grade | 0.4 | good | ungradable (usable: 0.5) |
/// | focus | 0.2 | 8 times its threshold and more | at its threshold |
/// | agreement | 0.2 | both heads of the network draw the same outline | disagreement of 0.3 and more |
/// | certainty | 0.2 | the interval of the ratio has no width | its width is 0.5 and more |
///
/// What a reader drew counts before every other photograph, whatever the score, and what is of a doubtful eye after them.
public struct PhotographScore: Sendable, Codable, Hashable {
    /// The weighted mean.
    public var total: Double
    /// Good, usable or ungradable.
    public var grade: Double
    /// Focus, on a logarithmic scale.
    public var focus: Double
    /// One less the disagreement of the network's heads, over 0.3.
    public var agreement: Double
    /// One less the interval's width, over 0.5.
    public var certainty: Double

    /// The score of an image.
    public init(_ image: ExaminedImage) {
        func within(_ value: Double) -> Double { min(max(value, 0), 1) }
        grade = image.quality.map { $0 == .good ? 1 : $0 == .usable ? 0.5 : 0 } ?? 0.5
        focus = image.focus.map { within(Self.doublings($0) / 3) } ?? 0.5
        agreement = image.disagreement.map { within(1 - $0 / 0.3) } ?? 0.5
        certainty = image.ratio?.interval.map { within(1 - ($0[1] - $0[0]) / 0.5) } ?? 0.5
        total = 0.4 * grade + 0.2 * focus + 0.2 * agreement + 0.2 * certainty
    }

    /// The base-2 logarithm by its integer and a straight line between: exact at powers of two, and the same on every machine.
    private static func doublings(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return value > 0 ? 3 : -3 }
        return Double(value.exponent) + value.significand - 1
    }
}

extension ExaminedImage {
    /// Its score.
    public var score: PhotographScore { PhotographScore(self) }

    /// Orders the photographs of one eye and visit: the one that counts comes first. Of two that are as good, the earlier.
    static func standsBefore(_ a: ExaminedImage, _ b: ExaminedImage) -> Bool {
        func rank(_ image: ExaminedImage) -> Int {
            !image.isCountable ? 3 : image.ratio?.isDrawn == true ? 0 : image.isEyeDoubtful ? 2 : 1
        }
        let (first, second) = (rank(a), rank(b))
        if first != second { return first < second }
        let (better, worse) = (a.score.total, b.score.total)
        if better != worse { return better > worse }
        return (a.examined, a.id) < (b.examined, b.id)
    }
}
