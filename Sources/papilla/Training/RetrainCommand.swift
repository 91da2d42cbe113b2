internal import ArgumentParser
internal import DataSets
internal import Files
internal import Ledger
internal import Neural
internal import Registry
internal import Retraining
internal import Review
internal import Screening
internal import Service
internal import Settings
internal import Training

/// `papilla retrain`: a site's own model.
struct RetrainCommand: AsyncParsableCommand, OwnFilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrain",
        abstract: "Trains the live model on, with this site's own cases, and leaves a candidate.",
        discussion: """
            Cases are screenings that a reader accepted or corrected: nothing but the ledger and the archive is needed. A fifth of them, chosen \
            by a hash of the patient or the image, is frozen: no model is ever trained on it. Of these, the ones that a reader drew, blind or as a \
            correction, judge; an accepted one does not, because its truth is a model's own. Phantoms are strewn in, and data-set folders where \
            --data names some. The candidate is not live; it shows how it and the live model do on the cases that judge, and \
            papilla models promote asks the same gate.

            It takes a user who may write to the models' folder: sudo -u papilla papilla retrain. Whoever stops it begins anew: nothing is kept.

            Under mpirun the processes train together; ledger, archive and models are on a file system that all of them see.

            Example: papilla retrain --task polyp
            """)
    @Option(help: "disc, cup or polyp.") var task: ModelTask
    @OptionGroup var configuration: ConfigurationOption
    @Option(parsing: .upToNextOption, help: "Data-set folders to train on as well.") var data: [String] = []
    @OptionGroup var words: DataSetOptions
    @Option(help: "Batches of four.") var steps = RetrainingRun.Options().steps
    @Option(help: "Adam's learning rate at its peak.") var rate = RetrainingRun.Options().rate
    @Option(help: "Share of phantoms among the samples, 0 to 0.05.") var phantoms =
        RetrainingRun.Options().phantoms
    @Option(help: "Seed of all that is random.") var seed: UInt64 = 1
    @Option(help: "Threads of the engine (default: all cores).") var threads: Int?
    @Flag(help: "Only list the cases, and which part each has; train nothing.") var dryRun = false
    @Flag(help: "Print one JSON value.") var json = false

    /// The output of `--json`.
    private struct Result: Encodable {
        let task: ModelTask
        let cases: [String: Int]
        let steps: Int
        let bestStep: Int
        let valDice: Double
        let gate: PromotionCheck.Verdict
        enum CodingKeys: String, CodingKey {
            case task, cases, steps, gate
            case bestStep = "best_step"
            case valDice = "val_dice"
        }
    }

    func validate() throws {
        guard task != .router else {
            throw ValidationError(
                "--task takes disc, cup or polyp: readers' decisions do not teach the router")
        }
        try within("--threads", threads, 1...1024)
        guard (1...1_000_000_000).contains(steps), rate > 0, rate < 1, (0...0.05).contains(phantoms) else {
            throw ValidationError(
                "--steps must be 1 or more, --rate between 0 and 1, --phantoms 0 to 0.05")
        }
    }

    func run() async throws {
        if let threads { EngineInfo.setThreads(threads) }
        let loaded = try configuration.load()
        let paths = loaded.paths
        let ledger = try await paths.openLedger()
        let catalogue = ReviewCatalogue(
            ledger: ledger, outbox: paths.outbox, archive: paths.archive, models: ModelStore(directory: paths.models))
        let cases = try CaseSet(task, await ledger.cases(), catalogue)
        if dryRun { return try list(cases) }
        var options = RetrainingRun.Options()
        options.steps = steps
        options.rate = rate
        options.phantoms = phantoms
        options.seed = seed
        let trained = try await Ranks.together { ranks in
            let store = ModelStore(directory: paths.models)
            // Before hours of training, not after them; the first rank alone saves.
            if (ranks?.rank ?? 0) == 0 { try store.refuseUnwritable() }
            let folder = try NamedPath.makeTemporaryFolder("retrain")
            defer { try? NamedPath.removeTree(folder) }
            StopRequest.watch()
            let bar = ProgressBar(isMute: (ranks?.rank ?? 0) > 0)
            try words.check(data)
            let others = try words.sets(data, for: task, on: bar)
            let outcome = try await RetrainingRun(cases, store: store, options: options).run(
                others: others, in: folder, commit: TrainCommand.commit(), ranks: ranks,
                report: { TrainCommand.show($0, threads: EngineInfo.threads, ranks, on: bar) },
                measuring: { done, all in bar.show(Double(done) / Double(all), "measuring: \(done)/\(all) images") },
                shouldStop: { StopRequest.isSet })
            return (outcome, bar)
        }
        guard let (outcome, bar) = trained else { return }
        guard let outcome else {
            bar.note("there is no candidate, and nothing is kept to go on with: the same command begins anew")
            throw ExitCode(1)
        }
        let verdict = try await Self.check(loaded).verdict(outcome.candidate, ledger)
        bar.end()
        var counts: [String: Int] = [:]
        for member in cases.members {
            counts[member.split == .test ? "frozen" : member.split.rawValue, default: 0] += 1
        }
        if json {
            return print(
                try CanonicalJSON.document(
                    Result(
                        task: task, cases: counts, steps: steps, bestStep: outcome.bestStep,
                        valDice: outcome.validationDice, gate: verdict)),
                terminator: "")
        }
        Self.show(verdict)
    }

    /// The gate of a configuration.
    static func check(_ configuration: Configuration) -> PromotionCheck {
        let paths = configuration.paths
        return PromotionCheck(
            store: ModelStore(directory: paths.models), settings: configuration.reading,
            outbox: paths.outbox, archive: paths.archive)
    }

    private func list(_ cases: CaseSet) throws {
        if json { return print(try CanonicalJSON.document(cases.members), terminator: "") }
        let rows = cases.members.map {
            [
                "\($0.id)", $0.verdict.rawValue, $0.blind ? "blind" : $0.drawn ? "yes" : "no",
                $0.split == .test ? "frozen" : $0.split.rawValue,
            ]
        }
        print(TextTable(["case", "decision", "drawn", "part"], rows).text)
        print(
            "\(cases.members.count) cases, \(cases.frozen) frozen, \(cases.judging) of them drawn by a reader; a promotion needs "
                + "\(PromotionCheck.frozenNeeded) frozen ones that were drawn")
    }

    private static func show(_ verdict: PromotionCheck.Verdict) {
        func number(_ value: Double?) -> String {
            value.map { "\(($0 * 10000).rounded() / 10000)" } ?? "-"
        }
        var rows = verdict.compared.map { one in
            let interval = one.difference.map { "\(number($0.value)) [\(number($0.low)), \(number($0.high))]" } ?? "-"
            return [one.meaning, number(one.live), number(one.candidate), interval]
        }
        rows.append(["Dice on phantoms", number(verdict.livePhantoms), number(verdict.candidatePhantoms), ""])
        print("\(verdict.frozen) frozen cases that readers drew, \(verdict.blind) of them blind")
        print(
            TextTable(["", verdict.live ?? "none", verdict.candidate, "difference, 95 % interval"], rows, right: [1, 2, 3]).text)
        if verdict.refusals.isEmpty {
            print("To make it live: papilla models promote \(verdict.candidate)")
        } else {
            print(
                "\(verdict.candidate) would not pass the gate: \(verdict.refusals.joined(separator: "; "))")
        }
    }
}
