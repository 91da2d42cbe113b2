internal import ArgumentParser
internal import FoundationEssentials
internal import Reading
internal import Registry
internal import Screening
internal import Training

/// `papilla evaluate`: how well a model reads data sets, through the code that reads images in service.
struct EvaluateCommand: AsyncParsableCommand {
    /// Which images.
    enum Part: String, CaseIterable, ExpressibleByArgument {
        case train, val, test, all

        var split: DataSet.Split? { DataSet.Split(rawValue: rawValue) }
    }

    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Hold a model's readings against data sets with known truth.",
        discussion: """
            Dice and Jaccard are means over images at the images' own resolution; where both truth and reading are empty they are 1. Intervals \
            are 95 % bootstraps over groups (patients, sequences). For the cup the disc's model takes part, and the vertical cup-to-disc ratio \
            of the ellipses is held against the truth's tallest columns.

            Example: papilla evaluate --task disc --data phantoms --split test --models models
            """)

    @Option(help: "What is evaluated: disc, cup, polyp or router.") var task: ModelTask
    @Option(parsing: .upToNextOption, help: "Data-set folders.") var data: [String]
    @Option(help: "train, val, test or all.") var split = Part.test
    @OptionGroup var models: ModelsOption
    @Option(help: "The model to evaluate (default: the live one).") var model: String?
    @Option(help: "For the cup: the disc's model (default: the live one).") var disc: String?
    @Option(help: "Write a table of all images here (CSV).") var csv: String?
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let store = models.store
        let chosen = try model.map { name throws(PapillaError) in try store.load(name) } ?? store.loadLive(task)
        guard chosen.manifest.task == task else {
            throw PapillaError(
                .badInput, "\(chosen.manifest.name) is a model for task \(chosen.manifest.task.rawValue), not \(task.rawValue)")
        }
        let loaded: ReadingModels
        switch task {
        case .router: loaded = try await ReadingModels(router: chosen)
        case .disc: loaded = try await ReadingModels(disc: chosen)
        case .cup:
            let disc = try disc.map { name throws(PapillaError) in try store.load(name) } ?? store.loadLive(.disc)
            loaded = try await ReadingModels(disc: disc, cup: chosen)
        case .polyp: loaded = try await ReadingModels(polyp: chosen)
        }
        let sets = try data.map { path throws(PapillaError) in try DataSet(directory: path) }
        let bar = ProgressBar()
        let evaluation = Evaluation(task: task, reader: try ImageReader(models: loaded))
        let result = try await evaluation.run(
            sets, split: split.split, note: { bar.note($0) },
            progress: { done, all in bar.show(Double(done) / Double(all), "\(done)/\(all) images") })
        bar.end()
        if let csv { try Self.table(result.scores).write(toFile: csv, atomically: true, encoding: .utf8) }
        print(json ? try CanonicalJSON.line(result) : Self.text(result))
    }

    /// The table for a person.
    private static func text(_ result: Evaluation.Result) -> String {
        func number(_ value: Double?) -> String { value.map { decimal($0) } ?? "-" }
        func interval(_ values: [Double]?) -> String { values.map { "[\(decimal($0[0])), \(decimal($0[1]))]" } ?? "-" }
        let isRouter = result.task == .router
        var rows = [
            isRouter
                ? ["data set", "images", "accuracy", "95 % interval"]
                : ["data set", "images", "dice", "95 % interval", "jaccard", "missed", "empty", "false positive"]
                    + (result.task == .cup ? ["vCDR error", "vCDR bias"] : [])
        ]
        for (name, figures) in result.sets + [("all", result.figures)] {
            rows.append(
                isRouter
                    ? [name, "\(figures.images)", number(figures.accuracy), interval(figures.accuracyInterval)]
                    : [
                        name, "\(figures.images)", number(figures.dice), interval(figures.diceInterval), number(figures.jaccard),
                        "\(figures.missedFrames ?? 0)", "\(figures.emptyFrames ?? 0)", "\(figures.falsePositiveFrames ?? 0)",
                    ] + (result.task == .cup ? [number(figures.ratioError), number(figures.ratioBias)] : []))
        }
        var lines = ["\(result.model), \(result.task.rawValue), \(result.split)"] + aligned(rows)
        for (shown, taken) in (result.figures.confusion ?? [:]).sorted(by: { $0.key < $1.key }) {
            lines.append("\(shown): " + taken.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        }
        return lines.joined(separator: "\n")
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
                number(score.readRatio),
                score.shown?.rawValue ?? "", score.routed?.rawValue ?? "",
            ].map { $0.contains(",") || $0.contains("\"") ? "\"" + $0.replacing("\"", with: "\"\"") + "\"" : $0 }.joined(
                separator: ",")
        }
        return (["set,id,group,dice,jaccard,cdr_drawn,cdr_read,shown,routed"] + lines).joined(separator: "\n") + "\n"
    }

    private static func decimal(_ value: Double) -> String {
        let digits = "\(Int((abs(value) * 10000).rounded()) + 10000)"
        let whole = Int((abs(value) * 10000).rounded()) / 10000
        return (value < 0 ? "-" : "") + "\(whole)." + digits.suffix(4)
    }
}
