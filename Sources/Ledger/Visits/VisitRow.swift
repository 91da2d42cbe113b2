public import Screening

/// One version of a visit that was put together and published.
public struct VisitRow: Sendable, Codable, Hashable {
    /// An image as it stands in the visit.
    public struct Member: Sendable, Codable, Hashable {
        /// The arrival.
        public var id: ScreeningID
        /// The version of its reading.
        public var version: Int
        /// The last decision on it at the time.
        @Nullable public var decision: Report.Decision.Verdict?

        /// An image.
        public init(id: ScreeningID, version: Int, decision: Report.Decision.Verdict?) {
            self.id = id
            self.version = version
            self.decision = decision
        }

        /// `20261124-k7q2m9xd.2.accept`, or without a decision `20261124-k7q2m9xd.1`.
        package var text: String { "\(id).\(version)" + (decision.map { ".\($0.rawValue)" } ?? "") }

        package init?(_ text: Substring) {
            let parts = text.split(separator: ".")
            guard parts.count >= 2, let id = ScreeningID(String(parts[0])), let version = Int(parts[1]) else { return nil }
            self.init(id: id, version: version, decision: parts.count > 2 ? .init(rawValue: String(parts[2])) : nil)
        }
    }

    /// What the repeats in a visit tell of the error of one camera and its networks.
    public struct Repeats: Sendable, Codable, Hashable {
        /// The camera, as stated.
        @Nullable public var device: String?
        /// The disc's network.
        @Nullable public var disc: String?
        /// The cup's network.
        @Nullable public var cup: String?
        /// How many repeats.
        public var count: Int
        /// Their squared deviations, summed.
        public var squares: Double

        /// What the repeats tell.
        public init(device: String?, disc: String?, cup: String?, count: Int, squares: Double) {
            self.device = device
            self.disc = disc
            self.cup = cup
            self.count = count
            self.squares = squares
        }
    }

    /// The visit's ID.
    public var id: ScreeningID
    /// 1, 2, ...
    public var version: Int
    /// When it was put together.
    public var at: Timestamp
    /// Whose it is; null once forgotten.
    @Nullable public var subject: Subject?
    /// The study; null without one, and once forgotten.
    @Nullable public var study: String?
    /// The day, `2026-11-24`.
    public var day: String
    /// How much it calls for a person.
    public var weight: Int
    /// The eye to look at first.
    @Nullable public var worst: Eye?
    /// Codes of what a person should look at, of the images that count.
    public var attention: [Attention.Code]
    /// The images.
    public var members: [Member]
    /// What its repeats tell; empty once forgotten.
    public var repeats: [Repeats]
    /// Of `visit.json`.
    public var digest: Digest
    /// Of `visit.html`.
    public var pageDigest: Digest

    /// A version of a visit.
    public init(
        id: ScreeningID, version: Int, at: Timestamp, subject: Subject?, study: String?, day: String, weight: Int, worst: Eye?,
        attention: [Attention.Code], members: [Member], repeats: [Repeats], digest: Digest, pageDigest: Digest
    ) {
        self.id = id
        self.version = version
        self.at = at
        self.day = day
        self.weight = weight
        self.attention = attention
        self.members = members
        self.repeats = repeats
        self.digest = digest
        self.pageDigest = pageDigest
        self.subject = subject
        self.study = study
        self.worst = worst
    }

    /// Its folder, relative to the outbox: `2026-11-24/visit.ID`, later `2026-11-24/visit.ID.v2`.
    public var folder: String { "\(day)/visit.\(id)" + (version > 1 ? ".v\(version)" : "") }
}

/// Which visits are asked for. Everything that is set must hold.
public struct VisitFilter: Sendable, Hashable {
    /// Only of this day or later.
    public var since: String?
    /// Only of this day or earlier.
    public var until: String?
    /// Also those that nothing draws attention to.
    public var includesQuiet = false
    /// With one of these codes.
    public var attention: Set<Attention.Code> = []
    /// With an image that the router saw as one of these.
    public var modalities: Set<Modality> = []
    /// Only those with an image that may need a word of a reader and has none.
    public var undecidedOnly = false
    /// The order.
    public var order = ReviewFilter.Order.attention
    /// Share of undecided screenings that are to be drawn blind, 0...1. A visit of a subject with such an image stands among the others as
    /// if nothing were known of it: without weight, attention and worst eye of its own, and never where the list was narrowed by attention.
    public var blindShare = 0.0
    /// How many of the first to pass over.
    public var offset = 0
    /// At most so many.
    public var limit: Int?

    /// Every visit that draws attention, what most needs a person first.
    public init() {}

    /// The visits of the days that a filter of screenings names, by what else it asks of them. Outcomes are no matter of visits.
    public init(_ filter: ReviewFilter) {
        since = filter.arrivals.since?.day
        until = filter.arrivals.until.map { Timestamp(milliseconds: $0.milliseconds - 1).day }
        includesQuiet = filter.includesQuiet
        attention = filter.attention
        modalities = filter.modalities
        undecidedOnly = filter.undecidedOnly
        order = filter.order
        limit = filter.arrivals.limit
    }
}

/// A subject whose visits are to be looked at.
public struct DueSubject: Sendable, Hashable {
    /// Who.
    public var subject: Subject
    /// Its number in the ledger.
    package var number: Int64
    /// Another one for each thing that happened.
    package var mark: String

    package init(subject: Subject, number: Int64, mark: String) {
        self.subject = subject
        self.number = number
        self.mark = mark
    }
}
