public import DataSets
internal import Neural
internal import Reading
public import Registry
internal import Screening

/// Fits what a model's manifest says beside its weights: temperature and thresholds on val, then its figures on val and test. Everything
/// is read through the service's code.
public struct NetworkMeasurement: Sendable {
    /// The model.
    public let model: Model
    /// For the cup: the disc's model, which its reading needs.
    public let disc: Model?
    /// The other tasks' models, with which images are read end to end; not all of them: that is left out.
    public let companions: [Model]
    /// Data sets that it learnt from: their val decides.
    public let sets: [DataSet]
    /// Further data sets that only judge.
    public let judges: [DataSet]
    /// What the manifest said before, or that of the model it was trained on from: what val has too few images to fit is taken from it.
    public let former: ModelManifest?
    /// Share of the empty frames of `sets`' val in which a polyp may be found.
    public let falsePositives: Double
    /// False regions a frame that no data set's val may have.
    private static let falseRegions = 0.1
    /// Told how far it is.
    public let progress: @Sendable (String, Int, Int) -> Void

    /// A measurement of a model.
    public init(
        _ model: Model, disc: Model? = nil, companions: [Model] = [], sets: [DataSet], judges: [DataSet] = [],
        former: ModelManifest? = nil, falsePositives: Double = 0.05,
        progress: @escaping @Sendable (String, Int, Int) -> Void = { _, _, _ in }
    ) {
        self.model = model
        self.disc = disc
        self.companions = companions
        self.sets = sets
        self.judges = judges
        self.former = former
        self.falsePositives = falsePositives
        self.progress = progress
    }

    /// The manifest with temperature, calibration, thresholds, metrics, groups and plots.
    public func run() async throws -> ModelManifest {
        var manifest = model.manifest
        manifest.temperature = 1
        manifest.calibration = [:]
        manifest.metrics = []
        manifest.groups = []
        manifest.plots = []
        manifest.confidence = nil
        manifest.ratioErrors = nil
        // Checks of another precision were made under other settings.
        (manifest.int8, manifest.bf16) = (nil, nil)
        manifest.precisions = manifest.checkedPrecisions
        for threshold in [Threshold.polyp, .polypBorderline, .polypConfidence, .polypArea] {
            manifest.thresholds[threshold.name] = nil
        }
        try DataSet.refuseLeaks(across: sets + judges)
        let memory = LookMemory()
        let plain = try await scores(.val, of: sets, manifest, memory, "val, uncalibrated")
        if manifest.task != .router, !plain.isEmpty, plain.allSatisfy(\.isEmpty) {
            throw PapillaError(
                .badInput, "all \(plain.count) masks of val are empty: nothing can be chosen by them",
                hint: "Name data sets in which something is drawn, beside those without")
        }
        manifest.temperature = rounded(Self.temperature(plain, task: manifest.task))
        manifest.calibration["samples"] = Double(Self.samples(plain, manifest.task).count)
        if manifest.task == .polyp { try await choosePoint(&manifest, memory) }
        if manifest.task == .cup {
            manifest.ratioErrors = RatioErrors(of: try await scores(.val, of: sets, manifest, memory, "val, ratios"))
            if manifest.ratioErrors != nil {
                manifest.ratioErrors?.disc = disc?.manifest.name
            } else if let former, let errors = former.ratioErrors {
                manifest.ratioErrors = errors
                manifest.remarks.removeAll { $0.hasPrefix("The errors that make the ratio's interval are those of ") }
                manifest.remarks.append(
                    "The errors that make the ratio's interval are those of \(former.name): val has too few eyes with a drawn ratio."
                )
            }
        }
        let val = try await scores(.val, of: sets + judges, manifest, memory, "val")
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
        manifest.metrics += try await endToEnd(manifest)
        if manifest.task == .cup { try await repeated(&manifest) }
        return manifest
    }

    /// Fits the confidence of a region and chooses the point from which on it is a polyp, on val of the sets that choose: what only judges
    /// chooses nothing. Of three probabilities from which on a pixel is a region's, the one with the highest sum of mean Dice and
    /// sensitivity.
    private func choosePoint(_ manifest: inout ModelManifest, _ memory: LookMemory) async throws {
        var best: (manifest: ModelManifest, scores: [ImageScore], point: OperatingPoint, merit: Double)?
        for probability in [0.3, 0.4, 0.5] {
            var candidate = manifest
            candidate.thresholds[Threshold.polyp.name] = probability
            let found = try await scores(.val, of: sets, candidate, memory, "val, regions from \(probability)")
            if let former, former.confidence != nil, Self.areFew(found.flatMap(\.regions)) {
                return try await keepPoint(of: former, &manifest, memory)
            }
            candidate.confidence = RegionConfidence(fittedTo: found)
            let judged = found.map { $0.judged(by: candidate.confidence) }
            let point = OperatingPoint.chosen(
                on: judged, falsePositives: falsePositives, falseRegions: Self.falseRegions)
            let outcome = OperatingPoint.outcome(of: judged, from: point.confidence)
            candidate.confidence?.heldOut = heldOut(found)
            let merit = outcome.dice + outcome.sensitivity
            if merit > best?.merit ?? -1 { best = (candidate, judged, point, merit) }
        }
        guard let best else { return }
        manifest = best.manifest
        note(best.point, best.scores, in: &manifest)
    }

    /// Whether a confidence fitted to some regions would say more of chance than of polyps.
    private static func areFew(_ regions: [FoundRegion]) -> Bool {
        regions.count < 100 || regions.count { $0.polyp == nil } < 20
    }

    /// Takes confidence and point from a former manifest, and says so.
    private func keepPoint(of former: ModelManifest, _ manifest: inout ModelManifest, _ memory: LookMemory) async throws {
        manifest.confidence = former.confidence
        for threshold in [Threshold.polyp, .polypBorderline, .polypConfidence] {
            manifest.thresholds[threshold.name] = former.thresholds[threshold.name]
        }
        let kept = try await scores(.val, of: sets, manifest, memory, "val, the former confidence")
        let regions = kept.flatMap(\.regions)
        manifest.remarks.removeAll { $0.hasPrefix("Confidence and point are those of ") }
        manifest.remarks.append(
            "Confidence and point are those of \(former.name): val has \(regions.count) regions, \(regions.count { $0.polyp == nil }) of "
                + "them false; 100 and 20 are needed to fit others.")
        let confidence = former.thresholds[Threshold.polypConfidence.name] ?? 0.5
        let borderline = former.thresholds[Threshold.polypBorderline.name] ?? confidence
        note(OperatingPoint(confidence: confidence, borderline: borderline), kept, in: &manifest)
    }

    /// Writes a point down with what it comes to on val.
    private func note(_ point: OperatingPoint, _ scores: [ImageScore], in manifest: inout ModelManifest) {
        manifest.thresholds[Threshold.polypConfidence.name] = point.confidence
        if manifest.confidence != nil { manifest.thresholds[Threshold.polypBorderline.name] = point.borderline }
        let outcome = OperatingPoint.outcome(of: scores, from: point.confidence)
        manifest.calibration["empty_frames"] = Double(outcome.emptyFrames)
        manifest.calibration["false_positive_frames"] = Double(outcome.falseFrames)
        manifest.calibration["borderline_frames"] = Double(
            OperatingPoint.outcome(of: scores, from: point.borderline).falseFrames)
        // A target that nothing tested, or that was missed, is none that the model keeps to.
        if outcome.emptyFrames > 0, outcome.falsePositives <= falsePositives {
            manifest.calibration["false_positive_target"] = falsePositives
            manifest.calibration["false_regions_target"] = Self.falseRegions
        }
        manifest.plots.append(Self.freeResponse(scores, point))
    }

    /// What the point would be without the data set that has most of the empty frames, whose hospital the network may know from train.
    private func heldOut(_ scores: [ImageScore]) -> RegionConfidence.HeldOut? {
        let empty = Dictionary(grouping: scores.filter(\.isEmpty), by: \.set).mapValues(\.count)
        guard empty.count > 1, let (set, _) = empty.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return nil }
        let others = scores.filter { $0.set != set }
        guard let confidence = RegionConfidence(fittedTo: others) else { return nil }
        let judged = others.map { $0.judged(by: confidence) }
        let point = OperatingPoint.chosen(
            on: judged, falsePositives: falsePositives, falseRegions: Self.falseRegions
        ).confidence
        let left = OperatingPoint.outcome(
            of: scores.filter { $0.set == set }.map { $0.judged(by: confidence) }, from: point)
        return .init(
            set: set, point: point, emptyFrames: left.emptyFrames, falseFrames: left.falseFrames,
            sensitivity: OperatingPoint.outcome(of: judged, from: point).sensitivity)
    }

    /// The free-response curve (Chakraborty, "Free-response methodology: alternate analysis and a new observer-performance experiment",
    /// Radiology 174, 1990): polyps found against false regions a frame, by the polyps' size.
    private static func freeResponse(_ scores: [ImageScore], _ point: OperatingPoint) -> ModelManifest.Plot {
        let points = OperatingPoint.points(scores)
        let step = max(1, points.count / 60)
        let shown = points.enumerated().filter { $0.offset % step == 0 || $0.offset == points.count - 1 }.map(\.element)
        func place(_ confidence: Double, _ sizes: Range<Double> = 0..<2) -> [Double] {
            let outcome = OperatingPoint.outcome(of: scores, from: confidence, sizes: sizes)
            return [rounded(Double(outcome.falseRegions) / Double(max(1, outcome.frames))), rounded(outcome.sensitivity)]
        }
        let kinds = [("all polyps", 0..<2)] + zip(["under 1 %", "1 to 5 %", "over 5 %"], Figures.sizes.map(\.shares))
        let reach = 0.5
        let curves = kinds.map { name, sizes in
            ModelManifest.Plot.Curve(name, shown.map { place($0, sizes) }.filter { $0[0] <= reach })
        }
        let (chosen, borderline) = (place(point.confidence), place(point.borderline))
        return .init(
            title:
                "Polyps found on val from a confidence on, by their share of the content, against false regions; dashed, from the left: the "
                + "point from which a region is a polyp, and that from which it is borderline",
            across: "false regions in each frame", up: "share of polyps found", width: [0, reach], height: [0, 1],
            guides: [chosen, borderline].map { [[min(reach, $0[0]), 0], [min(reach, $0[0]), 1]] }, curves: curves)
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

    /// How test is read as in service: by the router first, and with all that is refused.
    private func endToEnd(_ manifest: ModelManifest) async throws -> [ModelManifest.Metric] {
        let candidate = try Model(manifest: manifest, weights: model.weights)
        let all = Dictionary(
            (companions + [disc].compactMap(\.self) + [candidate]).map { ($0.manifest.task, $0) }, uniquingKeysWith: { $1 })
        guard manifest.task != .router, all.count == ModelTask.allCases.count else { return [] }
        let models = try await ReadingModels(
            router: all[.router], disc: all[.disc], cup: all[.cup], polyp: all[.polyp])
        let judged = (sets + judges).filter { !$0.items(in: .test).isEmpty }
        guard !judged.isEmpty else { return [] }
        let scores = try await Evaluation(task: manifest.task, reader: try ImageReader(models: models), isEndToEnd: true).run(
            judged, split: .test, progress: { progress("test, end to end", $0, $1) }
        ).scores
        return judged.map(\.name).compactMap { name in
            let own = scores.filter { $0.set == name }
            var row = metric("\(name), end to end", .test, own)
            row?.values["refused"] = Double(own.count(where: \.isRefused))
            return row
        }
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
        let chose = split == .val ? Set(sets.map(\.name)) : []
        return (sets + judges).map(\.name).compactMap { name in
            var row = metric(name, split, scores.filter { $0.set == name })
            if chose.contains(name) { row?.chose = true }
            return row
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
