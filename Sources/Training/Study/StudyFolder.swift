internal import DataSets
internal import Files
internal import Screening

/// The folder of a study: `study.json` (options and data), `runs/NAME` (a run's folder each, with `scores.json` once it is finished),
/// `timing.json`, and the report. Every file is replaced whole, so that a study that is stopped at any moment goes on from there.
struct StudyFolder: Sendable {
    /// The content of `study.json`.
    struct Plan: Codable, Equatable {
        var options: StudyOptions
        /// Data sets by name: a digest of their images, masks, names and splits.
        var data: [String: Digest]
    }

    let path: String

    /// Makes the folder, or goes on with the one that is there.
    /// - Parameters:
    ///   - resume: whether there must be a study.
    ///   - isShared: whether there may be one, begun by the same options: other shares are trained there.
    init(_ path: String, plan: Plan, resume: Bool, isShared: Bool = false) throws(PapillaError) {
        self.path = path
        try Self.make(path + "/runs")
        if isShared { try begin(plan) }
        guard NamedPath.exists(path + "/study.json") else {
            if resume {
                throw PapillaError(
                    .notFound, "there is no study to go on with", place: path, hint: "Leave --resume away to begin one")
            }
            try write(plan, as: "study.json")
            return
        }
        guard resume || isShared else {
            throw PapillaError(
                .refused, "the folder holds a study already", place: path,
                hint: "Go on with it by --resume, or name another folder")
        }
        guard let begun: Plan = try read("study.json"), begun == plan else {
            throw PapillaError(
                .refused, "the study was begun with other options or other data", place: path,
                hint: "Give the same ones again (they stand in study.json), or begin another study")
        }
    }

    /// Writes the plan, unless another share has: whoever is first, there is one.
    private func begin(_ plan: Plan) throws(PapillaError) {
        guard !NamedPath.exists(path + "/study.json") else { return }
        do {
            let folder = try Folder.open(path)
            let draft = FileName(ours: ".study.\(UInt64.random(in: 0 ... .max)).draft")
            try folder.write(Array(try CanonicalJSON.document(plan).utf8), as: draft)
            if try !folder.rename(draft, to: folder, asNew: FileName(ours: "study.json")) { try folder.remove(draft) }
        } catch { throw PapillaError(any: error) }
    }

    /// A run's folder.
    func folder(of run: StudyRun) -> String { "\(path)/runs/\(run.name)" }

    /// What a run came to; nil while it is not finished.
    func scores(of run: StudyRun) throws(PapillaError) -> StudyScores? { try read("runs/\(run.name)/scores.json") }

    /// Marks a run as finished. Its last snapshot, which only going on with it would need, is removed.
    func finish(_ scores: StudyScores) throws(PapillaError) {
        let folder = folder(of: scores.run)
        try write(scores, as: "runs/\(scores.run.name)/scores.json")
        for name in (try? NamedPath.names(in: folder)) ?? [] where name.hasPrefix("state-") {
            _ = try? NamedPath.remove(folder + "/" + name)
        }
    }

    /// The running times; nil while they were not measured.
    func timing() throws(PapillaError) -> StudyTiming? { try read("timing.json") }

    /// A JSON file of the folder; nil where there is none.
    private func read<Value: Decodable>(_ name: String) throws(PapillaError) -> Value? {
        let file = path + "/" + name
        guard NamedPath.exists(file) else { return nil }
        do { return try CanonicalJSON.decode(Value.self, from: try readFile(file)) } catch let error as PapillaError {
            throw error
        } catch {
            throw PapillaError(
                .damaged, "a file of the study cannot be read", place: file, hint: "Remove it: what it held is made again",
                cause: error)
        }
    }

    /// Replaces a JSON file of the folder.
    func write(_ value: some Encodable, as name: String) throws(PapillaError) {
        let text: String
        do { text = try CanonicalJSON.document(value) } catch {
            throw PapillaError(.internal, "a file of the study could not be encoded", place: name, cause: error)
        }
        try replace(name, with: Array(text.utf8))
    }

    /// Replaces a file of the folder: written aside, then renamed.
    func replace(_ name: String, with bytes: [UInt8]) throws(PapillaError) {
        let file = path + "/" + name
        if let end = file.lastIndex(of: "/") { try Self.make(String(file[..<end])) }
        do { try NamedPath.replace(file, with: bytes) } catch {
            throw PapillaError(.system, "a file of the study could not be written", place: file, cause: error)
        }
    }

    private static func make(_ path: String) throws(PapillaError) {
        do { try NamedPath.makeFolders(path) } catch {
            throw PapillaError(.system, "a folder of the study could not be made", place: path, cause: error)
        }
    }
}
