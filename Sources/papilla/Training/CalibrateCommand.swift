internal import ArgumentParser
internal import DataSets
internal import Registry
internal import Screening
internal import Training

/// `papilla calibrate`: what a candidate's manifest says beside its weights.
struct CalibrateCommand: AsyncParsableCommand, OwnFilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate", abstract: "Fit a candidate's temperature and thresholds on val, and measure it for its card.",
        discussion: """
            The temperature makes probabilities mean what they say. For polyps, how sure the model is of a region is learnt from all that the \
            network says of it, and the confidence from which a region counts is that of the highest sensitivity at which at most \
            --false-positives of val's empty frames have one and no data set's val more than 0.1 false regions a frame. For the cup, the \
            ratio's interval is made of the errors on val. Then val and test are read as the service reads, and manifest and card are written \
            anew. A live model is refused: its readings must not change under its name. train --models does the same at its end.

            Example: papilla calibrate --task polyp --model polyp-20261124-1 --data kvasir_seg polypgen --models models
            """)

    @Option(help: "What the model is for: disc, cup, polyp or router.") var task: ModelTask
    @Option(help: "The candidate.") var model: String
    @Option(parsing: .upToNextOption, help: "Data-set folders whose val decides.") var data: [String]
    @Option(parsing: .upToNextOption, help: "Further data sets that only judge.") var judge: [String] = []
    @OptionGroup var words: DataSetOptions
    @OptionGroup var models: ModelsOption
    @Option(help: "For the cup: the disc's model (default: the live one).") var disc: String?
    @Option(help: "Mirror images of each view to average, 1, 2 or 4: so many times the work (default: as it is).") var mirrors:
        Int?
    @Flag(
        inversion: .prefixedNo,
        help: "For polyps: show all mirror images only where the first one leaves a doubt (default: as it is).")
    var mirrorsInDoubt: Bool?
    @Option(help: "Share of val's empty frames in which a polyp may be found.") var falsePositives = 0.05
    @Flag(help: "Print the manifest as JSON.") var json = false

    func validate() throws {
        if let mirrors, ![1, 2, 4].contains(mirrors) { throw ValidationError("--mirrors \(mirrors): expected 1, 2 or 4") }
        guard (0...1).contains(falsePositives) else {
            throw ValidationError("--false-positives \(falsePositives): expected 0 to 1")
        }
    }

    func run() async throws {
        let store = models.store
        let candidate = try store.load(model)
        guard candidate.manifest.task == task else {
            throw PapillaError(
                .badInput, "\(model) is a model for task \(candidate.manifest.task.rawValue), not \(task.rawValue)")
        }
        try store.refuseLive(candidate.manifest)
        // Before everything is measured, not after it.
        try store.refuseUnwritable(model)
        let partner =
            task == .cup
            ? try disc.map { name throws(PapillaError) in try store.load(name) } ?? store.loadLive(.disc) : nil
        var manifest = candidate.manifest
        if let mirrors { manifest.mirrors = mirrors }
        if let mirrorsInDoubt { manifest.mirrorsInDoubt = mirrorsInDoubt ? true : nil }
        // Without one of them nothing is read end to end.
        let companions = ModelTask.allCases.filter { $0 != task }.compactMap { try? store.loadLive($0) }
        let bar = ProgressBar()
        try words.check(data + judge)
        let (deciding, judging) = (try words.opened(data), try words.opened(judge))
        let measurement = NetworkMeasurement(
            try Model(manifest: manifest, weights: candidate.weights), disc: partner, companions: companions,
            sets: try words.surveyed(deciding, for: task, on: bar),
            judges: try words.surveyed(judging, for: task, on: bar), former: candidate.manifest, falsePositives: falsePositives,
            progress: { words, done, all in bar.show(Double(done) / Double(all), "\(words): \(done)/\(all) images") })
        let calibrated = try await measurement.run()
        bar.end()
        try store.update(calibrated)
        if json { return print(try CanonicalJSON.document(calibrated), terminator: "") }
        if let kept = calibrated.remarks.last, kept != candidate.manifest.remarks.last { bar.note(kept) }
        if candidate.manifest.checkedPrecisions.count > 1 {
            bar.note("it runs in fp32 until it is checked anew: papilla models quantise \(model) --data DIR")
        }
        let thresholds = calibrated.thresholds.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        print("\(model): temperature \(calibrated.temperature)" + thresholds.map { ", \($0)" }.joined())
        for split in ["val", "test"] {
            guard let before = calibrated.calibration["error_before_\(split)"],
                let after = calibrated.calibration["error_after_\(split)"]
            else { continue }
            print("calibration error on \(split): \(Self.rounded(before)) before, \(Self.rounded(after)) after")
        }
        print("papilla models card \(model) shows the figures")
    }

    private static func rounded(_ value: Double) -> Double { (value * 10000).rounded() / 10000 }
}
