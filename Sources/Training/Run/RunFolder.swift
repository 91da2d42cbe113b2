internal import DataSets
internal import Files
internal import Neural
internal import Screening

/// The folder of one run: `run.json` (options, data, record, and which state belongs to it), `state-STEP.safetensors`,
/// `best.safetensors`, `history.csv`, `loss.png`.
///
/// `run.json` is replaced last and in one rename, so a run that is killed at any moment goes on from its last snapshot.
struct RunFolder: Sendable {
    /// The content of `run.json`.
    struct Snapshot: Codable, Equatable {
        var options: TrainingOptions
        var data: String
        var inputMean: [Float]
        var inputDeviation: [Float]
        var threads: Int
        /// Processes that trained together; nil: one alone.
        var ranks: Int?
        var record: TrainingRecord
        var state: String
    }

    /// Its path.
    let path: String
    /// Whether anything is written: of several ranks the first one does.
    let isWritten: Bool

    /// Makes the folder where it is missing. One that cannot be written to is refused, and one with a run in it, unless it is to be gone on with.
    init(_ path: String, resume: Bool, isWritten: Bool = true) throws(PapillaError) {
        self.path = path
        self.isWritten = isWritten
        if isWritten {
            try PapillaError.telling("the run's folder could not be made", at: path) { () throws(FileError) in
                try NamedPath.makeFolders(path)
            }
            try PapillaError.telling("the run's folder cannot be written to", at: path) { () throws(FileError) in
                try NamedPath.tryWriting(in: path)
            }
        }
        let exists = Self.holdsRun(path)
        if exists, !resume {
            throw PapillaError(
                .refused, "the folder holds a run already", place: path, hint: "Go on with it by --resume, or name another folder"
            )
        }
        if !exists, resume {
            throw PapillaError(.notFound, "there is no run to go on with", place: path, hint: "Leave --resume away to begin one")
        }
    }

    /// Whether a folder holds a run that can be gone on with.
    static func holdsRun(_ path: String) -> Bool { NamedPath.exists(path + "/run.json") }

    /// The last snapshot.
    func snapshot() throws(PapillaError) -> (snapshot: Snapshot, state: Weights) {
        let file = path + "/run.json"
        let snapshot: Snapshot
        do { snapshot = try CanonicalJSON.decode(Snapshot.self, from: try readFile(file)) } catch let error as PapillaError {
            throw error
        } catch {
            throw PapillaError(.damaged, "a run's record cannot be read", place: file, cause: error)
        }
        return (snapshot, try Weights(safetensors: try readFile(path + "/" + snapshot.state)))
    }

    /// Writes a snapshot: first the state, then the record that names it; the state before it goes last.
    func write(_ snapshot: Snapshot, state: Weights) throws(PapillaError) {
        guard isWritten else { return }
        try replace(snapshot.state, state.safetensors(.float32))
        let text: String
        do { text = try CanonicalJSON.document(snapshot) } catch {
            throw PapillaError(.internal, "a run's record could not be encoded", place: path, cause: error)
        }
        try replace("run.json", Array(text.utf8))
        try replace("history.csv", Array(snapshot.record.table.utf8))
        for entry in (try? NamedPath.names(in: path)) ?? [] where entry.hasPrefix("state-") && entry != snapshot.state {
            _ = try? NamedPath.remove(path + "/" + entry)
        }
    }

    /// Writes the best weights.
    func write(best: Weights, step: Int) throws(PapillaError) {
        guard isWritten else { return }
        try replace("best.safetensors", best.safetensors(.float32, metadata: ["step": "\(step)"]))
    }

    /// Reads the best weights.
    func best() throws(PapillaError) -> Weights { try Weights(safetensors: try readFile(path + "/best.safetensors")) }

    /// Replaces a file whole: written aside, synced, renamed.
    func replace(_ name: String, _ bytes: [UInt8]) throws(PapillaError) {
        let aside = path + "/." + name
        let target = path + "/" + name
        let file = try PapillaError.telling("a file could not be made", at: aside) { () throws(FileError) in
            try OpenFile.create(aside, mode: 0o644, isNew: false)
        }
        try PapillaError.telling("a file could not be written", at: aside) { () throws(FileError) in try file.write(bytes) }
        try PapillaError.telling("a file could not be put in its place", at: target) { () throws(FileError) in
            try file.sync()
            try NamedPath.rename(aside, to: target)
        }
    }
}

/// A run's memory beside its weights: how far it is, every epoch's figures and the best so far. Part of every snapshot.
public struct TrainingRecord: Sendable, Codable, Equatable {
    /// One line of `history.csv`.
    public struct Epoch: Sendable, Codable, Equatable {
        /// Counted from 1.
        public var epoch: Int
        /// Steps done by its end.
        public var step: Int
        /// The last step's learning rate.
        public var rate: Float
        /// Mean training loss: `total` and every head.
        public var losses: [String: Double]
        /// Mean loss on the validation views, the paper's terms; nil where none was made.
        public var validationLoss: Double?
        /// Mean Dice on the validation views at the network's resolution (router: share of right answers); nil where none was made.
        public var validationScore: Double?
        /// Seconds since the run began, pauses left out.
        public var seconds: Double
    }

    /// The best weights so far.
    public struct Best: Sendable, Codable, Equatable {
        /// After so many steps.
        public var step: Int
        /// Their score on the validation views.
        public var score: Double
        /// Their loss there.
        public var loss: Double
    }

    /// Steps done.
    public var step = 0
    /// Every epoch's figures.
    public var epochs: [Epoch] = []
    /// The best so far.
    public var best: Best?
    /// The step of the last validation.
    public var validated = 0
    /// Validations since the beginning that found nothing but background.
    public var backgroundOnly = 0
    /// Seconds spent, pauses left out.
    public var seconds = 0.0
    /// How hard each image without a polyp is: a running mean of how sure the network was to see one; and what the epoch in hand is drawn by.
    var hardness = Hardness()
    /// Sums of the losses since the last line, and their count.
    var sums: [String: Double] = [:]
    var summed = 0

    /// `history.csv`: one line an epoch, one column a loss.
    public var table: String {
        let names = Set(epochs.flatMap(\.losses.keys)).sorted { ($0 != "total" ? 1 : 0, $0) < ($1 != "total" ? 1 : 0, $1) }
        func text(_ value: Double?) -> String { value.map { "\(($0 * 1e6).rounded() / 1e6)" } ?? "" }
        var lines = [["epoch", "step", "rate"] + names.map { "train_\($0)" } + ["val_loss", "val_dice", "seconds"]]
        for epoch in epochs {
            lines.append(
                ["\(epoch.epoch)", "\(epoch.step)", "\(epoch.rate)"] + names.map { text(epoch.losses[$0]) }
                    + [text(epoch.validationLoss), text(epoch.validationScore), "\((epoch.seconds * 10).rounded() / 10)"])
        }
        return lines.map { CommaSeparated.line($0, end: "\n") }.joined()
    }
}
