public import FoundationEssentials
public import Ledger
public import Screening

/// A request to the running service, one JSON object a line: `{"request": "status"}`.
public enum ControlRequest: Sendable, Hashable {
    /// Whether it is there.
    case ping
    /// How it stands.
    case status
    /// Reads failed arrivals again, each as a new arrival: those named by ID (or a unique beginning of it), or all of them.
    case requeue(arrivals: [String], failed: Bool)
    /// Has results that are due tried again, those of some arrivals (IDs or unique beginnings) or all that were given up, to one target or to
    /// all.
    case deliver(arrivals: [String], target: String?)
    /// Reads a finished arrival's original again by today's models, by its ID or a unique beginning of it.
    case reread(arrival: String)
    /// A reader's decision on a screening.
    case review(ReviewRequest)
    /// Erases a finished arrival's original, bundles and names, by its ID or a unique beginning of it.
    case forget(arrival: String)
    /// Erases everything that is known of a subject.
    case forgetSubject(Subject)
    /// Makes a model live for its task, if the gate lets it through.
    case promote(model: String)
    /// Makes the model before the present one of a task live again.
    case rollback(task: ModelTask)

    /// Who may ask for it. There is no default: a new request is not built until it is said.
    package var role: Role {
        switch self {
        case .ping, .status, .requeue, .deliver: .member
        case .review, .reread: .reader
        case .forget, .forgetSubject, .promote, .rollback: .administrator
        }
    }
}

extension ControlRequest: Codable {
    private enum CodingKeys: String, CodingKey { case request, arrivals, arrival, failed, review, model, task, target, subject }
    private enum Name: String, Codable {
        case ping, status, requeue, reread, deliver, forget, review, promote, rollback
        case forgetSubject = "forget_subject"
    }

    /// Reads a request.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(Name.self, forKey: .request) {
        case .ping: self = .ping
        case .status: self = .status
        case .review: self = .review(try container.decode(ReviewRequest.self, forKey: .review))
        case .requeue:
            self = .requeue(
                arrivals: try container.decodeIfPresent([String].self, forKey: .arrivals) ?? [],
                failed: try container.decodeIfPresent(Bool.self, forKey: .failed) ?? false)
        case .deliver:
            self = .deliver(
                arrivals: try container.decodeIfPresent([String].self, forKey: .arrivals) ?? [],
                target: try container.decodeIfPresent(String.self, forKey: .target))
        case .reread: self = .reread(arrival: try container.decode(String.self, forKey: .arrival))
        case .forget: self = .forget(arrival: try container.decode(String.self, forKey: .arrival))
        case .forgetSubject: self = .forgetSubject(try container.decode(Subject.self, forKey: .subject))
        case .promote: self = .promote(model: try container.decode(String.self, forKey: .model))
        case .rollback: self = .rollback(task: try container.decode(ModelTask.self, forKey: .task))
        }
    }

    /// Writes a request.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .ping: try container.encode(Name.ping, forKey: .request)
        case .status: try container.encode(Name.status, forKey: .request)
        case .review(let review):
            try container.encode(Name.review, forKey: .request)
            try container.encode(review, forKey: .review)
        case .requeue(let arrivals, let failed):
            try container.encode(Name.requeue, forKey: .request)
            try container.encode(arrivals, forKey: .arrivals)
            try container.encode(failed, forKey: .failed)
        case .deliver(let arrivals, let target):
            try container.encode(Name.deliver, forKey: .request)
            try container.encode(arrivals, forKey: .arrivals)
            try container.encodeIfPresent(target, forKey: .target)
        case .reread(let arrival):
            try container.encode(Name.reread, forKey: .request)
            try container.encode(arrival, forKey: .arrival)
        case .forget(let arrival):
            try container.encode(Name.forget, forKey: .request)
            try container.encode(arrival, forKey: .arrival)
        case .forgetSubject(let subject):
            try container.encode(Name.forgetSubject, forKey: .request)
            try container.encode(subject, forKey: .subject)
        case .promote(let model):
            try container.encode(Name.promote, forKey: .request)
            try container.encode(model, forKey: .model)
        case .rollback(let task):
            try container.encode(Name.rollback, forKey: .request)
            try container.encode(task, forKey: .task)
        }
    }
}

/// A reader's word, as a command or the review page hands it to the service.
public struct ReviewRequest: Sendable, Codable, Hashable {
    /// An ID, or a unique beginning of it.
    public var arrival: String
    /// Accept, reject or correct.
    public var verdict: Report.Decision.Verdict
    /// Who decides; nil for whoever asks. Only an administrator may give another name than their own.
    public var reader: String?
    /// Why.
    public var note: String?
    /// What the reader saw; nil where the newest version is meant, whatever it is.
    public var seen: Seen?
    /// PNG files of the original's size by structure (disc, cup, polyp), 0 outside and 255 inside, or any of the encodings that data sets may have.
    public var masks: [String: Data]
    /// Whether the reader drew without having been shown what the models found.
    public var blind: Bool
    /// Which eye it is, where a reader corrects that.
    public var eye: Eye?

    /// A reader's word.
    public init(
        arrival: String, verdict: Report.Decision.Verdict, reader: String? = nil, note: String? = nil, seen: Seen? = nil,
        masks: [String: Data] = [:], blind: Bool = false, eye: Eye? = nil
    ) {
        self.arrival = arrival
        self.verdict = verdict
        self.reader = reader
        self.note = note
        self.seen = seen
        self.masks = masks
        self.blind = blind
        self.eye = eye
    }
}
