public import DataSets
public import Neural
internal import Reading
public import Registry
internal import Screening

/// Finds out how a model runs in int8 or bf16: for int8 ranges on images that it learnt from, then what its answers lose on val and test.
public struct Quantising: Sendable {
    /// A mean Dice (or the router's accuracy) may fall by so much.
    public static let largestLoss = 0.002
    /// The model.
    public let model: Model
    /// What it is to run in.
    public let precision: Precision
    /// For the cup: the disc's model, which runs in fp32.
    public let disc: Model?

    /// Quantises a model.
    public init(_ model: Model, to precision: Precision, disc: Model? = nil) {
        self.model = model
        self.precision = precision
        self.disc = disc
    }

    /// Reads images of train for ranges, where they are needed, then val and test in both precisions.
    /// - Parameters:
    ///   - images: of train, spread over the data sets.
    ///   - note: told what is left out and why.
    ///   - progress: images done, of how many, in the part that is under way.
    /// - Throws: `.badInput` without images of train, or of val and test; `.refused` where too much is lost.
    public func run(
        _ sets: [DataSet], images: Int, note: @escaping @Sendable (String) -> Void,
        progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> ModelManifest.Reduced {
        let plain = Evaluation(task: task, reader: try ImageReader(models: try await models(model)))
        let (ranges, count) =
            precision == .int8 ? try await ranges(plain.reader, sets, images, progress) : (ActivationRanges(), 0)
        let own = try model.running(in: precision, ranges: ranges)
        let reduced = Evaluation(task: task, reader: try ImageReader(models: try await models(own)))
        var checks: [ModelManifest.Reduced.Check] = []
        for split in [DataSet.Split.val, .test] {
            let judged = sets.filter { !$0.items(in: split).isEmpty }
            guard !judged.isEmpty else { continue }
            let before = try await plain.run(judged, split: split, note: note, progress: progress)
            let after = try await reduced.run(judged, split: split, progress: progress)
            func add(_ data: String, _ fp32: Figures, _ reduced: Figures) {
                let name = task == .router ? "accuracy" : "dice"
                guard let before = fp32[name], let after = reduced[name] else { return }
                checks.append(.init(data: data, split: split.rawValue, images: fp32.images, fp32: before, reduced: after))
            }
            for (old, new) in zip(before.sets, after.sets) { add(old.name, old.figures, new.figures) }
            add("all", before.figures, after.figures)
        }
        guard checks.contains(where: { $0.data == "all" }) else {
            throw PapillaError(
                .badInput, "There is no image of val or test to check \(precision) on", hint: "Name other data sets")
        }
        for check in checks where check.data == "all" && check.reduced < check.fp32 - Self.largestLoss {
            let (before, after) = ((check.fp32 * 10000).rounded() / 10000, (check.reduced * 10000).rounded() / 10000)
            throw PapillaError(
                .refused,
                "In \(precision) the mean over \(check.images) images of \(check.split) falls from \(before) to \(after); "
                    + "\(Self.largestLoss) at most is allowed",
                place: model.manifest.name, hint: "The model goes on in fp32")
        }
        return .init(ranges: ranges, images: count, checks: checks)
    }

    private var task: ModelTask { model.manifest.task }

    private func models(_ model: Model) async throws -> ReadingModels {
        switch task {
        case .router: try await ReadingModels(router: model)
        case .disc: try await ReadingModels(disc: model)
        case .cup: try await ReadingModels(disc: disc, cup: model)
        case .polyp: try await ReadingModels(polyp: model)
        }
    }

    private func ranges(
        _ reader: ImageReader, _ sets: [DataSet], _ images: Int, _ progress: @Sendable (Int, Int) -> Void
    ) async throws -> (ActivationRanges, images: Int) {
        let train = sets.map { $0.items(in: .train) }.filter { !$0.isEmpty }
        guard !train.isEmpty else {
            throw PapillaError(
                .badInput, "There is no image of train to find ranges on", hint: "Name data sets with a train split")
        }
        // As many of each set, evenly over its length.
        let share = (images + train.count - 1) / train.count
        let items = train.flatMap { set in (0..<min(share, set.count)).map { set[$0 * set.count / min(share, set.count)] } }
        let ranges = try await reader.models.observingRanges(of: task) {
            for (index, item) in items.enumerated() {
                let image = try Preparation.decode(item)
                if task == .router {
                    _ = try await reader.route(image)
                } else {
                    _ = try await reader.read(image, as: task == .polyp ? .endoscopy : .fundus)
                }
                progress(index + 1, items.count)
            }
        }
        return (ranges, items.count)
    }
}
