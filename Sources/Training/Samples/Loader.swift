internal import Imaging
internal import Neural
internal import Screening

/// Makes batches from subjects. A batch follows from the step alone, so any number of threads may prepare them, in any order.
struct Loader: Sendable {
    /// What is trained.
    let options: TrainingOptions
    /// The heads that need targets.
    let heads: Set<Architecture.Head>
    /// The training images.
    let subjects: [TrainingImage]
    /// The phantoms strewn in.
    let phantoms: [TrainingImage]
    /// Which subject stands where.
    let order: EpochOrder
    /// Of red, green and blue.
    let input: InputScale
    /// How samples may differ from their pictures.
    let augmentation: Augmentation

    init(
        options: TrainingOptions, heads: [Architecture.Head], subjects: [TrainingImage], phantoms: [TrainingImage],
        input: InputScale
    ) {
        self.options = options
        self.heads = Set(heads)
        self.subjects = subjects
        self.phantoms = phantoms
        self.input = input
        augmentation = .standard(options.task, options.disturbances)
        var names: [String] = []
        for subject in subjects where !names.contains(subject.set) { names.append(subject.set) }
        negatives = options.negatives > 0 ? subjects.indices.filter { subjects[$0].isEmpty } : []
        palettes = augmentation.transfer > 0 ? subjects.map { $0.looks.first.flatMap { Palette($0.raster) } } : []
        let apart = Set(negatives)
        order = EpochOrder(
            sets: names.map { name in subjects.indices.filter { subjects[$0].set == name && !apart.contains($0) } },
            phantoms: phantoms.count, phantomShare: options.phantoms, balance: options.balance, seed: options.seed,
            negatives: (negatives, options.negatives))
    }

    /// The colours of every subject, for samples of other sets.
    let palettes: [Palette?]

    /// Subjects without anything to find that are drawn by their hardness.
    let negatives: [Int]

    /// A batch or a share of one, and which of the whole batch's images are negatives.
    struct Loaded: Sendable {
        var batch = TrainingBatch(input: [], mask: [], contour: [], distance: [], classes: [])
        /// The image's place in the whole batch and its place among the negatives.
        var negatives: [(image: Int, negative: Int)] = []
    }

    /// Batches in an epoch; the last one is filled up from the epoch's beginning.
    var stepsPerEpoch: Int { max(1, (order.count + options.batch - 1) / options.batch) }

    /// The batch of a step, counted from 0 over the whole run.
    /// - Parameters:
    ///   - hardness: of the negatives.
    ///   - share: the places of the batch that are prepared; nil: all. A sample follows from its place, whoever prepares it.
    func batch(step: Int, hardness: [Double] = [], share: Range<Int>? = nil) -> Loaded {
        let (epoch, place) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        let places = order.places(epoch: epoch, hardness: hardness)
        var loaded = Loaded()
        for offset in 0..<options.batch {
            let index = place * options.batch + offset
            var random = SeededGenerator(options.seed, UInt64(epoch), UInt64(index))
            if case .subject(let subject) = places[index % places.count], let negative = negatives.firstIndex(of: subject) {
                loaded.negatives.append((offset, negative))
            }
            if let share, !share.contains(offset) { continue }
            let subject =
                switch places[index % places.count] {
                case .subject(let subject): subjects[subject]
                case .phantom(let phantom): phantoms[phantom]
                }
            var look = subject.looks[random.below(subject.looks.count)]
            if let background = subject.background, random.chance(augmentation.background) { look = background }
            let sample = augmentation.sample(
                look, side: options.side, palette: palette(besides: subject.set, &random), &random)
            append(colours: sample.colours, truth: sample.truth, label: subject.label, to: &loaded.batch)
        }
        return loaded
    }

    /// The colours of some frame of another set, now and then.
    private func palette(besides set: String, _ random: inout SeededGenerator) -> Palette? {
        guard !palettes.isEmpty, random.chance(augmentation.transfer) else { return nil }
        let other = random.below(palettes.count)
        return subjects[other].set == set ? nil : palettes[other]
    }

    /// Every look of some subjects without augmentation, one to a batch: for validation.
    func plain(_ subjects: [TrainingImage]) async -> [TrainingBatch] {
        await withTaskGroup(of: (Int, [TrainingBatch]).self) { group in
            var found = [[TrainingBatch]](repeating: [], count: subjects.count)
            for (index, subject) in subjects.enumerated() {
                group.addTask {
                    let batches = subject.looks.map { look in
                        var batch = TrainingBatch(input: [], mask: [], contour: [], distance: [], classes: [])
                        let (colours, truth) = Warp(look, side: options.side).apply(look, side: options.side)
                        append(colours: colours, truth: truth, label: subject.label, to: &batch)
                        return batch
                    }
                    return (index, batches)
                }
            }
            for await (index, batches) in group { found[index] = batches }
            return found.flatMap(\.self)
        }
    }

    private func append(colours: [Float], truth: Mask, label: Int32, to batch: inout TrainingBatch) {
        batch.input.append(contentsOf: input.planar(colours))
        if heads.contains(.classes) { batch.classes.append(label) }
        guard heads.contains(.mask) else { return }
        let targets = Targets(mask: truth, distance: options.distance)
        batch.mask.append(contentsOf: targets.mask)
        if heads.contains(.contour) { batch.contour.append(contentsOf: targets.contour) }
        if heads.contains(.distance) { batch.distance.append(contentsOf: targets.distance) }
    }
}

/// Batches in the order of their steps, a few prepared ahead on other threads so that the engine never waits.
struct Prefetch {
    private let loader: Loader
    private let end: Int
    private var next: Int
    private let hardness: [Double]
    private let share: Range<Int>?
    private var waiting: [Task<Loader.Loaded, Never>] = []

    /// The batches of steps `start..<end`, at most `ahead` of them prepared in advance.
    init(_ loader: Loader, from start: Int, to end: Int, hardness: [Double] = [], share: Range<Int>? = nil, ahead: Int = 4) {
        self.loader = loader
        self.share = share
        self.hardness = hardness
        self.end = end
        next = start
        for _ in 0..<ahead { prepare() }
    }

    /// The next step's batch; nil after the last.
    mutating func batch() async -> Loader.Loaded? {
        guard !waiting.isEmpty else { return nil }
        let first = waiting.removeFirst()
        prepare()
        return await first.value
    }

    /// Waits for what was begun, so that nothing works on behind the run's back.
    mutating func cancel() async {
        for task in waiting { _ = await task.value }
        waiting = []
    }

    private mutating func prepare() {
        guard next < end else { return }
        let loader = loader
        let step = next
        let (hardness, share) = (hardness, share)
        waiting.append(Task.detached(priority: .userInitiated) { loader.batch(step: step, hardness: hardness, share: share) })
        next += 1
    }
}
