internal import Neural
public import Registry
public import Screening

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
    private let runners: [ModelTask: Runner]

    /// Loads the live model of every task and builds its network.
    /// - Throws: `PapillaError` naming the model that is missing, damaged or misshapen.
    public init(store: ModelStore) async throws {
        try await self.init(
            router: try store.loadLive(.router), disc: try store.loadLive(.disc), cup: try store.loadLive(.cup),
            polyp: try store.loadLive(.polyp))
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
                try Network(architecture, width: manifest.width, side: manifest.side, weights: model.weights)
            }
            runners[task] = Runner(manifest: manifest, network: network)
            described.append(Report.Model(task: task, name: manifest.name, sha256: manifest.sha256, precision: model.precision))
            try thresholds.override(manifest.thresholds, for: task, place: manifest.name)
            try thresholds.override(manifest.attention, for: task, place: manifest.name)
        }
        (self.runners, self.described, self.thresholds) = (runners, described, thresholds)
    }

    /// Names this set of models: a reading is used again only by the same ones.
    public var key: Digest {
        let lines = described.map { "\($0.task.rawValue) \($0.sha256) \($0.precision)" }
        let values = thresholds.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return Digest(of: (lines + values).joined(separator: "\n").utf8)
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

    /// The models of some tasks, as a report states them.
    func described(_ tasks: Set<ModelTask>) -> [Report.Model] { described.filter { tasks.contains($0.task) } }
}
