public import DataSets
internal import Imaging
public import Reading
public import Screening

/// Reads the images of data sets as the service does and holds what it finds against the truth, at the images' own resolution.
public struct Evaluation: Sendable {
    /// The result.
    public struct Result: Sendable, Encodable {
        /// What was evaluated.
        public let task: ModelTask
        /// The model's name.
        public let model: String
        /// train, val, test or all.
        public let split: String
        /// Over all images.
        public let figures: Figures
        /// By data set.
        public let sets: [(name: String, figures: Figures)]
        /// By label within each data set that has several, and by quality over all.
        public let groups: [(name: String, figures: Figures)]
        /// Image by image, in the data sets' order.
        public let scores: [ImageScore]

        enum CodingKeys: String, CodingKey { case task, model, split, sets, groups }

        /// One object: task, model, split, the figures, and the same by name under `sets` and `groups`.
        public func encode(to encoder: any Encoder) throws {
            try figures.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(task, forKey: .task)
            try container.encode(model, forKey: .model)
            try container.encode(split, forKey: .split)
            try container.encode(
                Dictionary(sets.map { ($0.name, $0.figures) }, uniquingKeysWith: { first, _ in first }), forKey: .sets)
            try container.encode(
                Dictionary(groups.map { ($0.name, $0.figures) }, uniquingKeysWith: { first, _ in first }), forKey: .groups)
        }
    }

    /// One image to read.
    private struct Entry: Sendable {
        let set: DataSet
        /// What the set shows, for the router.
        let modality: Modality?
        let item: DataSet.Item
    }

    /// What is evaluated.
    public let task: ModelTask
    /// Reads the images; its models are what is judged.
    public let reader: ImageReader
    /// Whether images are read as in service: what the router or the quality refuses has nothing found in it.
    let isEndToEnd: Bool
    /// Where the networks' answers are kept for another evaluation of the same weights.
    let memory: LookMemory?

    /// An evaluation of the reader's model of a task.
    /// - Parameter isEndToEnd: read as in service, by all four models: an image that is refused counts as one in which nothing was found.
    public init(task: ModelTask, reader: ImageReader, memory: LookMemory? = nil, isEndToEnd: Bool = false) {
        self.task = task
        self.reader = reader
        self.memory = memory
        self.isEndToEnd = isEndToEnd
    }

    /// Reads all images of a split.
    /// - Parameters:
    ///   - split: nil for all.
    ///   - note: told what is left out and why.
    ///   - progress: images done, of how many.
    /// - Throws: `.badInput` where there is nothing to evaluate or the truth cannot be used.
    public func run(
        _ sets: [DataSet], split: DataSet.Split?, note: @Sendable (String) -> Void = { _ in },
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> Result {
        var items: [Entry] = []
        try DataSet.refuseNamesakes(among: sets)
        let sets = try sets.surveyed(for: task, note: note)
        for set in sets {
            if task == .cup, !set.hasCup {
                note("\(set.name) has no cup in its masks: left out")
                continue
            }
            let modality = task == .router ? try set.modality() : nil
            items += set.items(in: split).map { Entry(set: set, modality: modality, item: $0) }
        }
        guard !items.isEmpty else {
            throw PapillaError(.badInput, "there is no image to evaluate", hint: "Name another split or other data sets")
        }
        let scores = try await scores(items, progress: progress)
        let names = sets.map(\.name).filter { name in scores.contains { $0.set == name } }
        let groups = Self.groups(of: scores, in: names).map { name, scores in (name, Figures(scores)) }
        return Result(
            task: task, model: reader.models.described.first { $0.task == task }?.name ?? "none", split: split?.rawValue ?? "all",
            figures: Figures(scores), sets: names.map { name in (name, Figures(scores.filter { $0.set == name })) },
            groups: groups, scores: scores)
    }

    /// Scores by label within each data set that has several, then by quality.
    static func groups(of scores: [ImageScore], in sets: [String]) -> [(name: String, scores: [ImageScore])] {
        var groups: [(name: String, scores: [ImageScore])] = []
        for name in sets {
            let own = scores.filter { $0.set == name }
            let labels = Set(own.map(\.label)).sorted()
            guard labels.count > 1 else { continue }
            for label in labels {
                groups.append(("\(name): \(label.isEmpty ? "no label" : label)", own.filter { $0.label == label }))
            }
        }
        for grade in [Quality.Grade.good, .usable, .ungradable] {
            groups.append(("quality: \(grade.rawValue)", scores.filter { $0.quality == grade }))
        }
        return groups.filter { !$0.scores.isEmpty }
    }

    /// Scores in the items' order. A few images are decoded and compared while the engine reads another.
    private func scores(
        _ items: [Entry], progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> [ImageScore] {
        try await withThrowingTaskGroup(of: (Int, ImageScore).self) { group in
            var found = [ImageScore?](repeating: nil, count: items.count)
            var (begun, done) = (0, 0)
            func begin() {
                guard begun < items.count else { return }
                let (index, entry) = (begun, items[begun])
                group.addTask { (index, try await score(entry)) }
                begun += 1
            }
            for _ in 0..<4 { begin() }
            while let (index, score) = try await group.next() {
                found[index] = score
                done += 1
                progress(done, items.count)
                begin()
            }
            return found.compactMap(\.self)
        }
    }

    private func score(_ entry: Entry) async throws -> ImageScore {
        do { return try await read(entry) } catch var error as PapillaError where error.place == nil {
            error.place = entry.item.image
            throw error
        }
    }

    private func read(_ entry: Entry) async throws -> ImageScore {
        let item = entry.item
        let reader = memory.map { self.reader.remembering(item.image, in: $0) } ?? self.reader
        let (image, grey) = try Preparation.decode(item, of: entry.set, needsMask: task != .router)
        var score = ImageScore(item, of: entry.set)
        score.label = item.label
        guard let grey else {
            let (finding, reason) = try await reader.route(image)
            score.shown = try Preparation.modality(item, in: entry.modality)
            score.routed = reason == nil ? finding.value : .neither
            score.probabilities = finding.probabilities
            return score
        }
        let modality: Modality = task == .polyp ? .endoscopy : .fundus
        let reading = try await reader.read(image, as: isEndToEnd ? nil : modality)
        score.isRefused = reading.modality?.value != modality || ![.measured, .noFinding].contains(reading.outcome)
        let truth = Truth.mask(grey, for: task)
        let found = reading.masks[task.rawValue] ?? Mask(width: truth.width, height: truth.height)
        let overlap = Overlap(truth, found)
        score.dice = overlap.dice
        score.jaccard = overlap.jaccard
        score.truthArea = truth.area
        score.isEmpty = truth.area == 0
        score.isFoundEmpty = found.area == 0
        score.quality = reading.quality?.grade
        if let evidence = reading.evidence[task.rawValue] {
            score.disagreement = evidence.disagreement
            score.confidence = evidence.confidence
            score.pixels = CalibrationSample.samples(of: evidence, truth: truth)
        }
        if task == .polyp {
            let drawn = DrawnPolyps(truth, content: FieldOfView(of: image.raster).area)
            score.polyps = drawn.shares
            score.regions =
                reading.judged.map { judged in
                    judged.regions.map { FoundRegion($0, of: judged, in: drawn) }
                } ?? []
            score.isFlagged = found.area > 0 || reading.attention.contains { $0.code == .polypBorderline }
        }
        if task == .cup {
            score.drawnRatio = DrawnRatio.vertical(cup: truth, disc: Truth.mask(grey, for: .disc))
            score.readRatio = reading.fundus?.cdr?.vertical
            score.readInterval = reading.fundus?.cdr?.interval
            score.readDeviation = reading.ratioDeviation
            score.hasRatioAttention = reading.attention.contains { [.ratioHigh, .ratioInterval].contains($0.code) }
        }
        return score
    }
}
