public import ArgumentParser
internal import DataSets
internal import Files
internal import FoundationEssentials
internal import Glibc
public import Neural
internal import Registry
public import Screening
public import Training

/// `papilla train`: a network from folders of images.
struct TrainCommand: AsyncParsableCommand, OwnFilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train a network on data-set folders.",
        discussion: """
            Without other options the training is the paper's: its losses, no normalisation, batches of 4, side 256. What the shipped models \
            were trained with stands in their cards; --normalisation batch --soft-dice 0.5 is the heart of it.

            SIGINT or SIGTERM stops after the step in hand and leaves a snapshot; --resume goes on and ends with the same weights.

            --encoder imagenet takes a network whose encoder, EfficientNet-Lite0 or -Lite2, knows ImageNet (lite0-1dec-conv-..., \
            lite2-1dec-conv-..., see `papilla architectures`), with the weights that come with the program.

            Under mpirun the processes train one network together: each takes its share of every batch, and the first one prints and writes. Data \
            and --out are on a file system that all of them see. Runs go on with as many as they began with.

            Examples: papilla train --task disc --data phantoms --normalisation batch --soft-dice 0.5 --side 128 --steps 2000 --out run
            papilla train --task polyp --data sets/* --encoder imagenet --encoder-rate 0.3 --soft-dice 0.5 --clip 5 --out run
            mpirun -n 4 --map-by slot:PE=8 papilla train --threads 8 --batch 16 --task polyp --data sets/* --out run
            """)

    @Option(help: "What the network is for: disc, cup, polyp or router.") var task: ModelTask
    @Option(parsing: .upToNextOption, help: "Data-set folders.") var data: [String]
    @Option(help: "Folder of the run: snapshots, history.csv, loss.png, best.safetensors.") var out: String
    @Option(help: "Folder of models that the finished model is saved in.") var models: String?
    @Option(name: .customLong("init"), help: "Model in --models, or a safetensors file, to begin with.") var initial: String?
    @Option(help: "For the cup's figures: the disc's model (default: the live one in --models).") var disc: String?
    @Option(parsing: .upToNextOption, help: "Further data sets that only judge: their figures stand in the card.") var judge:
        [String] = []
    @OptionGroup var words: DataSetOptions
    @Flag(help: "Go on with the run in --out.") var resume = false

    /// The source of an encoder's first weights.
    enum Beginning: String, ExpressibleByArgument, CaseIterable { case imagenet }

    @Option(help: "Where the encoder's first weights come from: imagenet (default: random).") var encoder: Beginning?
    @Option(help: "The encoder's rate over that of the rest, e.g. 0.3; for networks whose name begins with lite.")
    var encoderRate: Float = 1
    @Flag(help: "Leave the encoder as it is.") var freezeEncoder = false
    @Option(help: "Length that the gradient is shortened to where it is longer, e.g. 5; 0: none.") var clip: Float = 0
    @Option(help: "Weight of the outputs that say whether there is something, where the network has them.") var presence: Float =
        0.25
    @Option(help: "Share of frames without a polyp among the samples, the harder ones more often, e.g. 0.2.") var negatives = 0.0
    @Option(help: "One of `papilla architectures`.") var architecture: String?
    @Option(help: "Base width.") var width: Int?
    @Option(help: "Side of the input, px, a multiple of 32.") var side = 256
    @Option(help: "Distance map: D1, D2 or D3.") var distance = DistanceMap.signed
    @Option(help: "Normalisation while training: batch or none (default: none; with --encoder batch).") var normalisation:
        Learner.Normalisation?
    @Option(help: "Weight of a soft Dice term beside the paper's losses.") var softDice: Float = 0
    @Option(help: "Decay of a running average of weights that is kept instead of the last ones, e.g. 0.995.") var averaging:
        Float = 0

    @Option(help: "Decay of the kernels' weights (AdamW), e.g. 0.05.") var decay: Float = 0
    @Flag(help: "Show the cup's network the disc unrolled: rows are angles, columns distances from its centre.") var polar = false
    @Option(help: "Times through the data (default: 150).") var epochs: Int?
    @Option(help: "Steps, instead of --epochs.") var steps: Int?
    @Option(help: "Images in a batch.") var batch = 4
    @Option(help: "Adam's learning rate at its peak (default: 1e-4, with --normalisation batch 5e-4).") var rate: Float?
    @Option(help: "cosine (warm-up, then down to 0) or constant (the paper's).") var schedule = TrainingOptions.Schedule.cosine
    @Option(help: "Share of phantoms among the samples, 0 to 0.05.") var phantoms = 0.0
    @Option(help: "How far data sets are evened out, 0 to 1.") var balance = 0.0
    @Option(
        parsing: .upToNextOption,
        help:
            "What samples go through beside turns, zoom and shift: \(Disturbance.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var disturb: [Disturbance] = Disturbance.standard
    @Option(help: "Steps between two validations at the least; they happen at ends of epochs.") var validateEvery = 150
    @Option(help: "Seed of all that is random.") var seed: UInt64 = 1
    @Option(help: "Threads of the engine (default: all cores).") var threads: Int?
    @Option(help: "Table (CSV: set, terms) of the data sets' terms of use, for the card.") var terms: String?
    @Flag(help: "Print the result as JSON.") var json = false

    func validate() throws {
        if epochs != nil, steps != nil { throw ValidationError("--epochs and --steps exclude each other") }
        try within("--threads", threads, 1...1024)
        if freezeEncoder, encoderRate != 1 { throw ValidationError("--freeze-encoder and --encoder-rate exclude each other") }
        if encoder != nil, initial != nil { throw ValidationError("--encoder and --init exclude each other") }
        for (option, isGiven) in [("--judge", !judge.isEmpty), ("--terms", terms != nil), ("--disc", disc != nil)]
        where isGiven && models == nil {
            throw ValidationError("\(option) goes with --models: it is for the card of the model that is saved there")
        }
        if disc != nil, task != .cup { throw ValidationError("--disc goes with --task cup: other networks are read without it") }
    }

    func run() async throws {
        if let threads { EngineInfo.setThreads(threads) }
        let engine = EngineInfo.threads
        var options = TrainingOptions(task: task)
        let normalisation = normalisation ?? (encoder == nil ? .none : .batch)
        if encoder != nil {
            options.architecture = Self.pretrainedArchitecture(task)
            (options.inputMean, options.inputDeviation) = PretrainedEncoder.input
            options.knowsImageNet = true
        }
        if let architecture { options.architecture = architecture }
        options.encoderRate = freezeEncoder ? 0 : encoderRate
        options.clip = clip
        options.presence = presence
        options.negatives = negatives
        if let width { options.width = width }
        options.side = side
        options.batch = batch
        options.distance = distance
        options.normalisation = normalisation
        options.averaging = averaging
        options.decay = decay
        options.polar = polar
        options.softDice = softDice
        options.schedule = schedule
        options.phantoms = phantoms
        options.balance = balance
        options.disturbances = Disturbance.allCases.filter(disturb.contains)
        options.validationInterval = validateEvery
        options.seed = seed
        options.rate = rate ?? (normalisation == .batch ? 5e-4 : 1e-4)
        options.length = steps.map { .steps($0) } ?? .epochs(epochs ?? 150)
        let trained = try await Ranks.together { ranks in
            let isFirst = (ranks?.rank ?? 0) == 0
            let start = try initialWeights(&options)
            // Whatever may be wrong is looked at before masks are, and before hours of training, not after them.
            try options.check()
            try words.check(data + judge)
            let (learning, judging) = (try words.opened(data), try words.opened(judge))
            let saving = isFirst ? try prepareSaving() : nil
            if isFirst { try TrainingRun.check(folder: out, resume: resume) }
            let bar = ProgressBar(isMute: !isFirst)
            let sets = try words.surveyed(learning, for: task, on: bar)
            let others = try words.surveyed(judging, for: task, on: bar)
            let training = try TrainingRun(
                options, sets: sets, folder: out, initial: start,
                pretrained: encoder == nil ? nil : PretrainedEncoder.load(for: options.architecture),
                resume: resume, ranks: ranks)
            StopRequest.watch()
            let result = try await training.run(
                report: { Self.show($0, threads: engine, ranks, on: bar) }, shouldStop: { StopRequest.isSet })
            return (result, sets, others, saving, bar)
        }
        guard let (result, sets, others, saving, bar) = trained else { return }
        guard result.isFinished else {
            bar.note("to go on: the same command with --resume")
            throw ExitCode(1)
        }
        var name: String?
        if let saving { name = try await save(result, options, sets, others, saving, bar) }
        try summarise(result, name)
    }

    /// What --encoder takes where no architecture is named: for polyps the one that also says whether there is any.
    private static func pretrainedArchitecture(_ task: ModelTask) -> String {
        task == .polyp ? "lite0-1dec-conv-mdp" : "lite0-1dec-conv-md"
    }

    /// What the finished model is saved with.
    private struct Saving {
        let store: ModelStore
        /// Terms of use by data set.
        let terms: [String: String]
        /// The disc's model, for the cup's figures; nil where there is none.
        let disc: Model?
    }

    /// Reads what the finished model is saved with, and makes sure that it can be; nil where it is not saved.
    private func prepareSaving() throws -> Saving? {
        guard let models else { return nil }
        var known: [String: String] = [:]
        if let terms { known = try DataSet.terms(in: terms) }
        try PapillaError.telling("The models' folder cannot be made", at: models) { () throws(FileError) in
            try NamedPath.makeFolders(models)
        }
        let store = ModelStore(directory: models)
        try store.refuseUnwritable()
        guard task == .cup else { return Saving(store: store, terms: known, disc: nil) }
        guard let disc else { return Saving(store: store, terms: known, disc: try? store.loadLive(.disc)) }
        let model = try store.load(disc)
        guard model.manifest.task == .disc else {
            throw PapillaError(
                .badInput, "--disc \(disc): found a model for the task \(model.manifest.task.rawValue), expected disc",
                hint: "papilla models list --models \(models) shows which there are")
        }
        return Saving(store: store, terms: known, disc: model)
    }

    /// Measures the finished network as the service would use it and saves it in the models' folder.
    private func save(
        _ result: TrainingRun.Result, _ options: TrainingOptions, _ sets: [DataSet], _ others: [DataSet], _ saving: Saving,
        _ bar: ProgressBar
    ) async throws -> String {
        let store = saving.store
        var release = ModelRelease(
            options: options, result: result, terms: saving.terms, commit: Self.commit(), at: .now,
            initial: initial.map { URL(filePath: $0).lastPathComponent })
        if task == .cup, saving.disc == nil {
            bar.note("no disc model in \(store.directory): the card has no figures")
        } else {
            try await release.measure(
                sets, others: others, disc: saving.disc,
                companions: ModelTask.allCases.filter { $0 != task }.compactMap { try? store.loadLive($0) },
                progress: { done, all in bar.show(Double(done) / Double(all), "measuring: \(done)/\(all) images") })
        }
        bar.end()
        return try release.save(in: store)
    }

    /// The weights to begin with. Those of a model bring the scale of its input along.
    private func initialWeights(_ options: inout TrainingOptions) throws(PapillaError) -> Weights? {
        guard let initial else { return nil }
        if initial.hasSuffix(".safetensors") {
            return try Weights(
                safetensors: PapillaError.telling("The weights to begin with cannot be read", at: initial) {
                    () throws(FileError) in try NamedPath.read(initial)
                })
        }
        guard let models else {
            throw PapillaError(
                .badInput, "--init \(initial) names a model", hint: "Say by --models where it is, or name a safetensors file")
        }
        let model = try ModelStore(directory: models).load(initial)
        if model.manifest.isUnrolled, !polar {
            throw PapillaError(
                .badInput, "\(initial) was shown the disc unrolled", hint: "Say --polar, or begin with another model")
        }
        options.inputMean = model.manifest.normalisation.mean
        options.inputDeviation = model.manifest.normalisation.std
        return model.weights
    }

    static func show(_ event: TrainingRun.Event, threads: Int, _ ranks: Ranks?, on bar: ProgressBar) {
        switch event {
        case .prepared(let images, let phantoms, let views, let stepsPerEpoch, let steps):
            let sets = images.map { "\($0.set) \($0.count)" }.joined(separator: ", ")
            bar.note("training on \(sets)\(phantoms > 0 ? ", phantoms \(phantoms)" : ""); validating on \(views) views")
            bar.note(
                "\(steps) steps, \(stepsPerEpoch) an epoch, \(ranks.map { "\($0.count) ranks of " } ?? "")\(threads) threads")
        case .step(let step, let steps, let epoch, let loss, let rate, let seconds):
            bar.show(
                Double(step) / Double(steps),
                "epoch \(epoch) step \(step)/\(steps) loss \(rounded(loss)) rate \(rate) left \(ProgressBar.time(seconds))")
        case .epoch(let line, let best):
            guard let score = line.validationScore else { return }
            bar.note(
                "epoch \(line.epoch) step \(line.step): loss \(rounded(line.losses["total"] ?? 0)), val loss \(rounded(line.validationLoss ?? 0)), "
                    + "val \(rounded(score)) (best \(rounded(best?.score ?? 0)) at \(best?.step ?? 0)), \(ProgressBar.time(line.seconds))"
            )
        case .stopped(let step): bar.note("stopped after step \(step)")
        case .note(let text): bar.note(text)
        }
    }

    private func summarise(_ result: TrainingRun.Result, _ name: String?) throws {
        struct Summary: Encodable {
            let task: ModelTask
            @Nullable var model: String?
            let steps: Int
            @Nullable var bestStep: Int?
            @Nullable var valDice: Double?
            let seconds: Double
            enum CodingKeys: String, CodingKey {
                case task, model, steps, seconds
                case bestStep = "best_step"
                case valDice = "val_dice"
            }
        }
        let best = result.record.best
        if json {
            print(
                try CanonicalJSON.line(
                    Summary(
                        task: task, model: name, steps: result.record.step, bestStep: best?.step, valDice: best?.score,
                        seconds: result.record.seconds)))
        } else {
            print(
                "\(name ?? out): \(result.record.step) steps, best val \(Self.rounded(best?.score ?? 0)) after \(best?.step ?? 0)"
            )
        }
    }

    private static func rounded(_ value: Double) -> String {
        value.isFinite ? "\((value * 10000).rounded() / 10000)" : "\(value)"
    }

    /// The commit of the program's source where it runs from a checkout.
    static func commit() -> String {
        guard let pipe = popen("git rev-parse --short=12 HEAD 2>/dev/null", "r") else { return "unknown" }
        defer { pclose(pipe) }
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = fread(&buffer, 1, 63, pipe)
        let text = String(decoding: buffer[..<count], as: UTF8.self).filter { $0.isHexDigit }
        return text.isEmpty ? "unknown" : text
    }
}

extension ModelTask: ExpressibleByArgument {}
extension DistanceMap: ExpressibleByArgument {}
extension PrecisionChoice: ExpressibleByArgument {}
extension Learner.Normalisation: ExpressibleByArgument {}
extension Disturbance: ExpressibleByArgument {}
extension TrainingOptions.Schedule: ExpressibleByArgument {}

/// The encoders that others have trained, which come with the program: `pretrained/lite0-imagenet.safetensors` and
/// `lite2-imagenet.safetensors` beside the shipped models.
enum PretrainedEncoder {
    /// What it was trained with: the input is (value / 255 − 0.498) / 0.502 in every channel.
    static let input = (mean: [Float](repeating: 0.498, count: 3), deviation: [Float](repeating: 0.502, count: 3))

    /// The weights of a network's encoder.
    /// - Throws: `.notFound`, naming the places that were looked at.
    static func load(for architecture: String) throws(PapillaError) -> Weights {
        let encoder = try Architecture(named: architecture).encoder
        let named = ProcessInfo.processInfo.environment["PAPILLA_MODELS"].flatMap { $0.isEmpty ? nil : $0 }
        let folders = (named.map { [$0] } ?? []) + ["/usr/share/papilla/models", "Deploy/models"]
        let files = folders.map { $0 + "/pretrained/\(encoder)-imagenet.safetensors" }
        for file in files {
            guard NamedPath.exists(file) else { continue }
            return try Weights(
                safetensors: PapillaError.telling("The encoder that knows ImageNet cannot be read", at: file) {
                    () throws(FileError) in try NamedPath.read(file)
                })
        }
        throw PapillaError(
            .notFound, "The encoder that knows ImageNet is not there", place: files.joined(separator: ", "),
            hint: "Install the package, run from the source's folder, or set PAPILLA_MODELS")
    }
}
