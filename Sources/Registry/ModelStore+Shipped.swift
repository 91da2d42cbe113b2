internal import Files
public import Screening

extension ModelStore {
    /// A model that came with the program while a site's own is live.
    public struct Waiting: Sendable, Equatable {
        /// What for.
        public let task: ModelTask
        /// The site's own model, which stays live.
        public let live: String
        /// The model that came with the program.
        public let shipped: String
    }

    /// What came with the program, beside the models as `shipped.json`: which are live there, and every model that ever was; nil where
    /// nothing came.
    /// - Throws: `.damaged` if the file cannot be read.
    func shipped() throws(PapillaError) -> LiveModels? {
        guard NamedPath.exists(shippedPath) else { return nil }
        let bytes = try DurableFile.read(shippedPath, limit: 16 << 20)
        do { return try CanonicalJSON.decode(LiveModels.self, from: bytes) } catch {
            throw PapillaError(
                .damaged, "shipped.json cannot be read", place: shippedPath, hint: "Install the package again", cause: error)
        }
    }

    /// Makes each model that came with the program live where the live one came with it too, before. One that was live already and was
    /// replaced or taken back stays as people left it.
    /// - Returns: what was changed.
    /// - Throws: what `load` throws of a model that came damaged, with nothing changed for its task.
    @discardableResult
    public func takeUpShipped(at time: Timestamp = .now) throws(PapillaError) -> [LiveModels.Change] {
        guard let shipped = try shipped() else { return [] }
        let present = try liveModels()
        var changes: [LiveModels.Change] = []
        for task in ModelTask.allCases {
            guard let new = shipped[task], let old = present[task], old != new, shipped.everLive.contains(old),
                !present.everLive.contains(new)
            else { continue }
            if let made = try takeUp(new, for: task, at: time) { changes.append(made) }
        }
        return changes
    }

    /// Makes a model that came with the program live.
    /// - Returns: nil where another station has done so meanwhile.
    private func takeUp(_ name: String, for task: ModelTask, at time: Timestamp) throws(PapillaError) -> LiveModels.Change? {
        guard try load(name).manifest.task == task else {
            throw PapillaError(
                .damaged, "The model \(name) came with the program for another task than \(task.rawValue)", place: shippedPath,
                hint: "Install the package again")
        }
        var isOurs = false
        let last = try change { models throws(PapillaError) in
            // Under the folder's lock: of two stations that start at once, one makes it live.
            guard !models.everLive.contains(name) else { return }
            models.promote(name, for: task, at: time, by: "upgrade")
            isOurs = true
        }
        return isOurs ? last : nil
    }

    /// Models that came with the program and that no one made live, because the site has its own.
    public func waitingShipped() throws(PapillaError) -> [Waiting] {
        guard let shipped = try shipped() else { return [] }
        let present = try liveModels()
        return ModelTask.allCases.compactMap { task in
            guard let new = shipped[task], let old = present[task], !shipped.everLive.contains(old),
                !present.everLive.contains(new)
            else { return nil }
            return Waiting(task: task, live: old, shipped: new)
        }
    }

    private var shippedPath: String { path("shipped.json") }
}

extension LiveModels {
    /// Every model that is or was live.
    fileprivate var everLive: Set<String> {
        Set(history.map(\.name) + history.compactMap(\.previous) + ModelTask.allCases.compactMap { self[$0] })
    }
}
