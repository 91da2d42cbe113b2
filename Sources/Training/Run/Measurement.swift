public import DataSets
internal import Neural
internal import Reading
public import Registry
internal import Screening

/// Fits what a model's manifest says beside its weights: temperature and thresholds on val, then its figures on val and test. Everything
/// is read through the service's code.
public struct Measurement: Sendable {
    /// The model.
    public let model: Model
    /// For the cup: the disc's model, which its reading needs.
    public let disc: Model?
    /// Data sets that it learnt from: their val decides.
    public let sets: [DataSet]
    /// Further data sets that only judge.
    public let judges: [DataSet]
    /// Share of the empty frames of `sets`' val in which a polyp may be found.
    public let falsePositives: Double
    /// Told how far it is.
    public let progress: @Sendable (String, Int, Int) -> Void

    /// A measurement of a model.
    public init(
        _ model: Model, disc: Model? = nil, sets: [DataSet], judges: [DataSet] = [], falsePositives: Double = 0.05,
        progress: @escaping @Sendable (String, Int, Int) -> Void = { _, _, _ in }
    ) {
        (self.model, self.disc, self.sets, self.judges) = (model, disc, sets, judges)
        (self.falsePositives, self.progress) = (falsePositives, progress)
    }

    /// The manifest with temperature, calibration, thresholds, metrics, groups and plots.
    public func run() async throws -> ModelManifest {
        var manifest = model.manifest
        (manifest.temperature, manifest.calibration, manifest.metrics) = (1, [:], [])
        (manifest.groups, manifest.plots) = ([], [])
        let (confidence, area) = (Threshold.polypConfidence.name, Threshold.polypArea.name)
        for name in [confidence, area] { manifest.thresholds[name] = nil }
        let memory = LookMemory()
        let plain = try await scores(.val, of: sets, manifest, memory, "val, uncalibrated")
        manifest.temperature = rounded(Self.temperature(plain, task: manifest.task))
        manifest.calibration["samples"] = Double(Self.samples(plain, manifest.task).count)
        var val = try await scores(.val, of: sets + judges, manifest, memory, "val")
        if manifest.task != .router, !val.isEmpty, val.allSatisfy(\.isEmpty) {
            throw PapillaError(
                .badInput, "all \(val.count) masks of val are empty: nothing can be chosen by them",
                hint: "Name data sets in which something is drawn, beside those without")
        }
        if manifest.task == .polyp {
            // What only judges chooses nothing.
            let choosing =
                judges.isEmpty ? val : try await scores(.val, of: sets, manifest, memory, "val of the sets that choose")
            let point = OperatingPoint.chosen(on: choosing, falsePositives: falsePositives)
            manifest.thresholds[confidence] = point.confidence
            manifest.thresholds[area] = point.share
            let outcome = point.outcome(of: choosing)
            manifest.calibration["empty_frames"] = Double(outcome.emptyFrames)
            manifest.calibration["false_positive_frames"] = Double(outcome.falseFrames)
            // A target that nothing tested, or that was missed, is none that the model keeps to.
            if outcome.emptyFrames > 0, outcome.falsePositives <= falsePositives {
                manifest.calibration["false_positive_target"] = falsePositives
            }
            val = try await scores(.val, of: sets + judges, manifest, memory, "val, thresholds")
        }
        let test = try await scores(.test, of: sets + judges, manifest, nil, "test")
        for (split, scores) in [(DataSet.Split.val, val), (.test, test)] where !scores.isEmpty {
            manifest.metrics += metrics(scores, split)
            let samples = Self.samples(scores, manifest.task)
            let before = Calibration(samples, temperature: 1 / manifest.temperature)
            let after = Calibration(samples)
            manifest.calibration["error_before_\(split.rawValue)"] = before.error
            manifest.calibration["error_after_\(split.rawValue)"] = after.error
            if split == .test { manifest.plots.append(Self.plot(after)) }
        }
        manifest.groups = Evaluation.groups(of: test, in: (sets + judges).map(\.name)).compactMap { name, scores in
            metric(name, .test, scores)
        }
        if manifest.task == .cup { try await repeated(&manifest) }
        return manifest
    }

    /// Networks with a manifest's settings.
    private func reader(_ manifest: ModelManifest) async throws -> ImageReader {
        let candidate = try Model(manifest: manifest, weights: model.weights)
        let models =
            switch manifest.task {
            case .router: try await ReadingModels(router: candidate)
            case .disc: try await ReadingModels(disc: candidate)
            case .cup: try await ReadingModels(disc: disc, cup: candidate)
            case .polyp: try await ReadingModels(polyp: candidate)
            }
        return try ImageReader(models: models)
    }

    /// How far two photographs of one eye give the same ratio: for the cup.
    private func repeated(_ manifest: inout ModelManifest) async throws {
        let judged = try (sets + judges).surveyed(for: .cup).filter(\.hasCup)
        let pairs = try await Repeatability.pairs(
            judged, split: .test, reader: try await reader(manifest), progress: { progress("photographed again", $0, $1) })
        guard let limits = Repeatability.limits(pairs) else { return }
        manifest.calibration["repeat_bias"] = limits.bias
        manifest.calibration["repeat_limit"] = limits.limit
        manifest.calibration["repeat_eyes"] = Double(pairs.count)
        let reach = max(0.1, pairs.map { abs($0.difference) }.max() ?? 0.1)
        manifest.plots.append(
            .init(
                title:
                    "Repeatability in simulation: each eye of test photographed twice; the lines are mean and limits of agreement",
                across: "mean of two ratios", up: "second minus first", width: [0, 1], height: [-rounded(reach), rounded(reach)],
                points: pairs.map { [rounded($0.mean), rounded($0.difference)] },
                guides: [limits.bias - limits.limit, limits.bias, limits.bias + limits.limit].map {
                    [[0, rounded($0)], [1, rounded($0)]]
                }))
    }

    private func scores(
        _ split: DataSet.Split, of sets: [DataSet], _ manifest: ModelManifest, _ memory: LookMemory?, _ words: String
    ) async throws -> [ImageScore] {
        let judged = sets.filter { !$0.items(in: split).isEmpty }
        guard !judged.isEmpty else { return [] }
        let evaluation = Evaluation(task: manifest.task, reader: try await reader(manifest), memory: memory)
        return try await evaluation.run(judged, split: split, progress: { progress(words, $0, $1) }).scores
    }

    private func metrics(_ scores: [ImageScore], _ split: DataSet.Split) -> [ModelManifest.Metric] {
        (sets + judges).map(\.name).compactMap { name in
            metric(name, split, scores.filter { $0.set == name })
        }
    }

    private func metric(_ name: String, _ split: DataSet.Split, _ scores: [ImageScore]) -> ModelManifest.Metric? {
        guard !scores.isEmpty else { return nil }
        let figures = Figures(scores)
        return .init(
            data: name, split: split.rawValue, images: figures.images, values: figures.values, intervals: figures.intervals)
    }

    /// What calibration is judged on: pixels, or for the router the probability of the class that it names.
    private static func samples(_ scores: [ImageScore], _ task: ModelTask) -> [CalibrationSample] {
        guard task == .router else { return scores.flatMap(\.pixels) }
        return scores.compactMap { score in
            guard let shown = score.shown, let best = score.probabilities.max(by: { $0.value < $1.value }) else { return nil }
            return CalibrationSample(probability: Float(best.value), isTrue: best.key == shown.rawValue)
        }
    }

    private static func temperature(_ scores: [ImageScore], task: ModelTask) -> Double {
        guard task == .router else { return Calibration.temperature(of: scores.flatMap(\.pixels)) }
        return Calibration.temperature(
            of: scores.compactMap { score in
                guard let shown = score.shown, let truth = Modality.allCases.firstIndex(of: shown) else { return nil }
                return (Modality.allCases.map { score.probabilities[$0.rawValue] ?? 0 }, truth)
            })
    }

    private static func plot(_ calibration: Calibration) -> ModelManifest.Plot {
        .init(
            title: "Calibration on test: of what was given a probability, how much was so", across: "probability",
            up: "share that was so",
            width: [0, 1], height: [0, 1], points: calibration.bins.map { [rounded($0.probability), rounded($0.share)] },
            guides: [[[0, 0], [1, 1]]])
    }
}

/// Three decimals: a manifest is read by people.
private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
