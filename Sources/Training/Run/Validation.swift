internal import Glibc
internal import Neural
internal import Screening

/// Scores weights on the validation views at the network's own resolution: quick enough for every few epochs. The figures that count are
/// `Evaluation`'s, through the service's own reading.
struct Validation: Sendable {
    /// The score of some weights.
    struct Score: Sendable, Equatable {
        /// Mean Dice over the views; for the router the share of right answers.
        var score: Double
        /// Mean of the paper's losses.
        var loss: Double
        /// Whether not one pixel of foreground was predicted while there is some to find.
        var isBackgroundOnly: Bool
    }

    /// Views, each a batch of one.
    let views: [TrainingBatch]
    /// The network.
    let architecture: Architecture
    /// Its width.
    let width: Int
    /// Its side.
    let side: Int

    /// Runs the weights on all views; of several ranks, each on its share of them.
    @EngineActor func score(_ weights: Weights, _ ranks: Ranks? = nil) throws(PapillaError) -> Score {
        let network = try Network(architecture, width: width, side: side, weights: weights)
        let (rank, count) = (ranks?.rank ?? 0, ranks?.count ?? 1)
        // As many places for each rank; the last ones may stay empty.
        let most = (views.count + count - 1) / count
        var own = [Figures](repeating: Figures(), count: most)
        for (place, index) in stride(from: rank, to: views.count, by: count).enumerated() {
            own[place] = Self.figures(try network.run(views[index].input), views[index])
        }
        let all = ranks?.gathered(own) ?? own
        var sum = Figures()
        for index in views.indices { sum.add(all[index % count * most + index / count]) }
        let views = Double(max(1, views.count))
        return Score(score: sum.score / views, loss: sum.loss / views, isBackgroundOnly: sum.predicted == 0 && sum.expected > 0)
    }

    /// One view's figures, and their sums.
    private struct Figures: BitwiseCopyable {
        var score = 0.0
        var loss = 0.0
        /// Pixels that were found, and that there are.
        var (predicted, expected) = (0, 0)

        mutating func add(_ other: Figures) {
            score += other.score
            loss += other.loss
            predicted += other.predicted
            expected += other.expected
        }
    }

    private static func figures(_ logits: [Architecture.Head: [Float]], _ view: TrainingBatch) -> Figures {
        var figures = Figures()
        if let classes = logits[.classes] {
            let label = Int(view.classes[0])
            let best = (0..<classes.count).max { classes[$0] < classes[$1] } ?? 0
            figures.score = best == label ? 1 : 0
            figures.loss = surprise(classes, label)
        }
        guard let mask = logits[.mask] else { return figures }
        let overlap = Self.overlap(mask, view.mask)
        figures.score = overlap.dice
        (figures.predicted, figures.expected) = (overlap.predicted, overlap.expected)
        figures.loss = likelihoodLoss(mask, view.mask)
        if let contour = logits[.contour] { figures.loss += likelihoodLoss(contour, view.contour) }
        if let distance = logits[.distance] { figures.loss += squaredLoss(distance, view.distance) }
        return figures
    }

    /// Dice of the pixels whose second map is above the first with the truth; 1 where both are empty.
    static func overlap(_ logits: [Float], _ truth: [UInt8]) -> (dice: Double, predicted: Int, expected: Int) {
        let count = truth.count
        var both = 0
        var predicted = 0
        var expected = 0
        for index in 0..<count {
            let isInside = logits[count + index] > logits[index]
            if isInside { predicted += 1 }
            if truth[index] != 0 {
                expected += 1
                if isInside { both += 1 }
            }
        }
        return (predicted + expected == 0 ? 1 : 2 * Double(both) / Double(predicted + expected), predicted, expected)
    }

    private static func likelihoodLoss(_ logits: [Float], _ truth: [UInt8]) -> Double {
        let count = truth.count
        var sum = 0.0
        for index in 0..<count {
            let margin = (logits[count + index] - logits[index]) * (truth[index] != 0 ? 1 : -1)
            sum += Double(margin > 0 ? log1pf(expf(-margin)) : log1pf(expf(margin)) - margin)
        }
        return sum / Double(count)
    }

    private static func squaredLoss(_ logits: [Float], _ truth: [Float]) -> Double {
        var sum = 0.0
        for (logit, target) in zip(logits, truth) {
            let difference = 1 / (1 + expf(-logit)) - target
            sum += Double(difference * difference)
        }
        return sum / Double(truth.count)
    }

    private static func surprise(_ logits: [Float], _ label: Int) -> Double {
        let largest = logits.max() ?? 0
        return Double(logf(logits.reduce(0) { $0 + expf($1 - largest) }) + largest - logits[label])
    }
}
