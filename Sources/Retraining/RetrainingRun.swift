public import DataSets
public import Neural
public import Registry
internal import Screening
public import Training

/// A site's own model: the live one, trained on from its weights with the site's cases and phantoms strewn in, and left as a candidate.
public struct RetrainingRun: Sendable {
    /// Choices of the caller.
    public struct Options: Sendable {
        /// Batches of four.
        public var steps = 400
        /// Adam's rate at its peak. A trained network takes little: more lets it forget what it learnt elsewhere.
        public var rate: Float = 1e-4
        /// Share of phantoms among the samples, 0...0.05.
        public var phantoms = 0.05
        /// Of everything random.
        public var seed: UInt64 = 1

        /// The usual ones.
        public init() {}
    }

    /// The outcome of a retraining.
    public struct Outcome: Sendable {
        /// The candidate's name.
        public let candidate: String
        /// The model that it began with.
        public let live: String
        /// Best score on the cases that choose, at the network's resolution.
        public let validationDice: Double
        /// Steps after which it was reached.
        public let bestStep: Int
    }

    let cases: CaseSet
    let store: ModelStore
    let options: Options

    /// A retraining of the live model of the cases' task.
    public init(_ cases: CaseSet, store: ModelStore, options: Options) {
        self.cases = cases
        self.store = store
        self.options = options
    }

    /// Trains, and saves the candidate with its card: figures on the cases that choose and on the frozen ones.
    /// - Parameters:
    ///   - others: data-set folders to train on as well.
    ///   - folder: an empty folder for the cases and the run.
    ///   - commit: the program's commit, for the card.
    ///   - ranks: the processes that train together, each with a folder of its own; the first one measures and saves. Nil: this one alone.
    /// - Returns: nil where it was stopped, and on every rank but the first.
    /// - Throws: `refused` where there are too few cases to teach or to choose.
    public func run(
        others: [DataSet] = [], in folder: String, commit: String, ranks: Ranks? = nil,
        report: @escaping @Sendable (TrainingRun.Event) -> Void = { _ in },
        measuring: @escaping @Sendable (Int, Int) -> Void = { _, _ in },
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) async throws -> Outcome? {
        let live = try store.loadLive(cases.task)
        let counts = [DataSet.Split.train, .val].map { split in
            cases.members.count { $0.split == split }
        }
        guard counts[0] > 0, counts[1] > 0 else {
            throw PapillaError(
                .refused,
                "\(cases.members.count) cases for the task \(cases.task.rawValue): \(counts[0]) to learn from, \(counts[1]) to choose by, "
                    + "\(cases.frozen) frozen; at least one to learn from and one to choose by are needed",
                hint:
                    "Have readers accept or correct more screenings: papilla review list --by arrival --order informative")
        }
        let training = options(live.manifest)
        let set = try cases.write(to: folder)
        let run = try TrainingRun(training, sets: [set] + others, folder: folder + "/run", initial: live.weights, ranks: ranks)
        let result = try await run.run(report: report, shouldStop: shouldStop)
        await ranks?.finish()
        guard result.isFinished, let best = result.record.best, (ranks?.rank ?? 0) == 0 else { return nil }
        var release = ModelRelease(
            options: training, result: result,
            terms: ["cases": "this site's own, accepted or corrected by its readers"],
            commit: commit, at: .now, initial: live.manifest.name)
        try await release.measure(
            [set], others: others, disc: cases.task == .cup ? try store.loadLive(.disc) : nil, former: live.manifest,
            progress: measuring)
        return Outcome(
            candidate: try release.save(in: store), live: live.manifest.name, validationDice: best.score,
            bestStep: best.step)
    }

    /// The live network's own shape and input, and a gentle recipe: its normalisation was folded away, so it is trained on without.
    private func options(_ live: ModelManifest) -> TrainingOptions {
        var training = TrainingOptions(task: live.task)
        training.architecture = live.architecture
        training.width = live.width
        training.side = live.side
        training.distance = live.distanceMap.flatMap(DistanceMap.init) ?? .signed
        training.inputMean = live.normalisation.mean
        training.inputDeviation = live.normalisation.std
        training.softDice = 0.5
        training.averaging = 0.99
        training.rate = options.rate
        training.length = .steps(options.steps)
        training.seed = options.seed
        training.polar = live.isUnrolled
        training.phantoms = options.phantoms
        training.validationInterval = max(1, min(50, options.steps / 8))
        return training
    }
}
