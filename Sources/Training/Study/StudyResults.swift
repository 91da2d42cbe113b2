public import Screening

/// The figures of a finished study: `results.json`, and what its report is written from.
public struct StudyResults: Sendable, Encodable {
    /// One network's figures on a task's test split, means over images and seeds.
    public struct Cell: Sendable, Encodable {
        /// The architecture, and for Table 3 its map behind it.
        public let network: String
        /// What was segmented.
        public let task: ModelTask
        /// Dice with its 95 % interval; nil for fewer than two groups of images.
        @Nullable public var dice: Estimate?
        /// Mean Jaccard.
        public let jaccard: Double
        /// The smallest and the largest mean Dice of a seed.
        public let seeds: [Double]
        /// Seconds of training, all seeds.
        public let seconds: Double
    }

    /// The difference of two networks' Dice, image by image and seed by seed.
    public struct Difference: Sendable, Encodable {
        /// The network that is subtracted from.
        public let first: String
        /// The network that is subtracted.
        public let second: String
        /// What was segmented.
        public let task: ModelTask
        /// Mean difference with its 95 % interval; nil for fewer than two groups of images.
        @Nullable public var dice: Estimate?
    }

    /// How it was trained.
    public let options: StudyOptions
    /// Test images by task and data set.
    public let images: [String: [String: Int]]
    /// Table 1 and the maps of Table 3.
    public let cells: [Cell]
    /// What Table 1 and Table 3 are about.
    public let differences: [Difference]
    /// Running times.
    public let timing: StudyTiming
    /// Runs that ended early, and why.
    public let problems: [String: String]

    /// Pairs whose difference answers whether one decoder is as accurate: one decoder first.
    static let decoderPairs = [("1enc-1dec-conv-mc", "1enc-2dec-mc"), ("1enc-1dec-conv-md", "1enc-2dec-md")]
    /// Pairs whose difference answers which map is best.
    static let mapPairs: [(StudyNetwork, StudyNetwork)] = [
        (.tableThree(.signed), .tableThree(.outside)), (.tableThree(.signed), .tableThree(.absolute)),
    ]

    /// The figures of finished runs.
    init(_ options: StudyOptions, _ scores: [StudyScores], timing: StudyTiming) {
        self.options = options
        self.timing = timing
        problems = Dictionary(
            scores.compactMap { score in score.problem.map { (score.run.name, $0) } }, uniquingKeysWith: { first, _ in first })
        var images: [String: [String: Int]] = [:]
        for task in options.tasks {
            for image in scores.first(where: { $0.run.task == task })?.images ?? [] {
                images[task.rawValue, default: [:]][image.set, default: 0] += 1
            }
        }
        self.images = images
        func of(_ task: ModelTask, _ network: StudyNetwork) -> [StudyScores] {
            scores.filter { $0.run.task == task && $0.run.network == network }.sorted { $0.run.seed < $1.run.seed }
        }
        cells = options.tasks.flatMap { task in StudyNetwork.all.map { Cell($0, task, of(task, $0)) } }
        var pairs = Self.mapPairs
        for (one, two) in Self.decoderPairs {
            pairs.append((.init(architecture: one, distance: .signed), .init(architecture: two, distance: .signed)))
        }
        for network in StudyNetwork.tableOne.dropFirst() { pairs.append((network, StudyNetwork.tableOne[0])) }
        differences = options.tasks.flatMap { task in
            pairs.map { first, second in
                Difference(
                    first: first.name, second: second.name, task: task, dice: Self.difference(of(task, first), of(task, second)))
            }
        }
    }

    /// What the figures say to the paper's claims: a paragraph each.
    public var claims: [String] { StudyClaims(results: self).paragraphs }

    /// A network's figures on a task.
    func cell(_ network: StudyNetwork, _ task: ModelTask) -> Cell? {
        cells.first { $0.network == network.name && $0.task == task }
    }

    /// A pair's difference on a task.
    func difference(_ first: String, _ second: String, _ task: ModelTask) -> Estimate? {
        differences.first { $0.first == first && $0.second == second && $0.task == task }?.dice
    }

    /// Both networks saw the same images and, seed by seed, the same order: so each image counts with the difference that it makes.
    private static func difference(_ first: [StudyScores], _ second: [StudyScores]) -> Estimate? {
        Estimate(
            zip(first, second).flatMap { a, b in
                zip(a.images, b.images).map { (group: $0.owner, value: $0.dice - $1.dice) }
            })
    }
}

extension StudyResults.Cell {
    init(_ network: StudyNetwork, _ task: ModelTask, _ scores: [StudyScores]) {
        self.network = network.name
        self.task = task
        let images = scores.flatMap(\.images)
        dice = Estimate(images.map { (group: $0.owner, value: $0.dice) })
        jaccard = images.reduce(0) { $0 + $1.jaccard } / Double(max(1, images.count))
        let means = scores.map { score in score.images.reduce(0) { $0 + $1.dice } / Double(max(1, score.images.count)) }
        seeds = [means.min() ?? 0, means.max() ?? 0]
        seconds = scores.reduce(0) { $0 + $1.seconds }
    }
}
