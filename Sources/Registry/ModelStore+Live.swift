internal import Files
public import Screening

extension ModelStore {
    /// Which model each task uses; tasks without one are left out.
    /// - Throws: `.damaged` if `live.json` cannot be read.
    public func live() throws(PapillaError) -> [ModelTask: String] {
        let models = try liveModels()
        var result: [ModelTask: String] = [:]
        for task in ModelTask.allCases { result[task] = models[task] }
        return result
    }

    /// The live models with the history of promotions and rollbacks.
    public func liveModels() throws(PapillaError) -> LiveModels {
        guard NamedPath.exists(livePath) else { return LiveModels() }
        let bytes = try DurableFile.read(livePath, limit: 16 << 20)
        do { return try CanonicalJSON.decode(LiveModels.self, from: bytes) } catch {
            throw PapillaError(
                .damaged, "live.json cannot be read", place: livePath, hint: "Restore it from a backup", cause: error)
        }
    }

    /// The live model of a task, ready to be run.
    /// - Throws: `.notFound` if none is live; what `load` throws.
    public func loadLive(_ task: ModelTask) throws(PapillaError) -> Model {
        guard let name = try liveModels()[task] else {
            try refuseMissingFolder()
            throw PapillaError(
                .notFound, "No model is live for the task \(task.rawValue)", place: livePath,
                hint: "Make one live: papilla models promote NAME")
        }
        return try load(name, for: task)
    }

    /// Makes a model live for its task. It is loaded first: one that is refused changes nothing.
    /// - Parameter person: who asked for it, `user@uid`.
    /// - Returns: what was changed.
    @discardableResult
    public func promote(_ name: String, by person: String? = nil, at time: Timestamp = .now) throws(PapillaError)
        -> LiveModels.Change
    {
        let task = try load(name).manifest.task
        return try change { models throws(PapillaError) in
            guard models[task] != name else {
                throw PapillaError(
                    .refused, "\(name) is live for \(task.rawValue) already", place: livePath, hint: "There is nothing to do")
            }
            models.promote(name, for: task, at: time, by: person)
        }
    }

    /// Makes the model before the present one live again. Done twice, it goes two back.
    /// - Parameter person: who asked for it, `user@uid`.
    /// - Returns: what was changed; its `name` is live now.
    /// - Throws: `.refused` if there was none before; what `load` throws, with nothing changed.
    @discardableResult
    public func rollback(_ task: ModelTask, by person: String? = nil, at time: Timestamp = .now) throws(PapillaError)
        -> LiveModels.Change
    {
        try change { models throws(PapillaError) in
            guard let name = models.rollback(task, at: time, by: person) else {
                throw PapillaError(
                    .refused, "There is no earlier model to go back to for the task \(task.rawValue)", place: livePath,
                    hint: "Promote another: papilla models promote NAME")
            }
            do throws(PapillaError) { _ = try load(name, for: task) } catch {
                guard error.code == .notFound else { throw error }
                throw PapillaError(
                    .refused, "The model that was live for \(task.rawValue) before, \(name), is not there any more",
                    place: directory,
                    hint: "Promote another: papilla models promote NAME; papilla models list shows what there is")
            }
        }
    }

    private var livePath: String { path("live.json") }

    private func load(_ name: String, for task: ModelTask) throws(PapillaError) -> Model {
        let model = try load(name)
        guard model.manifest.task == task else {
            throw PapillaError(
                .damaged, "The model \(name) is for the task \(model.manifest.task.rawValue), not \(task.rawValue)",
                place: livePath, hint: Self.hint)
        }
        return model
    }

    /// Replaces `live.json`: written aside, synced, renamed. The folder is locked meanwhile, so that of two promotions at once none is lost.
    /// - Returns: the change that `body` added to the history.
    func change(_ body: (inout LiveModels) throws(PapillaError) -> Void) throws(PapillaError) -> LiveModels.Change {
        let folder = try DurableFile.open(directory)
        defer { withExtendedLifetime(folder) {} }
        try PapillaError.telling("The models' folder cannot be locked", at: directory) { () throws(FileError) in try folder.lock()
        }
        var models = try liveModels()
        try body(&models)
        guard let last = models.history.last else { throw PapillaError(.internal, "A change left no history", place: livePath) }
        let document: String
        do { document = try CanonicalJSON.document(models) } catch {
            throw PapillaError(.internal, "live.json cannot be written", place: livePath, cause: error)
        }
        let aside = path(".live.json.new")
        _ = try? NamedPath.remove(aside)
        try DurableFile.write(Array(document.utf8), to: aside)
        try DurableFile.move(aside, to: livePath, in: directory)
        return last
    }
}
