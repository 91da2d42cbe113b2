internal import Screening
internal import Training

/// A figure by which a candidate is held against the live model, image by image: the outlines, and what a user acts on.
struct JudgedFigure: Sendable {
    /// As `papilla evaluate` names it.
    let name: String
    /// In plain words.
    let words: String
    /// Whether less of it is better.
    let isHarm: Bool
    /// By how much the worse end of the difference's interval may be worse.
    let margin: Double
    /// What an image gives to the mean: a number for each thing that is counted, none where it has no such thing.
    let values: @Sendable (ImageScore) -> [Double]

    /// What decides for a task; nothing for the router, whose cases no reader draws.
    static func all(for task: ModelTask) -> [JudgedFigure] {
        switch task {
        case .router: []
        case .disc: [dice]
        case .cup: [dice, ratioError, unread]
        case .polyp: [dice, sensitivity, falseRegions, falseFrames]
        }
    }

    private static let dice = JudgedFigure(
        name: "dice", words: "Dice", isHarm: false, margin: 0.01, values: { [$0.dice ?? 0] })
    private static let ratioError = JudgedFigure(
        name: "cdr_vertical_mae", words: "error of the vertical ratio", isHarm: true, margin: 0.01,
        values: { score in
            guard let drawn = score.drawnRatio, let read = score.readRatio else { return [] }
            return [abs(read - drawn)]
        })
    private static let unread = JudgedFigure(
        name: "cdr_unread", words: "share of eyes without a ratio", isHarm: true, margin: 0.05,
        values: { score in score.drawnRatio == nil ? [] : [score.readRatio == nil ? 1 : 0] })
    // What is counted moves in steps: one among the twenty cases that are needed is 0.05.
    private static let sensitivity = JudgedFigure(
        name: "sensitivity", words: "share of polyps found", isHarm: false, margin: 0.05,
        values: { score in score.foundPolyps().map { $0 ? 1 : 0 } })
    private static let falseRegions = JudgedFigure(
        name: "false_regions", words: "false regions a frame", isHarm: true, margin: 0.05,
        values: { score in score.falseRegions.map { [Double($0)] } ?? [] })
    private static let falseFrames = JudgedFigure(
        name: "false_positive_share", words: "share of empty frames with a region", isHarm: true, margin: 0.05,
        values: { score in score.isEmpty ? [score.isFoundEmpty ? 0 : 1] : [] })

    /// Both models' figure on the same images, in one order; nil where there is nothing that both have.
    func compared(_ live: [ImageScore], _ candidate: [ImageScore]) -> PromotionCheck.Comparison? {
        var pairs: [(group: String, live: Double, candidate: Double)] = []
        for (old, new) in zip(live, candidate) {
            let (before, after) = (values(old), values(new))
            // A ratio that one of them did not read has nothing to be held against.
            guard before.count == after.count else { continue }
            for (one, other) in zip(before, after) { pairs.append((group: old.owner, live: one, candidate: other)) }
        }
        guard !pairs.isEmpty else { return nil }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        let difference = Estimate(pairs.map { (group: $0.group, value: $0.candidate - $0.live) })
        return PromotionCheck.Comparison(
            figure: name, meaning: words, live: mean(pairs.map(\.live)), candidate: mean(pairs.map(\.candidate)),
            difference: difference, margin: isHarm ? margin : -margin,
            refuses: difference.map { isHarm ? $0.high >= margin : $0.low <= -margin } ?? false)
    }
}

extension PromotionCheck.Comparison {
    /// Why the candidate may not become live by this figure.
    /// - Parameter frozen: cases that judge.
    func refusal(frozen: Int) -> String {
        let number = PromotionCheck.number
        let interval = difference.map { "\(number($0.value)) [\(number($0.low)), \(number($0.high))]" } ?? number(nil)
        let end = margin > 0 ? "upper end must be below" : "lower end must be above"
        return "\(meaning) on \(frozen) frozen cases \(number(candidate)) against \(number(live)), difference \(interval); "
            + "the \(end) \(number(margin))"
    }
}
