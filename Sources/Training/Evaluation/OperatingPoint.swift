/// From which confidence and size on a region is taken for a polyp. Absolute: never rescaled to an image or a day.
public struct OperatingPoint: Sendable, Equatable {
    /// Least mean probability.
    public var confidence: Double
    /// Least share of the content.
    public var share: Double

    /// What images come to at a point.
    public struct Outcome: Sendable, Equatable {
        /// Frames without a polyp.
        public var emptyFrames: Int
        /// Those of them in which a region remains.
        public var falseFrames: Int
        /// The same as a share; 0 where there are no empty frames, which says nothing.
        public var falsePositives: Double { emptyFrames == 0 ? 0 : Double(falseFrames) / Double(emptyFrames) }
        /// Mean Dice of the frames with polyps.
        public var dice: Double
        /// Share of drawn polyps that a remaining region has its centroid in.
        public var sensitivity: Double
    }

    /// The point at which frames with polyps are read best while at most `falsePositives` of the empty ones have a region: the highest sum of
    /// mean Dice and sensitivity, on a grid of 0.5...0.95 by 0.01 and of five sizes. Scores must have been read with thresholds no higher.
    /// Where no point of the grid keeps to it, the highest one, which does not keep to it either: its ``Outcome`` says so.
    public static func chosen(on scores: [ImageScore], falsePositives: Double) -> OperatingPoint {
        var best: (point: OperatingPoint, merit: Double)?
        for share in [0.001, 0.002, 0.004, 0.008, 0.012] {
            for step in 50...95 {
                let point = OperatingPoint(confidence: Double(step) / 100, share: share)
                let outcome = point.outcome(of: scores)
                let merit = outcome.dice + outcome.sensitivity
                if outcome.falsePositives <= falsePositives, merit > best?.merit ?? -1 { best = (point, merit) }
            }
        }
        return best?.point ?? OperatingPoint(confidence: 0.95, share: 0.012)
    }

    /// What images come to when only the regions at or above this point remain.
    public func outcome(of scores: [ImageScore]) -> Outcome {
        var (empty, alarms, polyps, hits) = (0, 0, 0, 0)
        var dice: [Double] = []
        for score in scores {
            let kept = score.regions.filter { $0.confidence >= confidence && $0.share >= share }
            guard !score.isEmpty else {
                empty += 1
                alarms += kept.isEmpty ? 0 : 1
                continue
            }
            polyps += score.polyps ?? 0
            hits += Set(kept.compactMap(\.polyp)).count
            let (overlap, area) = kept.reduce((0, score.truthArea)) { ($0.0 + $1.overlap, $0.1 + $1.area) }
            dice.append(area == 0 ? 1 : 2 * Double(overlap) / Double(area))
        }
        return Outcome(
            emptyFrames: empty, falseFrames: alarms,
            dice: dice.isEmpty ? 0 : dice.reduce(0, +) / Double(dice.count),
            sensitivity: polyps == 0 ? 0 : Double(hits) / Double(polyps))
    }
}
