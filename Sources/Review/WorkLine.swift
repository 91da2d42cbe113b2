public import Ledger
public import Screening
public import Trends

/// A line of the work list by visit: a visit, or an image that stands in none. One of the two is null.
public struct WorkLine: Sendable, Codable, Hashable {
    /// A visit.
    @Nullable public var visit: VisitLine?
    /// An image without a subject, or of one whose visit is not put together yet.
    @Nullable public var arrival: WorkRow?

    /// How much it calls for a person, as the ledger orders by it.
    func weight(_ visits: [ScreeningID: Int]) -> Int {
        if let visit { return visits[visit.id] ?? 0 }
        guard let arrival else { return 0 }
        if arrival.blind { return Attention.Code.ratioHigh.weight }
        return arrival.attention.reduce(0) { $0 + (Attention.Code(rawValue: $1)?.weight ?? 0) }
    }

    /// The day of the visit, or the time of arrival.
    var time: String { visit?.day ?? arrival?.received.description ?? "" }
    /// Of the visit or of the arrival.
    var id: String { visit?.id.description ?? arrival?.id.description ?? "" }
}

/// A visit in the work list: as its images are now, without those that are to be drawn blind.
public struct VisitLine: Sendable, Codable, Hashable {
    /// An eye with the ratio that counts.
    public struct OfEye: Sendable, Codable, Hashable {
        /// Right or left.
        public var eye: Eye
        /// Vertical cup-to-disc ratio with its interval; null where no photograph counts.
        @Nullable public var ratio: ExaminedImage.Ratio?
        /// How many photographs of it there are.
        public var photographs: Int
    }

    /// The frames of an endoscopy.
    public struct OfFrames: Sendable, Codable, Hashable {
        /// How many came.
        public var frames: Int
        /// How many were fit to be read.
        public var read: Int
        /// In how many there are polyps.
        public var withPolyps: Int
        /// The largest polyp's share of the picture, 0...1; null without any.
        @Nullable public var largest: Double?

        enum CodingKeys: String, CodingKey {
            case frames, read, largest
            case withPolyps = "with_polyps"
        }
    }

    /// The visit's ID.
    public var id: ScreeningID
    /// The version that was published last.
    public var version: Int
    /// The folder of that version, relative to the outbox.
    public var folder: String
    /// Its day, `2026-11-24`.
    public var day: String
    /// The study; null without one.
    @Nullable public var study: String?
    /// Whom it is of.
    public var subject: Subject
    /// Right, then left; an eye without photographs is left out.
    public var eyes: [OfEye]
    /// Frames of an endoscopy; null where there are none.
    @Nullable public var endoscopy: OfFrames?
    /// The eye to look at first.
    @Nullable public var worst: Eye?
    /// How many images it has.
    public var images: Int
    /// Codes of what a person should look at, what weighs most first.
    public var attention: [Attention.Code]
    /// How many images a reader decides on; see ``VisitReport/counting``.
    public var counting: Int
    /// On how many of them nobody has decided, those that are to be drawn blind among them.
    public var undecided: Int
    /// How many were rejected.
    public var rejected: Int
    /// How many are to be drawn before their result is shown.
    public var blind: Int

    /// A line.
    ///
    /// - Parameters:
    ///   - report: of the images that may be shown, as they are now.
    ///   - blind: how many may not.
    init(_ row: VisitRow, _ report: VisitReport, blind: Int) {
        id = row.id
        version = row.version
        folder = row.folder
        day = report.day
        study = report.study
        subject = report.subject
        eyes = report.eyes.map { eye in
            OfEye(eye: eye.eye, ratio: eye.counts?.image.ratio, photographs: eye.others.count + (eye.counts == nil ? 0 : 1))
        }
        endoscopy = report.endoscopy.map { frames in
            OfFrames(
                frames: frames.frames, read: frames.read, withPolyps: frames.withPolyps.count,
                largest: frames.withPolyps.first?.polyps.map(\.areaFraction).max())
        }
        worst = report.worst
        attention = Self.sorted(report.attentionCodes)
        let counted = report.counting
        images = report.images.count + blind
        counting = counted.count + blind
        undecided = counted.count { $0.decision == nil } + blind
        rejected = report.images.count { $0.decision == .reject }
        self.blind = blind
    }

    private static func sorted(_ codes: some Sequence<Attention.Code>) -> [Attention.Code] {
        codes.sorted { ($1.weight, $0.rawValue) < ($0.weight, $1.rawValue) }
    }

    /// A line of the images themselves, without the subject's history: of what has changed it repeats what was published.
    init(_ row: VisitRow, of subject: Subject, _ images: [ExaminedImage], blind: Int) {
        let visit = VisitGroup(study: row.study, day: row.day, images: images)
        let nothing = History(of: subject, [], repeatability: Repeatability())
        self.init(row, VisitReport(id: row.id, subject: subject, visit, history: nothing, made: row.at), blind: blind)
        if row.attention.contains(.change) {
            attention = Self.sorted(Set(attention + [.change]))
            worst = row.worst
        }
    }
}

/// A visit with everything that a reader needs to decide.
public struct VisitDetail: Sendable, Codable {
    /// An image to decide on.
    public struct Counting: Sendable, Codable {
        /// The arrival.
        public var id: ScreeningID
        /// What a decision on it refers to.
        public var seen: Seen
        /// Every decision on it; the last one counts where it is about the newest version.
        public var decisions: [DecisionRow]
    }

    /// As it stands in the list.
    public var line: VisitLine
    /// As its images are now, which may be newer than what was published, without those that are to be drawn blind.
    public var visit: VisitReport
    /// What a reader decides on, in the order of ``VisitReport/counting``.
    public var counting: [Counting]
    /// What is to be drawn before its result is shown.
    public var blind: [WorkRow]
}
