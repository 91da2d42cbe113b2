internal import DataSets
internal import Imaging
internal import Neural
internal import Screening

/// The material of a run: the prepared images and what was measured on them.
struct Material: Sendable {
    /// Makes the batches.
    let loader: Loader
    /// Scores weights.
    let validation: Validation
    /// Training images by data set.
    let images: [(set: String, count: Int)]
    /// Share of foreground pixels in the training masks.
    let foreground: Double
    /// Steps of the whole run.
    let steps: Int
    /// Digest of all images and masks, their names and splits: another run's snapshot is refused.
    let fingerprint: String

    /// Decodes and measures everything.
    init(_ options: TrainingOptions, sets: [DataSet], report: @Sendable (TrainingRun.Event) -> Void) async throws {
        let preparation = Preparation(task: options.task, side: options.side, isUnrolled: options.polar)
        var (training, validating): ([TrainingImage], [TrainingImage]) = ([], [])
        var images: [(set: String, count: Int)] = []
        let sets = try sets.surveyed(for: options.task) { report(.note($0)) }
        for set in sets {
            if options.task == .cup, !set.hasCup {
                report(.note("\(set.name) has no cup in its masks: left out"))
                continue
            }
            for split in [DataSet.Split.train, .val] {
                let subjects = try await preparation.subjects(set, split)
                let count = set.items(in: split).count
                if subjects.count < count {
                    report(.note("\(set.name): \(count - subjects.count) images of \(split.rawValue) without a disc left out"))
                }
                if split == .train {
                    training += subjects
                    images.append((set.name, subjects.count))
                } else {
                    validating += subjects
                }
            }
        }
        guard !training.isEmpty, !validating.isEmpty else {
            throw PapillaError(
                .badInput, "\(training.count) images to train on and \(validating.count) to validate on",
                hint: "Both splits, train and val, need images for task \(options.task.rawValue)")
        }
        if options.task != .router {
            try Self.refuseEmpty(training, "train", options.task)
            try Self.refuseEmpty(validating, "val", options.task)
        }
        let architecture = try Architecture(named: options.architecture)
        let input: InputScale
        if let mean = options.inputMean, let deviation = options.inputDeviation {
            input = InputScale(mean: mean, deviation: deviation)
        } else {
            input = await InputScale.measured(training, side: options.side)
        }
        // Enough of them that they are not learnt by heart, and no more than memory likes.
        let wanted = options.phantoms > 0 ? min(200, max(24, training.count / 5)) : 0
        loader = Loader(
            options: options, heads: architecture.heads, subjects: training,
            phantoms: try await preparation.phantoms(count: wanted, seed: options.seed), input: input)
        validation = Validation(
            views: await loader.plain(validating), architecture: architecture, width: options.width, side: options.side)
        foreground = Self.foreground(training, side: options.side)
        self.images = images
        fingerprint = Digest(of: sets.map { "\($0.name) \($0.fingerprint)\n" }.joined().utf8).description
        switch options.length {
        case .steps(let count): steps = count
        case .epochs(let count): steps = count * loader.stepsPerEpoch
        }
        report(
            .prepared(
                images: images, phantoms: loader.phantoms.count, views: validation.views.count,
                stepsPerEpoch: loader.stepsPerEpoch,
                steps: steps))
    }

    /// Refuses to go on with a run of other options or other data.
    func refuseChanges(from snapshot: RunFolder.Snapshot, options: TrainingOptions) throws(PapillaError) {
        guard snapshot.options == options else {
            throw PapillaError(
                .refused, "the run was begun with other options", hint: "Give the same options again, or begin another run")
        }
        guard snapshot.data == fingerprint, snapshot.inputMean == loader.input.mean,
            snapshot.inputDeviation == loader.input.deviation
        else {
            throw PapillaError(
                .refused, "the run was begun with other images", hint: "Give the same data again, or begin another run")
        }
    }

    /// Refuses subjects in none of which anything is drawn: nothing can be learnt from them, and whoever finds nothing has them all right.
    private static func refuseEmpty(_ subjects: [TrainingImage], _ split: String, _ task: ModelTask) throws(PapillaError) {
        guard subjects.allSatisfy({ subject in subject.looks.allSatisfy { ($0.truth?.area ?? 0) == 0 } }) else { return }
        throw PapillaError(
            .badInput, "all \(subjects.count) masks of \(split) are empty: no \(task.rawValue) is drawn in any",
            hint: "Look at the masks (papilla dataset check FOLDER --sheet masks.jpg), or name a set with some")
    }

    /// Mean share of foreground in the views of all looks, where each subject counts once.
    private static func foreground(_ subjects: [TrainingImage], side: Int) -> Double {
        let shares = subjects.map { subject in
            let looks = subject.looks.map { look in
                let size = look.truth.map { Double($0.area) } ?? 0
                return min(1, size / (look.side * look.side))
            }
            return looks.reduce(0, +) / Double(looks.count)
        }
        return shares.reduce(0, +) / Double(shares.count)
    }
}
