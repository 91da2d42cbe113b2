internal import ArgumentParser
internal import DataSets
internal import Files
internal import Ledger
internal import Reading
internal import Registry
internal import Screening
internal import Settings
internal import Training

/// `papilla evaluate`: how well a model reads data sets, through the code that reads images in service.
struct EvaluateCommand: AsyncParsableCommand, OwnFilesCommand {
    /// The images that are evaluated.
    enum Part: String, CaseIterable, ExpressibleByArgument {
        case train, val, test, all

        var split: DataSet.Split? { DataSet.Split(rawValue: rawValue) }
    }

    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Hold a model's readings against data sets with known truth.",
        discussion: """
            Dice and Jaccard are means over images at the images' own resolution; where both truth and reading are empty they are 1. Intervals \
            are 95 % bootstraps over groups (patients, sequences). For the cup the disc's model takes part, and the vertical cup-to-disc ratio \
            of the ellipses is held against the truth's tallest columns. Networks run as the service would run them here: in int8 or bf16 where \
            they passed their check and the CPU is made for it, unless --precision fp32 is given.

            Example: papilla evaluate --task disc --data phantoms --split test
            """)

    @Option(help: "What is evaluated: disc, cup, polyp or router.") var task: ModelTask
    @Option(parsing: .upToNextOption, help: "Data-set folders.") var data: [String]
    @Option(help: "train, val, test or all.") var split = Part.test
    @OptionGroup var words: DataSetOptions
    @OptionGroup var models: ModelsOption
    @Option(help: "The model to evaluate (default: the live one).") var model: String?
    @Option(help: "For the cup: the disc's model (default: the live one).") var disc: String?
    @Option(help: "auto (as in service), fp32, int8 or bf16.") var precision = PrecisionChoice.auto
    @Option(help: "Write a table of all images here (CSV).") var csv: String?
    @Flag(help: "Begin that table with a byte order mark, by which Excel knows UTF-8.") var bom = false
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let unwritten = "the table cannot be written"
        let hint = "Look at the folder, its permissions and its space"
        if let csv {
            // Before everything is read, not after it.
            try PapillaError.telling(unwritten, at: csv, hint: hint) { () throws(FileError) in try NamedPath.tryReplacing(csv) }
        }
        let store = models.store
        let chosen = try model.map { name throws(PapillaError) in try store.load(name) } ?? store.loadLive(task)
        guard chosen.manifest.task == task else {
            throw PapillaError(
                .badInput, "\(chosen.manifest.name) is a model for task \(chosen.manifest.task.rawValue), not \(task.rawValue)")
        }
        let bar = ProgressBar()
        func run(_ model: Model) -> Model {
            let (run, reason) = model.chosen(precision)
            if let reason, precision != .auto { bar.note("\(model.manifest.name) runs in fp32: \(reason)") }
            return run
        }
        let loaded: ReadingModels
        switch task {
        case .router: loaded = try await ReadingModels(router: run(chosen))
        case .disc: loaded = try await ReadingModels(disc: run(chosen))
        case .cup:
            let disc = try disc.map { name throws(PapillaError) in try store.load(name) } ?? store.loadLive(.disc)
            loaded = try await ReadingModels(disc: run(disc), cup: run(chosen))
        case .polyp: loaded = try await ReadingModels(polyp: run(chosen))
        }
        try words.check(data)
        let sets = try words.sets(data, for: task, on: bar)
        let evaluation = Evaluation(task: task, reader: try ImageReader(models: loaded))
        let result = try await evaluation.run(
            sets, split: split.split, note: { bar.note($0) },
            progress: { done, all in bar.show(Double(done) / Double(all), "\(done)/\(all) images") })
        bar.end()
        if let csv {
            let table = (bom ? CommaSeparated.byteOrderMark : "") + Self.table(result.scores)
            try PapillaError.telling(unwritten, at: csv, hint: hint) { () throws(FileError) in
                try NamedPath.replace(csv, with: Array(table.utf8))
            }
        }
        print(json ? try CanonicalJSON.line(result) : Self.text(result))
    }

    /// The tables for a person: by data set, by label, by quality.
    private static func text(_ result: Evaluation.Result) -> String {
        let names = columns(result.task).filter { name in
            result.figures.means[name] != nil || (result.figures.counts[name] ?? 0) > 0
        }
        func row(_ name: String, _ figures: Figures) -> [String] {
            [name, "\(figures.images)"]
                + names.map { name in
                    if let count = figures.counts[name] { return "\(count)" }
                    guard let mean = figures.means[name] else { return "-" }
                    let interval = figures.intervals[name].map { " [\(decimal($0[0], 3)), \(decimal($0[1], 3))]" } ?? ""
                    return decimal(mean) + interval
                }
        }
        var lines = [
            "\(result.model), \(result.task.rawValue), \(result.split); in brackets 95 % intervals, by resampling groups"
        ]
        lines += aligned([["data set", "images"] + names] + (result.sets + [("all", result.figures)]).map(row))
        if result.groups.count > 1 { lines += [""] + aligned([["group", "images"] + names] + result.groups.map(row)) }
        for (shown, taken) in (result.figures.confusion ?? [:]).sorted(by: { $0.key < $1.key }) {
            lines.append("\(shown): " + taken.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        }
        let meanings = Figures.meanings.filter { names.contains($0.name) }.map { "\($0.name): \($0.meaning)" }
        return (lines + [""] + meanings).joined(separator: "\n")
    }

    private static func columns(_ task: ModelTask) -> [String] {
        switch task {
        case .router: ["accuracy"]
        case .disc: ["dice", "jaccard", "found", "missed_frames", "empty_frames", "false_positive_frames", "review_caught"]
        case .cup:
            [
                "dice", "cdr_vertical_mae", "cdr_vertical_bias", "cdr_high_missed", "cdr_high_false", "cdr_interval_coverage",
                "cdr_interval_width", "ratio_attention_share", "ratio_attention_caught", "cdr_unread", "review_caught",
            ]
        case .polyp:
            [
                "dice", "polyps", "sensitivity", "sensitivity_under_1", "sensitivity_1_to_5", "sensitivity_over_5",
                "borderline_sensitivity", "false_regions", "empty_frames", "false_positive_frames", "borderline_frames",
                "false_positive_share", "review_caught",
            ]
        }
    }

    /// Columns padded to one width, numbers to the right.
    private static func aligned(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + padding : padding + row[column]
            }.joined(separator: "  ")
        }
    }

    private static func table(_ scores: [ImageScore]) -> String {
        func number(_ value: Double?) -> String { value.map { decimal($0) } ?? "" }
        let lines = scores.map { score in
            [
                score.set, score.id, score.group, number(score.dice), number(score.jaccard), number(score.drawnRatio),
                number(score.readRatio), score.label, score.quality?.rawValue ?? "", number(score.disagreement),
                number(score.confidence),
                score.shown?.rawValue ?? "", score.routed?.rawValue ?? "",
            ]
        }
        let columns = [
            "set", "id", "group", "dice", "jaccard", "cdr_drawn", "cdr_read", "label", "quality", "disagreement",
            "confidence", "shown", "routed",
        ]
        return ([columns] + lines).map { CommaSeparated.line($0) }.joined()
    }

    private static func decimal(_ value: Double, _ digits: Int = 4) -> String {
        let unit = (0..<digits).reduce(1) { product, _ in product * 10 }
        let scaled = Int((abs(value) * Double(unit)).rounded())
        return (value < 0 && scaled > 0 ? "-" : "") + "\(scaled / unit)." + "\(unit + scaled % unit)".dropFirst()
    }
}
