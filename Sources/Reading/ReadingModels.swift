public import Neural
public import Registry
public import Screening
internal import Synchronization

/// The networks of a reading, ready to run, and what their manifests say.
public struct ReadingModels: Sendable {
    /// A network with what is needed to feed it and to understand it.
    struct Runner: Sendable {
        let manifest: ModelManifest
        let network: Network
    }

    /// The models by name and digest, as a report states them.
    public let described: [Report.Model]
    /// The standard thresholds as the manifests override them.
    public let thresholds: Thresholds
    /// Why some of them run in fp32, a sentence for each.
    public private(set) var fallbacks: [String] = []
    private let runners: [ModelTask: Runner]
    private let spent = Spent()

    /// How long the networks have run since they were loaded; what is done to feed and to understand them is not in it.
    public var networkTime: Duration { spent.time.withLock { $0 } }

    private final class Spent: Sendable {
        let time = Mutex(Duration.zero)
    }

    /// Loads the live model of every task and builds its network.
    /// - Throws: `PapillaError` naming the model that is missing, damaged or misshapen.
    public init(store: ModelStore, precision: PrecisionChoice = .auto) async throws {
        func live(_ task: ModelTask) throws(PapillaError) -> (model: Model, reason: String?) {
            try store.loadLive(task).chosen(precision)
        }
        let router = try live(.router)
        let disc = try live(.disc)
        let cup = try live(.cup)
        let polyp = try live(.polyp)
        try await self.init(router: router.model, disc: disc.model, cup: cup.model, polyp: polyp.model)
        fallbacks = [router, disc, cup, polyp].compactMap { chosen in
            chosen.reason.map { "\(chosen.model.manifest.name) runs in fp32: \($0)" }
        }
    }

    /// Builds the networks of some models: an evaluation needs only those of its task.
    public init(router: Model? = nil, disc: Model? = nil, cup: Model? = nil, polyp: Model? = nil) async throws {
        var runners: [ModelTask: Runner] = [:]
        var described: [Report.Model] = []
        var thresholds = Thresholds()
        for (task, model) in [(ModelTask.router, router), (.disc, disc), (.cup, cup), (.polyp, polyp)] {
            guard let model else { continue }
            let manifest = model.manifest
            let architecture = try Architecture(named: manifest.architecture)
            let network = try await EngineActor.run {
                try Network(
                    architecture, width: manifest.width, side: manifest.side, weights: model.weights, precision: model.precision,
                    ranges: model.ranges)
            }
            runners[task] = Runner(manifest: manifest, network: network)
            described.append(model.described)
            try thresholds.override(manifest.thresholds, for: task, place: manifest.name)
            try thresholds.override(manifest.attention, for: task, place: manifest.name)
        }
        self.runners = runners
        self.described = described
        self.thresholds = thresholds
    }

    /// Names this set of models: a reading is used again only by the same ones.
    public var key: Digest {
        let lines = described.map { "\($0.task.rawValue) \($0.sha256) \($0.precision)" }
        let settings = ModelTask.allCases.compactMap { task in
            (runners[task]?.manifest).map { manifest in
                "\(task.rawValue) \(manifest.temperature) \(manifest.mirrors) \(manifest.mirrorsInDoubt ?? false) \(manifest.side) \(manifest.view) "
                    + "\(manifest.normalisation.mean) \(manifest.normalisation.std) \(manifest.distanceMap ?? "-")"
            }
        }
        let values = thresholds.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        // Plain numbers and names: described, they are told apart.
        let confidence = runners[.polyp]?.manifest.confidence.map { ["\($0)"] } ?? []
        let errors = runners[.cup]?.manifest.ratioErrors.map { ["\($0)"] } ?? []
        return Digest(of: (lines + settings + values + confidence + errors).joined(separator: "\n").utf8)
    }

    /// Runs `body`, in which images are read, and says how large the values of a task's network became meanwhile. For fp32.
    public func observingRanges(of task: ModelTask, _ body: () async throws -> Void) async throws -> ActivationRanges {
        let network = try runner(task).network
        await network.observeRanges()
        try await body()
        return await network.endObserving()
    }

    /// Whether there is a network for a task.
    func has(_ task: ModelTask) -> Bool { runners[task] != nil }

    /// The network of a task.
    func runner(_ task: ModelTask) throws(PapillaError) -> Runner {
        guard let runner = runners[task] else {
            throw PapillaError(
                .notFound, "No model for the task \(task.rawValue) is loaded", hint: "Promote one with `papilla models promote`.")
        }
        return runner
    }

    /// Runs a network on one input, 3 x side x side.
    func run(_ runner: Runner, _ input: [Float]) async throws -> [Architecture.Head: [Float]] {
        try await EngineActor.run {
            let clock = ContinuousClock()
            let start = clock.now
            let logits = try runner.network.run(input)
            spent.time.withLock { $0 += clock.now - start }
            return logits
        }
    }

    /// The models of some tasks, as a report states them.
    func described(_ tasks: Set<ModelTask>) -> [Report.Model] { described.filter { tasks.contains($0.task) } }
}
