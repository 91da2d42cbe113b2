internal import Screening

/// The figures of some images: means over images, 95 % intervals by resampling groups.
public struct Figures: Sendable, Equatable, Encodable {
    /// How many images.
    public let images: Int
    /// Mean Dice; nil for the router.
    public let dice: Double?
    /// Its interval, [low, high].
    public let diceInterval: [Double]?
    /// Mean Jaccard; nil for the router.
    public let jaccard: Double?
    /// Images whose truth is empty.
    public let emptyFrames: Int?
    /// Those of them in which something was found.
    public let falsePositiveFrames: Int?
    /// Images with something to find in which nothing was found.
    public let missedFrames: Int?
    /// Mean absolute error of the vertical cup-to-disc ratio, ellipses against the truth's tallest columns; nil but for the cup.
    public let ratioError: Double?
    /// Mean of read minus drawn ratio.
    public let ratioBias: Double?
    /// Images that both ratios exist for.
    public let ratioImages: Int?
    /// Share that the router took for what they are; nil but for the router.
    public let accuracy: Double?
    /// Its interval, [low, high].
    public let accuracyInterval: [Double]?
    /// Images by what they show, then by what they were taken for; nil but for the router.
    public let confusion: [String: [String: Int]]?

    /// The figures of scores of one task.
    public init(_ scores: [ImageScore]) {
        images = scores.count
        let areas = scores.filter { $0.dice != nil }
        dice = Self.mean(areas.compactMap(\.dice))
        diceInterval = Bootstrap.interval(areas.map { ($0.group, $0.dice ?? 0) })
        jaccard = Self.mean(areas.compactMap(\.jaccard))
        emptyFrames = areas.isEmpty ? nil : areas.count(where: \.isEmpty)
        falsePositiveFrames = areas.isEmpty ? nil : areas.count { $0.isEmpty && !$0.isFoundEmpty }
        missedFrames = areas.isEmpty ? nil : areas.count { !$0.isEmpty && $0.isFoundEmpty }
        let ratios = scores.compactMap { score in score.readRatio.flatMap { read in score.drawnRatio.map { read - $0 } } }
        ratioError = Self.mean(ratios.map { abs($0) })
        ratioBias = Self.mean(ratios)
        ratioImages = ratios.isEmpty ? nil : ratios.count
        let routed = scores.filter { $0.shown != nil }
        accuracy = Self.mean(routed.map { $0.shown == $0.routed ? 1 : 0 })
        accuracyInterval = routed.isEmpty ? nil : Bootstrap.interval(routed.map { ($0.group, $0.shown == $0.routed ? 1 : 0) })
        var counts: [String: [String: Int]] = [:]
        for score in routed {
            guard let shown = score.shown, let routed = score.routed else { continue }
            counts[shown.rawValue, default: [:]][routed.rawValue, default: 0] += 1
        }
        confusion = counts.isEmpty ? nil : counts
    }

    /// The numbers by the names that JSON and manifests use; those that the task does not have are missing.
    public var values: [String: Double] {
        var values: [String: Double] = [:]
        values["dice"] = dice
        values["jaccard"] = jaccard
        values["empty_frames"] = emptyFrames.map(Double.init)
        values["false_positive_frames"] = falsePositiveFrames.map(Double.init)
        values["cdr_vertical_mae"] = ratioError
        values["accuracy"] = accuracy
        return values
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    enum CodingKeys: String, CodingKey {
        case images, dice, jaccard, accuracy, confusion
        case diceInterval = "dice_interval"
        case emptyFrames = "empty_frames"
        case falsePositiveFrames = "false_positive_frames"
        case missedFrames = "missed_frames"
        case ratioError = "cdr_vertical_mae"
        case ratioBias = "cdr_vertical_bias"
        case ratioImages = "cdr_images"
        case accuracyInterval = "accuracy_interval"
    }
}
