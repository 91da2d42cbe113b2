/// What may be asked of the running service, one JSON object a line: `{"request": "status"}`.
public enum ControlRequest: Sendable, Hashable {
    /// Whether it is there.
    case ping
    /// How it stands.
    case status
    /// Reads failed arrivals again, each as a new arrival: those named by ID (or a unique beginning of it), or all of them.
    case requeue(arrivals: [String], failed: Bool)
    /// A reader's decision on a screening.
    case review(ReviewRequest)
}

extension ControlRequest: Codable {
    private enum CodingKeys: String, CodingKey { case request, arrivals, failed, review }
    private enum Name: String, Codable { case ping, status, requeue, review }

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
        }
    }
}
