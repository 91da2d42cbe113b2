public import Neural
public import Screening

/// A model that was checked and can be run.
public struct Model: Sendable, Equatable {
    /// What it is.
    public let manifest: ModelManifest
    /// Its parameters, those of its architecture at its width.
    public let weights: Weights
    /// What the engine runs it in.
    public internal(set) var precision = Precision.fp32
    /// What `int8` needs; empty in fp32.
    public internal(set) var ranges = ActivationRanges()

    /// Pairs weights with their manifest.
    /// - Throws: `.damaged` if the weights are not those of the manifest's architecture, naming tensor and shapes; or if the
    ///   manifest contradicts itself.
    public init(manifest: ModelManifest, weights: Weights) throws(PapillaError) {
        try manifest.check()
        try weights.check(Architecture(named: manifest.architecture), width: manifest.width)
        self.manifest = manifest
        self.weights = weights
    }

    /// How a report names it.
    public var described: Report.Model {
        Report.Model(task: manifest.task, name: manifest.name, sha256: manifest.sha256, precision: precision.rawValue)
    }
}
