/// From which confidence on a region is taken for a polyp, and from which it is shown to a person as borderline. Absolute: never
/// rescaled to an image or a day.
public struct OperatingPoint: Sendable, Equatable {
    /// Least confidence of a polyp.
    public var confidence: Double
    /// Least confidence of a borderline region, no higher.
    public var borderline: Double

    /// The figures of images when only the regions from a confidence on remain.
    public struct Outcome: Sendable, Equatable {
        /// Frames without a polyp.
        public var emptyFrames = 0
        /// Those of them in which a region remains.
        public var falseFrames = 0
        /// The same as a share; 0 where there are no empty frames, which says nothing.
        public var falsePositives: Double { emptyFrames == 0 ? 0 : Double(falseFrames) / Double(emptyFrames) }
        /// All frames.
        public var frames = 0
        /// Remaining regions whose centroid lies in no polyp.
        public var falseRegions = 0
        /// Polyps drawn, of the sizes that are asked for.
        public var polyps = 0
        /// Those of them that a remaining region has its centroid in.
        public var hits = 0
        /// The same as a share.
        public var sensitivity: Double { polyps == 0 ? 0 : Double(hits) / Double(polyps) }
        /// Mean Dice of the frames with polyps.
        public var dice = 0.0
    }

    /// What images come to from a confidence on; polyps count where their share of the content is in `sizes`.
    public static func outcome(of scores: [ImageScore], from confidence: Double, sizes: Range<Double> = 0..<2) -> Outcome {
        var outcome = Outcome(frames: scores.count)
        var dice: [Double] = []
        for score in scores {
            let kept = score.regions.filter { $0.confidence >= confidence }
            outcome.falseRegions += kept.count { $0.polyp == nil }
            guard !score.isEmpty else {
                outcome.emptyFrames += 1
                outcome.falseFrames += kept.isEmpty ? 0 : 1
                continue
            }
            let shares = score.polyps ?? []
            let found = Set(kept.compactMap(\.polyp))
            for (index, share) in shares.enumerated() where sizes.contains(share) {
                outcome.polyps += 1
                outcome.hits += found.contains(index) ? 1 : 0
            }
            let (overlap, area) = kept.reduce((0, score.truthArea)) { ($0.0 + $1.overlap, $0.1 + $1.area) }
            dice.append(area == 0 ? 1 : 2 * Double(overlap) / Double(area))
        }
        outcome.dice = dice.isEmpty ? 0 : dice.reduce(0, +) / Double(dice.count)
        return outcome
    }

    /// The point of the highest sensitivity at which at most `falsePositives` of the empty frames have a region (four times that share one
    /// that is borderline), and no data set of 50 frames and more has more than `falseRegions` false regions a frame: the mean over all sets
    /// would let one hospital's frames pay for another's. Of several such points the highest, which has the fewest false regions. Where none
    /// keeps to it, the highest of all, which does not keep to it either: its ``Outcome`` says so.
    public static func chosen(
        on scores: [ImageScore], falsePositives: Double, falseRegions: Double = .infinity
    ) -> OperatingPoint {
        let points = points(scores)
        let sets = Dictionary(grouping: scores, by: \.set).values.filter { $0.count >= 50 }
        func chosen(_ share: Double, _ regions: Double) -> Double {
            // The lower the point, the more of everything: each search halves what is left.
            let allowed = first(points) { point in
                outcome(of: scores, from: point).falsePositives > share
                    || sets.contains {
                        let outcome = outcome(of: $0, from: point)
                        return Double(outcome.falseRegions) > regions * Double(outcome.frames)
                    }
            }
            let admissible = points.prefix(max(1, allowed))
            guard let last = admissible.last else { return 1 }
            let most = outcome(of: scores, from: last).hits
            return admissible[first(Array(admissible)) { outcome(of: scores, from: $0).hits >= most }]
        }
        let confidence = chosen(falsePositives, falseRegions)
        return OperatingPoint(confidence: confidence, borderline: min(confidence, chosen(4 * falsePositives, .infinity)))
    }

    /// Every point that keeps other regions than the one before it, from the highest, that keeps none, to the lowest, that keeps all.
    static func points(_ scores: [ImageScore]) -> [Double] {
        let values = Set(scores.flatMap { $0.regions.map(\.confidence) }).sorted(by: >)
        return zip([1] + values, values + [0]).map { above, below in
            let between = (above + below) / 2
            let rounded = (between * 10000).rounded() / 10000
            return rounded > below && rounded <= above ? rounded : between
        }
    }

    /// Where a condition begins to hold that holds from there on; the count where it never does.
    private static func first(_ points: [Double], _ holds: (Double) -> Bool) -> Int {
        var (low, high) = (0, points.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(points[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
