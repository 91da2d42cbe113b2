public import ArgumentParser
internal import DataSets
internal import Neural
internal import Registry
internal import Screening
public import Training

/// `papilla study`: the paper's comparison of networks, repeated.
struct StudyCommand: AsyncParsableCommand, OwnFilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "study", abstract: "Repeats the paper's study: trains its networks, compares them, writes a report.",
        discussion: """
            Trains the five networks of the paper's Table 1 and the distance maps of its Table 3 for every task and seed, on the same images, \
            split and order, and judges them on the test split. Leaves report.html (one file, works offline), report.md, figures and \
            results.json in the folder. Without other options the setting is the paper's, which takes days on a few cores.

            SIGINT or SIGTERM stops after the step in hand, and a run that was killed goes on from its last validation: --resume. What is \
            finished is never trained again; --resume with everything finished writes the report anew.

            On several machines, each trains a share into one folder that all see, --shard 1/4 to --shard 4/4, whichever begins first; the same \
            command goes on after a stop. --collect, with the same options, then times the networks and writes the report.

            Fundus sets serve for cup and disc, endoscopy sets for polyps. Figures show images of the test split; give --figures phantoms or \
            none for a report that is to be shown to others.

            Example: papilla study --data phantoms --tasks cup,disc --epochs 30 --side 128 --width 16 --seeds 2 --normalisation batch --out study
            """)

    @Option(parsing: .upToNextOption, help: "Data-set folders.") var data: [String]
    @Option(help: "Some of cup, disc, polyp, separated by commas.") var tasks = "cup,disc,polyp"
    @Option(help: "Times through the data.") var epochs = 150
    @Option(help: "Side of the input, px, a multiple of 32.") var side = 256
    @Option(help: "Base width.") var width = 32
    @Option(help: "Trainings of each network.") var seeds = 1
    @Option(help: "The study's folder.") var out: String
    @OptionGroup var words: DataSetOptions
    @Flag(help: "Go on with the study in --out.") var resume = false
    @Option(help: ArgumentHelp("The share of the trainings that is done here: the first of four is 1/4.", valueName: "i/n"))
    var shard: Shard?
    @Flag(help: "Train nothing; make the report of what the shares have trained.") var collect = false
    @Option(help: "Normalisation while training: none (the paper's) or batch.") var normalisation = Learner.Normalisation.none
    @Option(help: "Weight of a soft Dice term beside the paper's losses.") var softDice: Float = 0
    @Option(help: "Images in a batch.") var batch = 4
    @Option(help: "Adam's learning rate at its peak (default: 1e-4, with --normalisation batch 5e-4).") var rate: Float?
    @Option(help: "Steps between two validations, which are also what a killed run goes on from.") var validateEvery = 150
    @Option(help: "What the figures show: data, phantoms or none.") var figures = StudyFigures.Source.data
    @Option(help: "Rounds of timing.") var timingRounds = 40
    @Option(help: "Width of the timed networks.") var timingWidth = 32
    @Option(help: "Side of the timed networks, px.") var timingSide = 256
    @Option(help: "Threads of the engine (default: all cores).") var threads: Int?
    @Flag(help: "Print the results as one JSON value.") var json = false

    func validate() throws {
        _ = try chosenTasks
        guard [resume, collect, shard != nil].count(where: \.self) < 2 else {
            throw ValidationError("--resume, --collect and --shard exclude each other: a share goes on by itself")
        }
        try within("--threads", threads, 1...1024)
        try within("--timing-rounds", timingRounds, 2...10_000)
        try within("--timing-width", timingWidth, 1...256)
        try within("--timing-side", timingSide, 32...4096, multipleOf: 32)
    }

    /// What a share prints with `--json`.
    private struct Share: Encodable {
        let shard: String
        let finished: Int
        let runs: Int
    }

    private var chosenTasks: [ModelTask] {
        get throws {
            try tasks.split(separator: ",").map { word in
                guard let task = ModelTask(rawValue: word.filter { $0 != " " }), task != .router else {
                    throw ValidationError("--tasks \(tasks): expected some of cup, disc and polyp, separated by commas")
                }
                return task
            }
        }
    }

    func run() async throws {
        if let threads { EngineInfo.setThreads(threads) }
        var options = StudyOptions(tasks: try chosenTasks)
        options.epochs = epochs
        options.side = side
        options.width = width
        options.seeds = seeds
        options.batch = batch
        options.normalisation = normalisation
        options.softDice = softDice
        options.validationInterval = validateEvery
        options.rate = rate ?? (normalisation == .batch ? 5e-4 : 1e-4)
        let bar = ProgressBar()
        try words.check(data)
        let sets = try words.opened(data)
        let study = try Study(options, sets: sets, folder: out, resume: resume || collect, shard: shard) { bar.note($0) }
        if collect {
            let (runs, missing) = try study.unfinished()
            guard missing.isEmpty else {
                throw PapillaError(
                    .refused, "\(missing.count) of \(runs) runs are not finished: \(missing.joined(separator: ", "))", place: out,
                    hint: "Run the shares that they are in to their ends, then collect")
            }
        }
        StopRequest.watch()
        guard try await study.train(report: { Self.show($0, on: bar) }, shouldStop: { StopRequest.isSet }) else {
            bar.end()
            bar.note(shard == nil ? "stopped; --resume goes on" : "stopped; the same command goes on")
            throw ExitCode(1)
        }
        if let shard {
            bar.end()
            let (runs, missing) = try study.unfinished()
            let share = Share(shard: "\(shard)", finished: runs - missing.count, runs: runs)
            let text = "share \(shard) is trained; \(share.finished) of all \(runs) runs are finished"
            return print(json ? try CanonicalJSON.line(share) : text)
        }
        try await study.time(width: timingWidth, side: timingSide, rounds: timingRounds, report: { Self.show($0, on: bar) })
        let results = try await study.report(figures: figures)
        bar.end()
        if json { return print(try CanonicalJSON.document(results), terminator: "") }
        print(results.claims.joined(separator: "\n\n"))
        print("\nreport: \(out)/report.html")
    }

    private static func show(_ event: Study.Event, on bar: ProgressBar) {
        switch event {
        case .run(let name, let number, let all, let isFinished):
            bar.note("run \(number) of \(all): \(name)\(isFinished ? ", finished" : "")")
        case .training(.step(let step, let steps, let epoch, let loss, _, let seconds)):
            bar.show(
                Double(step) / Double(steps),
                "epoch \(epoch) step \(step)/\(steps) loss \((loss * 10000).rounded() / 10000) left \(ProgressBar.time(seconds))")
        case .training(.note(let text)), .note(let text): bar.note(text)
        case .training: break
        case .scored(let name, let dice): bar.note("\(name): test Dice \((dice * 10000).rounded() / 10000)")
        case .timed(let round, let rounds): bar.show(Double(round) / Double(rounds), "timing: round \(round)/\(rounds)")
        }
    }
}

extension StudyFigures.Source: ExpressibleByArgument {}
