public import DataSets
public import Neural
public import Screening

/// One run of training: images in, the weights that were best on the validation split out.
///
/// Steps run on the engine's thread; batches are prepared on others. Snapshots are written at every validation and when the run is asked
/// to stop; a run that goes on from one ends with the same weights, bit for bit, as one that was never stopped.
public struct TrainingRun: Sendable {
    /// News of a run while it goes.
    public enum Event: Sendable {
        /// The images are ready: training images by data set, validation views, steps in an epoch and in all.
        case prepared(images: [(set: String, count: Int)], phantoms: Int, views: Int, stepsPerEpoch: Int, steps: Int)
        /// A step is done. `seconds` is the estimate of what is left; not a number where there is none yet.
        case step(Int, of: Int, epoch: Int, loss: Double, rate: Float, seconds: Double)
        /// An epoch is done.
        case epoch(TrainingRecord.Epoch, best: TrainingRecord.Best?)
        /// The run was asked to stop and has, after so many steps; its folder holds what it can be gone on with.
        case stopped(Int)
        /// Something worth a line.
        case note(String)
    }

    /// The end of a run.
    public struct Result: Sendable {
        /// Whether all steps were done; false where the run was asked to stop.
        public let isFinished: Bool
        /// Figures of all epochs.
        public let record: TrainingRecord
        /// Training images by data set.
        public let images: [(set: String, count: Int)]
        /// Images by data set and split, test's among them: what the card says.
        public let splits: [String: [String: Int]]
        /// Views that the weights were chosen on.
        public let validationViews: Int
        /// Phantoms that were strewn in.
        public let phantoms: Int
        /// What the input is shifted by.
        public let inputMean: [Float]
        /// What the input is divided by.
        public let inputDeviation: [Float]
        /// The best weights; nil where the run was stopped before its first validation.
        public let weights: Weights?
    }

    /// Validations that may find nothing but background before the run gives up.
    static let patience = 3

    let options: TrainingOptions
    let sets: [DataSet]
    let folder: RunFolder
    let resume: Bool
    let initial: Weights?
    let pretrained: Weights?
    let ranks: Ranks?

    /// A run over some data sets, in a folder of its own.
    /// - Parameters:
    ///   - initial: weights to begin with; nil for random ones.
    ///   - pretrained: what an encoder has learnt on ImageNet, for options that ask for it.
    ///   - resume: goes on with the run that the folder holds, which must have the same options and data.
    ///   - ranks: the processes that make the run together, each with the same arguments; the first one writes to the folder. Nil: this one alone.
    public init(
        _ options: TrainingOptions, sets: [DataSet], folder: String, initial: Weights? = nil, pretrained: Weights? = nil,
        resume: Bool = false, ranks: Ranks? = nil
    ) throws(PapillaError) {
        try options.check()
        guard options.knowsImageNet == (pretrained != nil), initial == nil || pretrained == nil else {
            throw PapillaError(
                .badInput, "a run begins with an encoder that knows ImageNet, or with a model, or with neither",
                hint: "Give --encoder imagenet or --init, not both")
        }
        try DataSet.refuseLeaks(across: sets)
        self.options = options
        self.sets = sets
        // Refused before hours of preparation.
        try Learner.check(
            Architecture(named: options.architecture), width: options.width, side: options.side, batch: options.batch,
            ranks: ranks)
        self.folder = try RunFolder(folder, resume: resume, isWritten: (ranks?.rank ?? 0) == 0)
        self.ranks = ranks
        self.resume = resume
        self.initial = initial
        self.pretrained = pretrained
    }

    /// Refuses a folder that a run cannot be begun in, or gone on with: before anything long is done for the run.
    public static func check(folder: String, resume: Bool) throws(PapillaError) { _ = try RunFolder(folder, resume: resume) }

    /// Trains until the end or until `shouldStop` says so, which is asked between steps.
    /// - Throws: `.refused` if the network predicts only background after its first validations or a loss is not finite.
    public func run(
        report: @escaping @Sendable (Event) -> Void = { _ in }, shouldStop: @escaping @Sendable () -> Bool = { false }
    ) async throws -> Result {
        let material = try await Material(options, sets: sets, report: report)
        return try await train(material, report: report, shouldStop: shouldStop)
    }

    /// The loop. It stays on the engine's thread but for waiting for the next batch, which is there already.
    @EngineActor private func train(_ material: Material, report: @Sendable (Event) -> Void, shouldStop: @Sendable () -> Bool)
        async throws -> Result
    {
        try agree(material)
        let learner = try Learner(
            .init(
                architecture: options.architecture, width: options.width, side: options.side, batch: options.batch,
                normalisation: options.normalisation, softDice: options.softDice, averaging: options.averaging,
                decay: options.decay, clip: options.clip, presence: options.presence, encoderRate: options.encoderRate),
            weights: initial, pretrained: pretrained, seed: options.seed, foreground: material.foreground, ranks: ranks)
        var record = TrainingRecord()
        if resume {
            let (snapshot, state) = try folder.snapshot()
            try material.refuseChanges(from: snapshot, options: options)
            try refuseOtherRanks(snapshot.ranks ?? 1)
            try learner.restore(state)
            record = snapshot.record
            report(.note("goes on after step \(record.step)"))
            if snapshot.threads != EngineInfo.threads {
                report(.note("begun with \(snapshot.threads) threads, now \(EngineInfo.threads): the last bits may differ"))
            }
        }
        let schedule = RateSchedule(peak: options.rate, steps: material.steps, schedule: options.schedule)
        record.hardness.begin(material.loader.negatives.count)
        var batches = prefetch(material, record)
        let clock = ContinuousClock()
        let (start, before) = (clock.now, record.seconds)
        // The first step chooses the engine's algorithms and says nothing of the pace.
        var pace: (start: ContinuousClock.Instant, step: Int)?
        var isStopped = false
        while !isStopped, let loaded = await batches.batch() {
            let rate = schedule.rate(record.step)
            let losses = try learner.step(loaded.batch, rate: rate)
            if !loaded.negatives.isEmpty {
                let peaks = learner.peaks(ofImages: loaded.negatives.map(\.image))
                for ((_, negative), peak) in zip(loaded.negatives, peaks) { record.hardness.see(negative, peak: peak) }
            }
            record.step += 1
            record.add(losses)
            let elapsed = (clock.now - start) / .seconds(1)
            record.seconds = before + elapsed
            guard losses.total.isFinite else {
                throw PapillaError(
                    .refused, "the loss is not finite after step \(record.step)", place: folder.path, hint: "Try a lower --rate")
            }
            let left = pace.map {
                (clock.now - $0.start) / .seconds(1) / Double(record.step - $0.step) * Double(material.steps - record.step)
            }
            if pace == nil { pace = (clock.now, record.step) }
            let epoch = (record.step - 1) / material.loader.stepsPerEpoch + 1
            report(.step(record.step, of: material.steps, epoch: epoch, loss: losses.total, rate: rate, seconds: left ?? .nan))
            if record.step.isMultiple(of: material.loader.stepsPerEpoch) || record.step == material.steps {
                record.hardness.turn()
                if !material.loader.negatives.isEmpty { batches = prefetch(material, record) }
                try close(epoch, rate: rate, learner, material, &record, report)
            }
            if isAsked(shouldStop), record.step < material.steps {
                isStopped = true
                try save(learner, material, record)
                report(.stopped(record.step))
            }
        }
        await batches.cancel()
        return Result(
            isFinished: !isStopped, record: record, images: material.images, splits: splits(of: material),
            validationViews: material.validation.views.count, phantoms: material.loader.phantoms.count,
            inputMean: material.loader.input.mean, inputDeviation: material.loader.input.deviation,
            weights: record.best == nil || !folder.isWritten ? nil : try folder.best())
    }

    /// Refuses ranks that would not make the same run: what they have in common is never sent.
    @EngineActor private func agree(_ material: Material) throws {
        guard let ranks else { return }
        let input = material.loader.input
        try ranks.agree(on: "version of the program", Digest(of: Version.current.utf8))
        try ranks.agree(on: "instruction set", Digest(of: EngineInfo.isa.utf8))
        try ranks.agree(on: "set of options", Digest(of: CanonicalJSON.line(options).utf8))
        try ranks.agree(on: "set of images", Digest(of: "\(material.fingerprint) \(input.mean) \(input.deviation)".utf8))
        for weights in [initial, pretrained] {
            try ranks.agree(on: "model to begin with", Digest(of: weights?.safetensors(.float32) ?? []))
        }
    }

    /// Refuses to go on with as many ranks as the run was not begun with: sums would be taken in another order.
    private nonisolated func refuseOtherRanks(_ begun: Int) throws(PapillaError) {
        let count = ranks?.count ?? 1
        guard begun != count else { return }
        throw PapillaError(
            .refused, "the run was begun with \(begun) \(begun == 1 ? "process" : "ranks"), not with \(count)",
            hint: begun == 1 ? "Go on without mpirun, or begin another run" : "Go on by mpirun -n \(begun), or begin another run")
    }

    /// Whether this rank or another is asked to stop: all stop after the same step.
    @EngineActor private func isAsked(_ shouldStop: () -> Bool) -> Bool {
        let isAsked = shouldStop()
        return ranks?.gathered([isAsked]).contains(true) ?? isAsked
    }

    /// The batches from here to the epoch's end: the next one is drawn by what this one teaches.
    private nonisolated func prefetch(_ material: Material, _ record: TrainingRecord) -> Prefetch {
        let length = material.loader.stepsPerEpoch
        let end = material.loader.negatives.isEmpty ? material.steps : (record.step / length + 1) * length
        return Prefetch(
            material.loader, from: record.step, to: min(end, material.steps), hardness: record.hardness.drawn,
            share: ranks.map { $0.share(of: options.batch) })
    }

    private nonisolated func splits(of material: Material) -> [String: [String: Int]] {
        var splits: [String: [String: Int]] = [:]
        for set in sets where material.images.contains(where: { $0.set == set.name }) {
            for split in DataSet.Split.allCases { splits[set.name, default: [:]][split.rawValue] = set.items(in: split).count }
        }
        return splits
    }

    /// Ends an epoch: its line, and where it is time the validation, the best weights and a snapshot.
    @EngineActor private func close(
        _ epoch: Int, rate: Float, _ learner: Learner, _ material: Material, _ record: inout TrainingRecord,
        _ report: (Event) -> Void
    ) throws(PapillaError) {
        var line = record.closedEpoch(epoch, rate: rate)
        let isLast = record.step == material.steps
        guard record.step - record.validated >= options.validationInterval || isLast else {
            record.epochs.append(line)
            report(.epoch(line, best: record.best))
            return
        }
        let weights = try learner.weights()
        let score = try material.validation.score(weights, ranks)
        line.validationLoss = score.loss
        line.validationScore = score.score
        record.epochs.append(line)
        record.validated = record.step
        let isFirst = record.best == nil
        // A share of right answers is coarse on few images: the router goes by its loss.
        let isBetter = record.best.map { options.task == .router ? score.loss < $0.loss : score.score > $0.score } ?? true
        if isBetter {
            record.best = .init(step: record.step, score: score.score, loss: score.loss)
            try folder.write(best: weights, step: record.step)
        }
        if score.isBackgroundOnly, isFirst || record.backgroundOnly > 0 {
            record.backgroundOnly += 1
        } else {
            record.backgroundOnly = 0
        }
        try save(learner, material, record)
        report(.epoch(line, best: record.best))
        guard record.backgroundOnly < Self.patience, !(isLast && record.backgroundOnly > 0) else {
            throw PapillaError(
                .refused, "the network predicts only background after \(record.step) steps", place: folder.path,
                hint: "Look at the masks, or try another --rate; papilla train also has --init, to begin with a model, and "
                    + "--normalisation batch")
        }
    }

    @EngineActor private func save(_ learner: Learner, _ material: Material, _ record: TrainingRecord) throws(PapillaError) {
        let input = material.loader.input
        try folder.write(
            .init(
                options: options, data: material.fingerprint, inputMean: input.mean, inputDeviation: input.deviation,
                threads: EngineInfo.threads, ranks: ranks?.count, record: record, state: "state-\(record.step).safetensors"),
            state: try learner.state())
        if record.epochs.count > 1, folder.isWritten { try folder.replace("loss.png", try LossPlot.png(record)) }
    }
}

extension TrainingRecord {
    /// Adds a step's losses to the sums of the running epoch.
    mutating func add(_ losses: Learner.Losses) {
        sums["total", default: 0] += losses.total
        for (head, loss) in losses.heads { sums[head.rawValue, default: 0] += loss }
        summed += 1
    }

    /// The running epoch's line; the sums begin anew.
    mutating func closedEpoch(_ epoch: Int, rate: Float) -> Epoch {
        let count = Double(max(1, summed))
        let line = Epoch(
            epoch: epoch, step: step, rate: rate, losses: sums.mapValues { $0 / count }, validationLoss: nil,
            validationScore: nil,
            seconds: seconds)
        sums = [:]
        summed = 0
        return line
    }
}
