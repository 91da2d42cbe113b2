internal import Reading
internal import Screening

/// The figures of some images: means over images, 95 % intervals by resampling groups (patients, sequences, centres).
public struct Figures: Sendable, Equatable {
    /// How many images.
    public let images: Int
    /// The means by the names that JSON and manifests use; those that the task does not have are missing. See ``meanings``.
    public let means: [String: Double]
    /// The means' 95 % intervals, [low, high]; none for fewer than two groups.
    public let intervals: [String: [Double]]
    /// Numbers of things, likewise.
    public let counts: [String: Int]
    /// Images by what they show, then by what they were taken for; nil but for the router.
    public let confusion: [String: [String: Int]]?

    /// What the means and counts mean, in the order in which a person wants them.
    public static let meanings: [(name: String, meaning: String)] = [
        ("dice", "mean Dice of the masks; 1 where both are empty"),
        ("jaccard", "mean Jaccard of the masks"),
        ("found", "share of images with something to find whose Dice is above 0.5"),
        ("missed_frames", "images with something to find in which nothing was found"),
        ("polyps", "polyps drawn, specks under 0.05 % of the content left out"),
        ("sensitivity", "share of drawn polyps in which a found region has its centroid"),
        ("sensitivity_under_1", "the same of polyps under 1 % of the content"),
        ("sensitivity_1_to_5", "the same of polyps of 1 to 5 %"),
        ("sensitivity_over_5", "the same of polyps of 5 % and more"),
        ("borderline_sensitivity", "the same where borderline regions count as found"),
        ("borderline_frames", "frames without anything to find that a person is asked to look at, polyp or borderline"),
        ("false_regions", "found regions without that, in each frame"),
        ("empty_frames", "frames without anything to find"),
        ("false_positive_frames", "those of them in which something was found"),
        ("false_positive_share", "the same as a share"),
        (
            "cdr_vertical_mae",
            "mean absolute error of the vertical cup-to-disc ratio: ellipses against the truth's tallest columns"
        ),
        ("cdr_vertical_bias", "mean of read minus drawn ratio"),
        ("cdr_unread", "eyes of which no ratio was read"),
        (
            "cdr_high_missed",
            "share of eyes with a drawn ratio of 0.65 or more that were read below, or of which no ratio was read"
        ),
        ("cdr_high_false", "share of eyes with a drawn ratio below 0.65 that were read at or above it"),
        ("cdr_interval_coverage", "share of drawn ratios inside of the reading's 95 % interval"),
        ("cdr_interval_width", "mean width of that interval"),
        ("ratio_attention_share", "share of eyes whose ratio a person is asked to look at"),
        ("ratio_attention_caught", "the same of eyes with a drawn ratio of 0.65 or more"),
        (
            "review_caught",
            "of the worst tenth by Dice, the share among the most doubtful tenth: nothing found, or else most disagreement of the heads"
        ),
        ("accuracy", "share of images taken for what they are"),
    ]

    /// The figures of scores of one task.
    public init(_ scores: [ImageScore]) {
        images = scores.count
        var (means, intervals, counts): ([String: Double], [String: [Double]], [String: Int]) = ([:], [:], [:])
        func estimate(_ name: String, _ values: [(group: String, value: Double)]) {
            guard !values.isEmpty else { return }
            means[name] = values.reduce(0) { $0 + $1.value } / Double(values.count)
            intervals[name] = Bootstrap.interval(values)
        }
        func estimate(_ name: String, of scores: [ImageScore], _ value: (ImageScore) -> Double?) {
            estimate(name, scores.compactMap { score in value(score).map { (score.owner, $0) } })
        }
        let areas = scores.filter { $0.dice != nil }
        let (empty, drawn) = (areas.filter(\.isEmpty), areas.filter { !$0.isEmpty })
        estimate("dice", of: areas, \.dice)
        estimate("jaccard", of: areas, \.jaccard)
        estimate("found", of: drawn) { $0.dice.map { $0 > 0.5 ? 1 : 0 } }
        if !areas.isEmpty {
            counts["empty_frames"] = empty.count
            counts["false_positive_frames"] = empty.count { !$0.isFoundEmpty }
            counts["missed_frames"] = drawn.count(where: \.isFoundEmpty)
        }
        if scores.contains(where: { $0.drawnRatio != nil }) {
            counts["cdr_unread"] = scores.count { $0.drawnRatio != nil && $0.readRatio == nil }
        }
        estimate("false_positive_share", of: empty) { $0.isFoundEmpty ? 0 : 1 }
        func sensitivity(_ name: String, _ sizes: Range<Double> = 0..<2, counting verdicts: [JudgedRegions.Verdict] = [.polyp]) {
            estimate(
                name,
                scores.flatMap { score in
                    zip(score.polyps ?? [], score.foundPolyps(counting: verdicts)).filter { sizes.contains($0.0) }.map {
                        (group: score.owner, value: $0.1 ? 1.0 : 0)
                    }
                })
        }
        sensitivity("sensitivity")
        for (name, sizes) in Self.sizes { sensitivity("sensitivity_\(name)", sizes) }
        sensitivity("borderline_sensitivity", counting: [.polyp, .borderline])
        if scores.contains(where: { $0.polyps != nil }) {
            counts["polyps"] = scores.reduce(0) { $0 + ($1.polyps?.count ?? 0) }
            counts["borderline_frames"] = empty.count(where: \.isFlagged)
        }
        estimate("false_regions", of: scores) { score in score.falseRegions.map { Double($0) } }
        let ratios = scores.compactMap { score in
            score.readRatio.flatMap { read in score.drawnRatio.map { (group: score.owner, read: read, drawn: $0) } }
        }
        estimate("cdr_vertical_mae", ratios.map { ($0.group, abs($0.read - $0.drawn)) })
        estimate("cdr_vertical_bias", ratios.map { ($0.group, $0.read - $0.drawn) })
        // An eye of which nothing was read is missed as well.
        estimate("cdr_high_missed", of: scores.filter { $0.drawnRatio.map { $0 >= 0.65 } ?? false }) { score in
            score.readRatio.map { $0 < 0.65 } ?? true ? 1 : 0
        }
        estimate(
            "cdr_high_false",
            ratios.filter { $0.drawn < 0.65 }.map { ($0.group, $0.read >= 0.65 ? 1 : 0) })
        estimate("cdr_interval_coverage", of: scores) { score in
            guard let interval = score.readInterval, interval.count == 2, let drawn = score.drawnRatio else { return nil }
            return interval[0] <= drawn && drawn <= interval[1] ? 1 : 0
        }
        estimate("cdr_interval_width", of: scores) { score in
            score.readInterval.flatMap { $0.count == 2 ? $0[1] - $0[0] : nil }
        }
        let watched = scores.filter { $0.hasRatioAttention != nil }
        estimate("ratio_attention_share", of: watched) { $0.hasRatioAttention == true ? 1 : 0 }
        estimate("ratio_attention_caught", of: watched.filter { $0.drawnRatio.map { $0 >= 0.65 } ?? false }) {
            $0.hasRatioAttention == true ? 1 : 0
        }
        estimate("review_caught", Self.reviewCaught(drawn))
        let routed = scores.filter { $0.shown != nil }
        estimate("accuracy", of: routed) { $0.shown == $0.routed ? 1 : 0 }
        var confusion: [String: [String: Int]] = [:]
        for score in routed {
            guard let shown = score.shown, let routed = score.routed else { continue }
            confusion[shown.rawValue, default: [:]][routed.rawValue, default: 0] += 1
        }
        self.means = means
        self.intervals = intervals
        self.counts = counts
        self.confusion = confusion.isEmpty ? nil : confusion
    }

    /// Polyps by their share of the content.
    static let sizes: [(name: String, shares: Range<Double>)] = [
        ("under_1", 0..<0.01), ("1_to_5", 0.01..<0.05), ("over_5", 0.05..<2),
    ]

    /// Mean Dice; nil for the router.
    public var dice: Double? { self["dice"] }

    /// A mean by its name.
    public subscript(_ name: String) -> Double? { means[name] }

    /// All numbers by name, as manifests have them.
    public var values: [String: Double] {
        means.merging(counts.mapValues(Double.init)) { first, _ in first }
    }

    /// Of the worst tenth by Dice, the share among the tenth whose heads disagree most. Nothing under 20 images.
    private static func reviewCaught(_ scores: [ImageScore]) -> [(group: String, value: Double)] {
        let judged = scores.filter { $0.disagreement != nil || $0.isFoundEmpty }
        guard judged.count >= 20 else { return [] }
        let count = judged.count / 10
        // Where nothing was found there is nothing to agree on: such an image is looked at first.
        func doubt(_ index: Int) -> Double { judged[index].isFoundEmpty ? 2 : judged[index].disagreement ?? 0 }
        let worst = judged.indices.sorted { (judged[$0].dice ?? 0, $0) < (judged[$1].dice ?? 0, $1) }.prefix(count)
        let flagged = Set(judged.indices.sorted { (-doubt($0), $0) < (-doubt($1), $1) }.prefix(count))
        return worst.map { (judged[$0].group, flagged.contains($0) ? 1 : 0) }
    }
}

extension Figures: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
        init(_ name: String) { stringValue = name }
    }

    /// One object: images, every mean and count by name, and `NAME_interval` beside each mean that has one.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(images, forKey: Key("images"))
        for (name, mean) in means { try container.encode(mean, forKey: Key(name)) }
        for (name, interval) in intervals { try container.encode(interval, forKey: Key("\(name)_interval")) }
        for (name, count) in counts { try container.encode(count, forKey: Key(name)) }
        if let confusion { try container.encode(confusion, forKey: Key("confusion")) }
    }
}
