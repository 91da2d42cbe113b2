internal import Glibc

/// The part of a card that says how a model knows how sure it is.
enum CardConfidence {
    /// How sure of a region, and from where on it is a polyp.
    static func blocks(_ confidence: RegionConfidence, _ manifest: ModelManifest) -> [CardBlock] {
        let rows = confidence.terms.sorted { abs($0.weight) > abs($1.weight) }.map { term in
            [
                term.feature.words, CardFigures.decimal(term.mean, 2), CardFigures.decimal(term.deviation, 2),
                CardFigures.decimal(exp(term.weight), 2),
            ]
        }
        let (polyp, borderline) = (manifest.thresholds["polyp_confidence"], manifest.thresholds["polyp_borderline"])
        var words = CardFigures.operatingPoint(manifest.calibration)
        if let polyp { words += " A region is taken for a polyp from a confidence of \(CardFigures.decimal(polyp)) on" }
        if let borderline { words += ", and shown to a person as borderline from \(CardFigures.decimal(borderline)) on" }
        words += "."
        if let frames = manifest.calibration["borderline_frames"], let empty = manifest.calibration["empty_frames"], empty > 0 {
            words +=
                " With borderline regions a person is asked to look at \(CardFigures.decimal(frames, 0)) of the "
                + "\(CardFigures.decimal(empty, 0)) empty frames."
        }
        if let left = confidence.heldOut {
            words +=
                " Fitted and chosen without \(left.set), whose hospital the network may know from its training, the point would be "
                + "\(CardFigures.decimal(left.point)), leave a region in \(left.falseFrames) of its \(left.emptyFrames) empty frames, and find "
                + "\(CardFigures.decimal(100 * left.sensitivity, 1)) % of the other sets' polyps."
        }
        return [
            .heading(2, "How sure of a region"),
            .paragraph(
                """
                The confidence in a region is a logistic function of what the network says of it and of its frame. It was fitted to \
                \(confidence.regions) regions of val, \(confidence.falseRegions) of them false; those of empty frames count four times. The table \
                says by how much the odds that the region is a polyp are multiplied where a figure is one standard deviation above its mean, the \
                others being the same. Size takes part, so that a small region needs other signs than a large one.
                """),
            .table(["figure", "mean", "deviation", "odds times"], rows), .paragraph(words),
        ]
    }

    /// How far off ratios are.
    static func blocks(_ errors: RatioErrors) -> [CardBlock] {
        [
            .heading(2, "The ratio's interval"),
            .paragraph(
                """
                The interval of a ratio is made of the errors on \(errors.residuals.count) eyes of val (conformal prediction): each error, drawn \
                minus read ratio, was divided by the networks' own uncertainty of that eye plus \(CardFigures.decimal(errors.floor, 3)), and the \
                outermost twentieth is left out. So the networks say whose interval is wide, and val's errors how wide. The same errors say how \
                probable it is that a ratio is high. Coverage and width by data set stand in the figures.
                """),
        ]
    }
}
