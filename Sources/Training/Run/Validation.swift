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

    /// Runs the weights on all views.
    @EngineActor func score(_ weights: Weights) throws(PapillaError) -> Score {
        let network = try Network(architecture, width: width, side: side, weights: weights)
        var (score, loss) = (0.0, 0.0)
        var (predicted, expected) = (0, 0)
        for view in views {
            let logits = try network.run(view.input)
            if let classes = logits[.classes] {
                let label = Int(view.classes[0])
                let best = (0..<classes.count).max { classes[$0] < classes[$1] } ?? 0
                score += best == label ? 1 : 0
                loss += Self.surprise(classes, label)
                continue
            }
            guard let mask = logits[.mask] else { continue }
            let overlap = Self.overlap(mask, view.mask)
            score += overlap.dice
            predicted += overlap.predicted
            expected += overlap.expected
            loss += Self.likelihoodLoss(mask, view.mask)
            if let contour = logits[.contour] { loss += Self.likelihoodLoss(contour, view.contour) }
            if let distance = logits[.distance] { loss += Self.squaredLoss(distance, view.distance) }
        }
        let count = Double(max(1, views.count))
        return Score(score: score / count, loss: loss / count, isBackgroundOnly: predicted == 0 && expected > 0)
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
