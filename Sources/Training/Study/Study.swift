public import DataSets
internal import Neural
public import Screening

/// The paper's study: every network on the same images, the same split and the same order, one after the other. A run that is
/// finished is never trained again; one that was stopped goes on from its last snapshot.
public struct Study: Sendable {
    /// News of a study while it goes.
    public enum Event: Sendable {
        /// Run `number` of `all` begins, or was finished before.
        case run(String, number: Int, of: Int, isFinished: Bool)
        /// What the run tells.
        case training(TrainingRun.Event)
        /// A finished run's mean Dice on the test split.
        case scored(String, dice: Double)
        /// A round of timing is done.
        case timed(Int, of: Int)
        /// Something worth a line.
        case note(String)
    }

    let options: StudyOptions
    let sets: [ModelTask: [DataSet]]
    let folder: StudyFolder
    /// What of it is trained here.
    let shard: Shard

    /// A study in a folder of its own.
    /// - Parameters:
    ///   - sets: all data sets; fundus sets are for cup and disc, endoscopy sets for polyps, and sets without a cup not for the cup.
    ///   - resume: goes on with the study that the folder holds, which must have the same options and data.
    ///   - shard: the share of the runs that is trained here; others train the rest in the same folder, where a study of the same options and
    ///     data may have begun. Nil: all of it.
    ///   - note: told what the masks of each set hold.
    public init(
        _ options: StudyOptions, sets: [DataSet], folder: String, resume: Bool, shard: Shard? = nil,
        note: (String) -> Void = { _ in }
    ) throws(PapillaError) {
        try options.check()
        try DataSet.refuseLeaks(across: sets)
        var chosen: [ModelTask: [DataSet]] = [:]
        for task in options.tasks {
            var fitting: [DataSet] = []
            for set in sets where try set.modality() == (task == .polyp ? .endoscopy : .fundus) {
                fitting.append(set)
            }
            fitting = try fitting.surveyed(for: task, note: note).filter { task != .cup || $0.hasCup }
            for split in DataSet.Split.allCases where fitting.allSatisfy({ $0.items(in: split).isEmpty }) {
                throw PapillaError(
                    .badInput, "no data set has images of split \(split.rawValue) for the task \(task.rawValue)",
                    hint: "Name more data sets with --data, or leave the task out of --tasks")
            }
            chosen[task] = fitting
        }
        self.options = options
        self.sets = chosen
        var data: [String: Digest] = [:]
        for set in chosen.values.joined() { data[set.name] = set.fingerprint }
        self.shard = shard ?? .whole
        self.folder = try StudyFolder(folder, plan: .init(options: options, data: data), resume: resume, isShared: shard != nil)
    }

    /// How many runs the study has, and the names of those that are not finished.
    public func unfinished() throws(PapillaError) -> (runs: Int, names: [String]) {
        var names: [String] = []
        for run in options.runs where try folder.scores(of: run) == nil { names.append(run.name) }
        return (options.runs.count, names)
    }

    /// Trains and scores what of its share is not finished yet.
    /// - Returns: whether all runs of the share are finished; false where `shouldStop`, asked between steps, said so.
    public func train(
        report: @escaping @Sendable (Event) -> Void = { _ in }, shouldStop: @escaping @Sendable () -> Bool = { false }
    ) async throws -> Bool {
        var judge: StudyJudge?
        for (index, run) in options.runs.enumerated() where shard.holds(index) {
            let isFinished = try folder.scores(of: run) != nil
            report(.run(run.name, number: index + 1, of: options.runs.count, isFinished: isFinished))
            if isFinished { continue }
            if shouldStop() { return false }
            if judge?.task != run.task {
                judge = try await StudyJudge(run.task, side: options.side, sets: sets[run.task] ?? [])
            }
            guard let judge, let scores = try await score(run, judge, report, shouldStop) else { return false }
            try folder.finish(scores)
            let dice = scores.images.reduce(0) { $0 + $1.dice } / Double(max(1, scores.images.count))
            report(.scored(run.name, dice: dice))
        }
        return true
    }

    /// Measures running times, unless that was done before.
    public func time(
        width: Int, side: Int, rounds: Int, report: @escaping @Sendable (Event) -> Void = { _ in }
    ) async throws {
        guard try folder.timing() == nil else { return }
        let timing = try await StudyTiming.measured(width: width, side: side, rounds: rounds) {
            report(.timed($0, of: rounds))
        }
        try folder.write(timing, as: "timing.json")
    }

    /// Trains one network and reads the test split with its best weights; nil where it was stopped.
    private func score(
        _ run: StudyRun, _ judge: StudyJudge, _ report: @escaping @Sendable (Event) -> Void,
        _ shouldStop: @escaping @Sendable () -> Bool
    ) async throws -> StudyScores? {
        let path = folder.folder(of: run)
        let training = try TrainingRun(
            options.training(run), sets: sets[run.task] ?? [], folder: path, resume: RunFolder.holdsRun(path))
        var problem: String?
        do {
            let result = try await training.run(report: { report(.training($0)) }, shouldStop: shouldStop)
            guard result.isFinished else { return nil }
        } catch let error as PapillaError where error.code == .refused && RunFolder.holdsRun(path) {
            // A network that learns nothing is a result of the study too; the others go on.
            problem = error.message
            report(.note("\(run.name): \(error.message)"))
        }
        let (snapshot, _) = try training.folder.snapshot()
        let input = InputScale(mean: snapshot.inputMean, deviation: snapshot.inputDeviation)
        let images = try await judge.scores(
            try training.folder.best(), run.network, width: options.width, input: input)
        return StudyScores(
            run: run, steps: snapshot.record.step, validationDice: snapshot.record.best?.score ?? 0,
            bestStep: snapshot.record.best?.step ?? 0, seconds: snapshot.record.seconds, inputMean: snapshot.inputMean,
            inputDeviation: snapshot.inputDeviation, problem: problem, images: images)
    }
}
