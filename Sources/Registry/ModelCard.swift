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
                Split: as the data sets' manifests say; images of one group (patient, sequence or centre) never stand in two splits. The model \
                learnt from train, was chosen on val, and is judged on test.
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
            ["Mirror images", "\(manifest.mirrors) averaged"],
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
