public import Neural
public import Screening

/// The options of `papilla study`: the networks of the paper's Table 1 and the distance maps of its Table 3, each for some tasks and seeds,
/// on one split and in one order.
public struct StudyOptions: Sendable, Codable, Equatable {
    /// What the networks are for: cup, disc, polyp.
    public var tasks: [ModelTask]
    /// Trainings of each network, with seeds 1, 2, ...
    public var seeds: Int
    /// Times through the data.
    public var epochs: Int
    /// Side of the input, px.
    public var side: Int
    /// Base width.
    public var width: Int
    /// Images in a batch.
    public var batch: Int
    /// Adam's rate at its peak.
    public var rate: Float
    /// Batch normalisation while training, or none as in the paper.
    public var normalisation: Learner.Normalisation
    /// Weight of a soft Dice term beside the paper's losses; 0 for the paper's alone.
    public var softDice: Float
    /// At least so many steps lie between two validations.
    public var validationInterval: Int

    /// The paper's setting, where nothing else is said.
    public init(tasks: [ModelTask] = [.cup, .disc, .polyp]) {
        self.tasks = tasks
        seeds = 1
        epochs = 150
        side = 256
        width = 32
        batch = 4
        rate = 1e-4
        normalisation = .none
        softDice = 0
        validationInterval = 150
    }

    /// Refuses what cannot be trained, by name.
    public func check() throws(PapillaError) {
        guard !tasks.isEmpty, !tasks.contains(.router), Set(tasks).count == tasks.count else {
            throw PapillaError(.badInput, "the tasks of a study are some of cup, disc and polyp, each named once")
        }
        guard (1...100).contains(seeds) else {
            throw PapillaError(.badInput, "the number of seeds is \(seeds): expected 1 to 100")
        }
        try training(.init(task: tasks[0], network: .all[0], seed: 1)).check()
    }

    /// All trainings: a task's networks one after the other, seed by seed.
    var runs: [StudyRun] {
        tasks.flatMap { task in
            (1...UInt64(seeds)).flatMap { seed in
                StudyNetwork.all.map { StudyRun(task: task, network: $0, seed: seed) }
            }
        }
    }

    /// One run's options. Seed, data and order are the same for every network.
    func training(_ run: StudyRun) -> TrainingOptions {
        var options = TrainingOptions(task: run.task)
        options.architecture = run.network.architecture
        options.distance = run.network.distance
        options.width = width
        options.side = side
        options.batch = batch
        options.rate = rate
        options.normalisation = normalisation
        options.softDice = softDice
        options.length = .epochs(epochs)
        options.validationInterval = validationInterval
        options.seed = run.seed
        return options
    }
}

/// One of the networks that a study compares: an architecture and what its distance head learns.
public struct StudyNetwork: Sendable, Codable, Hashable {
    /// Name of the ``Architecture``.
    public let architecture: String
    /// D3 but for the two others of Table 3.
    public let distance: DistanceMap

    /// Table 1 in the paper's order, then D1 and D2 of Table 3, whose D3 is the last of Table 1.
    static let all =
        tableOne + [
            StudyNetwork(architecture: "1enc-1dec-conv-md", distance: .outside),
            StudyNetwork(architecture: "1enc-1dec-conv-md", distance: .absolute),
        ]

    /// The five networks of Table 1.
    static let tableOne = ["1enc-1dec-m", "1enc-2dec-mc", "1enc-2dec-md", "1enc-1dec-conv-mc", "1enc-1dec-conv-md"].map {
        StudyNetwork(architecture: $0, distance: .signed)
    }

    /// The network of Table 3 with one of its maps.
    static func tableThree(_ map: DistanceMap) -> StudyNetwork { .init(architecture: "1enc-1dec-conv-md", distance: map) }

    /// `1enc-1dec-conv-md`, or with a map other than D3 `1enc-1dec-conv-md-D1`.
    var name: String { distance == .signed ? architecture : "\(architecture)-\(distance.rawValue)" }
}

/// One training of a study.
struct StudyRun: Sendable, Codable, Hashable {
    let task: ModelTask
    let network: StudyNetwork
    let seed: UInt64

    /// Its folder's name.
    var name: String { "\(task.rawValue)-\(network.name)-seed\(seed)" }
}
