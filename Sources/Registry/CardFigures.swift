internal import Screening

/// The part of a model's card that says how well it does: tables, calibration, diagrams.
enum CardFigures {
    static func blocks(_ manifest: ModelManifest) -> [CardBlock] {
        guard !manifest.metrics.isEmpty else { return [.paragraph("Not evaluated yet.")] }
        var blocks = [table(manifest.metrics, manifest.task), .paragraph(legend(manifest))]
        if manifest.task == .polyp, manifest.metrics.contains(where: { $0.values["borderline_frames"] != nil }) {
            blocks += [
                .heading(2, "By size, and with borderline regions"), table(manifest.metrics, sizes),
                .paragraph(
                    "Polyps by their share of the content, and what a person who looks at borderline regions too would find. "
                        + legend(manifest.metrics, sizes)),
            ]
        }
        if !manifest.groups.isEmpty {
            blocks += [.heading(2, "By group"), table(manifest.groups, manifest.task)]
        }
        blocks += calibration(manifest)
        return blocks + manifest.plots.map { .plot($0) }
    }

    /// Names in manifests, with what a table says over the column and what it means.
    private static func columns(_ task: ModelTask) -> [(name: String, head: String, meaning: String)] {
        switch task {
        case .router: [("accuracy", "right", "share of images taken for what they are, after the thresholds")]
        case .disc:
            [
                ("dice", "Dice", "mean over images"), ("jaccard", "Jaccard", "mean over images"),
                ("found", "found", "share of discs whose Dice is above 0.5"), refused,
                (
                    "review_caught", "review",
                    "of the worst tenth by Dice, the share among the most doubtful tenth: nothing found, or else most disagreement of the heads"
                ),
            ]
        case .cup:
            [
                ("dice", "Dice", "mean over images"), refused,
                (
                    "cdr_unread", "no ratio",
                    "eyes of which no ratio was read, refused ones included; error, bias, coverage and width are those of the others"
                ),
                (
                    "cdr_vertical_mae", "ratio error",
                    "mean absolute error of the vertical cup-to-disc ratio, ellipses against the truth's tallest columns"
                ),
                ("cdr_vertical_bias", "ratio bias", "mean of read minus drawn ratio"),
                ("cdr_high_missed", "high missed", "share of drawn ratios of 0.65 or more that were read below, or not at all"),
                ("cdr_high_false", "high false", "share of drawn ratios below 0.65 that were read at or above"),
                ("cdr_interval_coverage", "coverage", "share of drawn ratios inside of the reading's 95 % interval"),
                ("cdr_interval_width", "width", "mean width of that interval"),
                ("ratio_attention_share", "attention", "share of eyes whose ratio a person is asked to look at"),
                (
                    "ratio_attention_caught", "high caught",
                    "the same of eyes with a drawn ratio of 0.65 or more"
                ),
                (
                    "review_caught", "review",
                    "of the worst tenth by Dice, the share among the most doubtful tenth: nothing found, or else most disagreement of the heads"
                ),
            ]
        case .polyp:
            [
                ("dice", "Dice", "mean over images; 1 for an empty frame in which nothing is found, else 0"),
                ("sensitivity", "polyps found", "share of drawn polyps in which a region has its centroid"),
                ("false_regions", "false regions", "in each frame, those whose centroid lies in no polyp"),
                refused, ("empty_frames", "empty", "frames without a polyp"),
                ("false_positive_frames", "with a false polyp", "those of them in which a region was found"),
                ("false_positive_share", "share of them", "the same as a share"),
                (
                    "review_caught", "review",
                    "of the worst tenth by Dice, the share among the most doubtful tenth: nothing found, or else most disagreement of the heads"
                ),
            ]
        }
    }

    private static let refused = (
        name: "refused", head: "refused",
        meaning:
            "images that router, quality or the reading's own doubts refused, which count as those in which nothing was found"
    )

    /// The columns of the polyps' second table.
    private static let sizes: [(name: String, head: String, meaning: String)] = [
        ("polyps", "polyps", "drawn; specks under 0.05 % of the content left out"),
        ("sensitivity_under_1", "under 1 %", "share found of the polyps under 1 % of the content"),
        ("sensitivity_1_to_5", "1 to 5 %", "of those of 1 to 5 %"),
        ("sensitivity_over_5", "over 5 %", "of those of 5 % and more"),
        ("borderline_sensitivity", "with borderline", "share of all found where borderline regions count"),
        ("borderline_frames", "frames to look at", "frames without a polyp in which something was found, polyp or borderline"),
    ]

    private static let whole: Set<String> = [
        "refused", "cdr_unread", "polyps", "empty_frames", "false_positive_frames", "borderline_frames",
    ]

    /// Whether a table has a column: where any of its figures is not 0. How many eyes were left without a ratio is said of 0, too, where
    /// images were read as in service, router, quality and refusal included.
    private static func isUsed(_ name: String, _ metrics: [ModelManifest.Metric]) -> Bool {
        metrics.contains { metric in
            guard let value = metric.values[name] else { return false }
            return value != 0 || (name == "cdr_unread" && metric.values["refused"] != nil)
        }
    }

    private static func table(_ metrics: [ModelManifest.Metric], _ task: ModelTask) -> CardBlock {
        table(metrics, columns(task))
    }

    private static func table(_ metrics: [ModelManifest.Metric], _ columns: [(name: String, head: String, meaning: String)])
        -> CardBlock
    {
        let used = columns.filter { isUsed($0.name, metrics) }
        let rows = metrics.map { metric in
            [metric.data, metric.chose == true ? "\(metric.split), chose" : metric.split, "\(metric.images)"]
                + used.map { column in
                    cell(metric.values[column.name], metric.intervals[column.name], whole.contains(column.name))
                }
        }
        return .table(["data set", "split", "images"] + used.map(\.head), rows)
    }

    private static func cell(_ value: Double?, _ interval: [Double]?, _ isWhole: Bool) -> String {
        guard let value else { return "–" }
        if isWhole { return "\(Int(value))" }
        guard let interval, interval.count == 2 else { return decimal(value) }
        return "\(decimal(value)) [\(decimal(interval[0], 3)), \(decimal(interval[1], 3))]"
    }

    private static func legend(_ manifest: ModelManifest) -> String {
        return
            "At the images' own resolution, through the code that reads images in service. In brackets 95 % intervals, by resampling groups "
            + "(patients, sequences, centres). Chose: temperature and thresholds were chosen by these images, which flatters them. End to end: "
            + "read as in service, the router first. " + legend(manifest.metrics, columns(manifest.task))
    }

    private static func legend(
        _ metrics: [ModelManifest.Metric], _ columns: [(name: String, head: String, meaning: String)]
    ) -> String {
        columns.filter { isUsed($0.name, metrics) }.map { "\($0.head): \($0.meaning)" }.joined(separator: "; ") + "."
    }

    private static func calibration(_ manifest: ModelManifest) -> [CardBlock] {
        let figures = manifest.calibration
        guard figures["error_after_test"] ?? figures["error_after_val"] != nil else { return [] }
        let rows = ["val", "test"].compactMap { split -> [String]? in
            guard let before = figures["error_before_\(split)"], let after = figures["error_after_\(split)"] else { return nil }
            return [split, decimal(before), decimal(after)]
        }
        var words =
            "Expected calibration error: the mean distance between a probability and how often it was right, before and after the "
        words += "temperature \(decimal(manifest.temperature)) that was fitted on val. 0 is best."
        if manifest.task == .polyp, manifest.confidence == nil { words += " " + operatingPoint(figures) }
        var blocks: [CardBlock] = [.heading(2, "Calibration"), .table(["split", "before", "after"], rows), .paragraph(words)]
        if let confidence = manifest.confidence { blocks += CardConfidence.blocks(confidence, manifest) }
        if let errors = manifest.ratioErrors { blocks += CardConfidence.blocks(errors) }
        if let bias = figures["repeat_bias"], let limit = figures["repeat_limit"], let eyes = figures["repeat_eyes"] {
            blocks += [
                .heading(2, "Repeatability"),
                .paragraph(
                    """
                    \(decimal(eyes, 0)) eyes of test, each photographed twice in simulation (turned by up to 5°, 0.93 to 1.07 times as large, up to 3 % \
                    aside, exposure, contrast and saturation up to 20 % off, light, focus and noise of another moment, JPEG quality 60 \
                    to 92): second minus first ratio \(decimal(bias, 3)) on average, 95 % limits of agreement \
                    \(decimal(bias - limit, 3)) to \(decimal(bias + limit, 3)). A smaller change between two visits is within measurement error.
                    """),
            ]
        }
        return blocks
    }

    /// How the point was chosen, and whether frames without a polyp tested them.
    static func operatingPoint(_ figures: [String: Double]) -> String {
        let chosen =
            "The confidence from which on a region is taken for a polyp was chosen on val of the sets that choose"
        let empty = figures["empty_frames"], found = figures["false_positive_frames"]
        if let target = figures["false_positive_target"] {
            let regions =
                figures["false_regions_target"].map { ", and no set more than \(decimal($0, 1)) false ones a frame" } ?? ""
            let goal = "\(chosen), so that at most \(decimal(100 * target, 0)) % of the empty frames have one\(regions)"
            // Older manifests do not say how many there were.
            guard let empty, let found else { return goal + "." }
            return "\(goal): \(decimal(found, 0)) of \(decimal(empty, 0)) have."
        }
        guard let empty, let found, empty > 0 else {
            return
                "\(chosen). No frame without a polyp was among these: how often one is found where there is none was not tested."
        }
        return
            "\(chosen). No choice kept false polyps as rare as was asked for: \(decimal(found, 0)) of \(decimal(empty, 0)) empty frames "
            + "have one."
    }

    /// Four decimals, as the paper's tables.
    static func decimal(_ value: Double, _ digits: Int = 4) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
        let unit = (0..<digits).reduce(1) { product, _ in product * 10 }
        let scaled = Int((abs(value) * Double(unit)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return digits == 0 ? "\(sign)\(scaled)" : "\(sign)\(scaled / unit).\("\(unit + scaled % unit)".dropFirst())"
    }
}
