internal import Glibc
internal import Neural
internal import Screening

/// A model's card: what it is for, what it learnt from and under which terms, how well it does, and what it is not
/// (after Mitchell et al., "Model cards for model reporting", 2019).
public struct ModelCard: Sendable {
    private let blocks: [CardBlock]
    private let title: String

    /// The card of a manifest.
    /// - Parameter samples: pictures of what the model draws, for the page.
    public init(_ manifest: ModelManifest, samples: [CardBlock] = []) {
        title = manifest.name
        blocks = Self.blocks(manifest, samples)
    }

    /// `card.md`
    public var markdown: String { CardBlock.markdown(title: title, blocks) }

    /// `card.html`: one page without scripts or links.
    public var html: String { CardBlock.page(title: title, width: 48, blocks) }

    private static func blocks(_ manifest: ModelManifest, _ samples: [CardBlock]) -> [CardBlock] {
        var blocks: [CardBlock] = [.paragraph("\(purpose(manifest.task)) \(Report.notice)")]
        blocks += [.heading(2, "Intended use"), .paragraph(use(manifest.task))]
        blocks += [.heading(2, "Data and terms")]
        blocks += [
            .table(
                ["data set", "images learnt from", "train / val / test", "terms"],
                manifest.trained.data.map { data in
                    let splits = ["train", "val", "test"].map { data.splits[$0].map(String.init) ?? "–" }.joined(separator: " / ")
                    return [data.name, "\(data.images)", splits, data.terms]
                })
        ]
        blocks += [
            .paragraph(
                """
                Split: as the data sets' manifests say; within a set images of one group (patient, sequence or centre) never stand in two splits. \
                The model learnt from train, was chosen on val, and is judged on test.
                """)
        ]
        blocks += [.heading(2, "Figures")] + CardFigures.blocks(manifest) + (manifest.bf16.map { reduced($0, in: .bf16) } ?? [])
        blocks += (manifest.int8.map { reduced($0, in: .int8) } ?? [])
        if !samples.isEmpty { blocks += [.heading(2, "Samples")] + samples }
        blocks += [.heading(2, "Training"), .table(["", ""], training(manifest))]
        let remarks = manifest.remarks.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        if !remarks.isEmpty { blocks += [.heading(2, "Remarks")] + remarks.map { .paragraph($0) } }
        blocks += [.heading(2, "Limits"), .list(limits(manifest.task))]
        return blocks
    }

    private static func training(_ manifest: ModelManifest) -> [[String]] {
        let trained = manifest.trained
        let architecture = try? Architecture(named: manifest.architecture)
        var rows = [
            [
                "Network",
                "\(manifest.architecture), width \(manifest.width), \(architecture?.weights(width: manifest.width) ?? 0) weights",
            ],
            ["Input", "\(manifest.side) x \(manifest.side), \(manifest.view)"],
            ["Losses", trained.losses.joined(separator: " + ")],
            ["Epochs, seed", "\(trained.epochs), \(trained.seed)"],
            ["Trained", "\(trained.at), commit \(trained.commit)"],
            ["Thresholds", pairs(manifest.thresholds)],
            ["Temperature", CardFigures.decimal(manifest.temperature)],
            [
                "Mirror images",
                "\(manifest.mirrors) averaged"
                    + (manifest.mirrorsInDoubt == true ? " where the first one leaves a doubt, one elsewhere" : ""),
            ],
            ["Attention", pairs(manifest.attention)],
            ["SHA-256", manifest.sha256.description],
        ]
        if let map = manifest.distanceMap { rows.insert(["Distance map", map], at: 2) }
        if !trained.recipe.isEmpty { rows.insert(["Recipe", trained.recipe], at: 4) }
        return rows
    }

    private static func pairs(_ values: [String: Double]) -> String {
        values.isEmpty
            ? "–" : values.sorted { $0.key < $1.key }.map { "\($0.key) \(CardFigures.decimal($0.value))" }.joined(separator: ", ")
    }

    private static func purpose(_ task: ModelTask) -> String {
        switch task {
        case .router: "Tells colour fundus photographs, endoscopy frames and everything else apart."
        case .disc: "Segments the optic disc in colour fundus photographs."
        case .cup: "Segments the cup of the optic disc in colour fundus photographs."
        case .polyp: "Segments polyps in frames of colonoscopy."
        }
    }

    private static func use(_ task: ModelTask) -> String {
        let whom = "For research and workflow trials by people who can judge the image themselves; a person decides."
        return switch task {
        case .router: "Chooses which networks look at an image that arrives. \(whom)"
        case .disc, .cup: "Outlines from which cup-to-disc ratio and rim are measured. \(whom)"
        case .polyp: "Outlines of polyps in single, still frames. \(whom)"
        }
    }

    private static func limits(_ task: ModelTask) -> [String] {
        let common = [
            "Not a medical device; not for diagnosis, triage or treatment.",
            "Figures hold for the cameras, populations and annotators of the data sets above; other sites must measure their own.",
        ]
        return switch task {
        case .router:
            ["Kinds of image that were not among the data are judged by their likeness to those that were."] + common
        case .disc, .cup:
            [
                "Annotators of the data differ: a difference in the ratio below the limits of agreement is within measurement error.",
                "A ratio is no sign of disease by itself: disc size, tilt and myopia change it.",
            ] + common
        case .polyp:
            [
                "Most frames of the data show a polyp: the rate of false alarms in whole examinations is higher than such frames suggest.",
                "Flat, small and partly hidden polyps are missed more often than the mean figures say.",
            ] + common
        }
    }
}

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
