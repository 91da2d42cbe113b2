public import Screening

/// `live.json`: which model each task uses, and how it came to that.
public struct LiveModels: Sendable, Codable, Equatable {
    /// One promotion or rollback.
    public struct Change: Sendable, Codable, Hashable {
        /// The act.
        public enum Event: String, Sendable, Codable { case promote, rollback }
        /// When.
        public var at: Timestamp
        /// What was done.
        public var event: Event
        /// To which task.
        public var task: ModelTask
        /// The model that became live.
        public var name: String
        /// The model that was live until then.
        @Nullable public var previous: String?
        /// Who asked for it, `user@uid`; null where that was not noted.
        @Nullable public var by: String?
    }

    /// The router that images are routed by.
    @Nullable public private(set) var router: String?
    /// The network that finds and measures the disc.
    @Nullable public private(set) var disc: String?
    /// The network that measures the cup.
    @Nullable public private(set) var cup: String?
    /// The network that finds polyps.
    @Nullable public private(set) var polyp: String?
    /// Every change, the oldest first.
    public private(set) var history: [Change]

    /// Nothing is live.
    public init() { history = [] }

    /// The live model of a task.
    public private(set) subscript(_ task: ModelTask) -> String? {
        get {
            switch task {
            case .router: router
            case .disc: disc
            case .cup: cup
            case .polyp: polyp
            }
        }
        set {
            switch task {
            case .router: router = newValue
            case .disc: disc = newValue
            case .cup: cup = newValue
            case .polyp: polyp = newValue
            }
        }
    }

    /// The model that a rollback of the task would make live: the one before the last promotion that still stands.
    public func predecessor(of task: ModelTask) -> String? {
        var replaced: [String?] = []
        for change in history where change.task == task {
            switch change.event {
            case .promote: replaced.append(change.previous)
            case .rollback: _ = replaced.popLast()
            }
        }
        return replaced.last ?? nil
    }

    /// Makes a model live.
    mutating func promote(_ name: String, for task: ModelTask, at time: Timestamp, by person: String?) {
        history.append(Change(at: time, event: .promote, task: task, name: name, previous: self[task], by: person))
        self[task] = name
    }

    /// Makes the model before the present one live again.
    /// - Returns: its name, or nil, with nothing changed, if there was none.
    mutating func rollback(_ task: ModelTask, at time: Timestamp, by person: String?) -> String? {
        guard let name = predecessor(of: task) else { return nil }
        history.append(Change(at: time, event: .rollback, task: task, name: name, previous: self[task], by: person))
        self[task] = name
        return name
    }
}
