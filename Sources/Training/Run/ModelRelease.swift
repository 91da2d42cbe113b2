public import DataSets
internal import Neural
internal import Reading
public import Registry
public import Screening

/// Turns the best weights of a finished run into a model of the registry: its manifest and its card.
public struct ModelRelease: Sendable {
    /// What was trained.
    public let options: TrainingOptions
    /// How the run ended.
    public let result: TrainingRun.Result
    /// Terms of use by data set.
    public let terms: [String: String]
    /// The program's commit.
    public let commit: String
    /// When the training ended.
    public let at: Timestamp
    /// The model that the run began with; nil for random weights.
    public let initial: String?
    /// What measuring found; nil before.
    private var measured: ModelManifest?

    /// A release with what stands in its card.
    public init(
        options: TrainingOptions, result: TrainingRun.Result, terms: [String: String], commit: String, at: Timestamp,
        initial: String?
    ) {
        self.options = options
        self.result = result
        self.terms = terms
        self.commit = commit
        self.at = at
        self.initial = initial
    }

    /// Saves the model under the next free name of the day, `disc-20261124-1`, and returns the name.
    public func save(in store: ModelStore) throws(PapillaError) -> String {
        guard let weights = result.weights else {
            throw PapillaError(.refused, "the run has no weights yet", hint: "Let it reach its first validation")
        }
        let manifest = try manifest(name: try store.freeName(for: options.task, on: at))
        return try store.save(weights, manifest: manifest)
    }

    /// Calibrates the finished weights on val and measures them on val and test, read as the service would.
    /// - Parameters:
    ///   - disc: the disc's model, which the cup's reading needs.
    ///   - companions: the other tasks' models, with which test is read end to end.
    ///   - others: further data sets that only judge.
    ///   - former: the manifest of the model that it was trained on from, where few images are there to fit confidence and errors to.
    public mutating func measure(
        _ sets: [DataSet], others: [DataSet] = [], disc: Model? = nil, companions: [Model] = [], former: ModelManifest? = nil,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws {
        guard let weights = result.weights else { return }
        // What is saved is half precision, and so what is measured.
        let saved = try Weights(safetensors: weights.safetensors(.float16))
        var manifest = try manifest(name: "candidate")
        if let former { (manifest.mirrors, manifest.mirrorsInDoubt) = (former.mirrors, former.mirrorsInDoubt) }
        measured = try await NetworkMeasurement(
            try Model(manifest: manifest, weights: saved), disc: disc, companions: companions, sets: sets, judges: others,
            former: former,
            progress: { _, done, all in progress(done, all) }
        ).run()
    }

    /// The manifest under a name; the digest is the store's to fill in.
    func manifest(name: String) throws(PapillaError) -> ModelManifest {
        if var measured {
            measured.name = name
            return measured
        }
        let heads = try Architecture(named: options.architecture).heads
        return ModelManifest(
            name: name, task: options.task, architecture: options.architecture, width: options.width, side: options.side,
            view: options.polar ? ModelManifest.polarView : Self.view(options.task),
            normalisation: .init(mean: result.inputMean, std: result.inputDeviation),
            distanceMap: heads.contains(.distance) ? options.distance.rawValue : nil,
            trained: .init(
                at: at, commit: commit, data: data, epochs: result.record.epochs.last?.epoch ?? 0, seed: options.seed,
                losses: losses(heads),
                recipe: recipe),
            remarks: remarks)
    }

    /// What the card says beside the manifest.
    var remarks: [String] {
        var paragraphs = [options.knowsImageNet ? imageNet : "Begun with \(initial ?? "random weights (He)")."]
        if let best = result.record.best {
            paragraphs.append(
                "Chosen on \(result.validationViews) views of val at the network's own resolution: "
                    + "\(options.task == .router ? "share right" : "mean Dice") \(Self.rounded(best.score)), loss \(Self.rounded(best.loss)), after "
                    + "\(best.step) of \(result.record.step) steps.")
        }
        if result.phantoms > 0 { paragraphs.append("\(share) of the training samples were phantoms; no figure counts them.") }
        return paragraphs
    }

    private var imageNet: String {
        let encoder = (try? Architecture(named: options.architecture))?.encoder.title ?? "which others have trained"
        return
            "The encoder, \(encoder), begun with weights that were trained on ImageNet (Apache-2.0, see pretrained/README.md); the rest with random weights (He)."
    }

    private var share: String { "\((options.phantoms * 1000).rounded() / 10) %" }

    private var data: [ModelManifest.Data] {
        result.images.map { set in
            .init(
                name: set.set, images: set.count, terms: terms[set.set] ?? "not stated",
                splits: result.splits[set.set] ?? ["train": set.count])
        }
    }

    private func losses(_ heads: [Architecture.Head]) -> [String] {
        var terms = heads.map { head in
            switch head {
            case .mask: "NLL(mask)"
            case .contour: "NLL(contour)"
            case .distance: "MSE(distance \(options.distance.rawValue))"
            case .classes: "NLL(class)"
            case .cells: "\(options.presence) BCE(cells)"
            case .frame: "\(options.presence) BCE(frame)"
            }
        }
        if options.softDice > 0, heads.contains(.mask) { terms.append("\(options.softDice) soft Dice(mask)") }
        return terms
    }

    private var recipe: String {
        let schedule = options.schedule == .cosine ? "warm-up and cosine decay to 0" : "constant"
        let normalisation =
            options.normalisation == .batch
            ? "batch normalisation while training, folded into the convolutions on saving" : "no normalisation"
        let averaging = options.averaging > 0 ? "running average of weights (\(options.averaging)); " : ""
        let decay = options.decay > 0 ? "weight decay \(options.decay), " : ""
        let encoder =
            options.encoderRate == 1
            ? "" : options.encoderRate == 0 ? "the encoder left as it is, " : "the encoder's \(options.encoderRate) of that, "
        let clip = options.clip > 0 ? "gradient at most \(options.clip), " : ""
        let negatives =
            options.negatives > 0
            ? "\((options.negatives * 1000).rounded() / 10) % of the samples frames without a polyp, the harder ones more often; "
            : ""
        return
            "Adam, rate \(options.rate) (\(schedule)), \(encoder)\(decay)\(clip)batch \(options.batch), \(result.record.step) steps; \(normalisation); \(averaging)\(negatives)mirrors, "
            + "rotation, zoom and shift; \(disturbances)."
    }

    private var disturbances: String {
        options.disturbances.filter { $0.tasks.contains(options.task) }.map(\.rawValue).joined(
            separator: ", ")
    }

    private static func view(_ task: ModelTask) -> String {
        switch task {
        case .router, .polyp: "field"
        case .disc: "field and crop"
        case .cup: "crop"
        }
    }

    private static func rounded(_ value: Double) -> String { "\((value * 10000).rounded() / 10000)" }
}
