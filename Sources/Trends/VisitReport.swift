public import Screening

/// `visit.json`, schema `papilla.visit/1`: one subject's visit, eye by eye and frame by frame. Every key is always there.
///
/// Its JSON Schema is `Deploy/manual/schema/visit.json`.
public struct VisitReport: Sendable, Codable, Hashable {
    /// The schema's name and number; a change of meaning raises it.
    public static let schema = "papilla.visit/1"

    /// An image with its score.
    public struct Photograph: Sendable, Codable, Hashable {
        /// The image.
        public var image: ExaminedImage
        /// How well it stands for its eye.
        public var score: PhotographScore

        init(_ image: ExaminedImage) {
            self.image = image
            score = image.score
        }
    }

    /// One eye.
    public struct OfEye: Sendable, Codable, Hashable {
        /// Right or left.
        public var eye: Eye
        /// The photograph that counts; null where none was fit to measure, or all were rejected.
        @Nullable public var counts: Photograph?
        /// The others, best first.
        public var others: [Photograph]
        /// What the ratio changed by since the visit before, and since the first.
        public var changes: [Change]
        /// What a person should look at.
        public var attention: [Attention]

        /// Whether a change is beyond measurement error.
        public var isChanged: Bool { changes.contains { $0.verdict == .change } }
    }

    /// The frames of an endoscopy.
    public struct Endoscopy: Sendable, Codable, Hashable {
        /// How many frames came.
        public var frames: Int
        /// How many of them were fit to be read.
        public var read: Int
        /// Those with polyps, the largest polyp first, without what a reader rejected.
        public var withPolyps: [ExaminedImage]
        /// The other frames.
        public var without: [ExaminedImage]

        enum CodingKeys: String, CodingKey {
            case frames, read, without
            case withPolyps = "with_polyps"
        }
    }

    /// `papilla.visit/1`.
    public var schema = VisitReport.schema
    /// The visit's ID, drawn like an arrival's.
    public var id: ScreeningID
    /// 1, and one more for each time that something came later or was decided.
    public var version: Int
    /// The folder that this one replaces, relative to the outbox.
    @Nullable public var supersedes: String?
    /// Whom it is of.
    public var subject: Subject
    /// The day, `2026-11-24`.
    public var day: String
    /// The study; null without one.
    @Nullable public var study: String?
    /// When this was put together.
    public var made: Timestamp
    /// Right, then left; an eye without photographs is left out.
    public var eyes: [OfEye]
    /// Fundus photographs of an eye that nobody knows.
    public var unplaced: [ExaminedImage]
    /// Frames of an endoscopy; null where there are none.
    @Nullable public var endoscopy: Endoscopy?
    /// What is neither, or could not be read.
    public var rest: [ExaminedImage]
    /// The eye to look at first; null where nothing calls for a person.
    @Nullable public var worst: Eye?
    /// How much the visit calls for a person: work lists begin with the largest.
    public var weight: Int
    /// Research use.
    public var notice = Report.notice

    /// The report of a visit.
    ///
    /// - Parameters:
    ///   - visit: its images.
    ///   - history: the subject's, this visit in it.
    public init(
        id: ScreeningID, version: Int = 1, supersedes: String? = nil, subject: Subject, _ visit: VisitGroup, history: History,
        made: Timestamp
    ) {
        self.init(
            id: id, version: version, supersedes: supersedes, subject: subject, visit, changes: ChangesByPhotograph(history),
            made: made)
    }

    /// The report of one of many visits: the changes of all are found once.
    init(
        id: ScreeningID, version: Int, supersedes: String?, subject: Subject, _ visit: VisitGroup, changes: ChangesByPhotograph,
        made: Timestamp
    ) {
        self.id = id
        self.version = version
        self.subject = subject
        day = visit.day
        study = visit.study
        self.made = made
        let eyes = [Eye.right, .left].compactMap { OfEye($0, visit, changes) }
        unplaced = visit.photographs(of: .unknown)
        let frames = visit.images.filter { $0.modality == .endoscopy }
        rest = visit.images.filter { $0.modality != .endoscopy && $0.modality != .fundus }
        let weights = eyes.map { ($0.eye, $0.attention.reduce(0) { $0 + $1.code.weight }) }
        let worstEye = weights.max { $0.1 < $1.1 }
        let ofFrames = frames.map { $0.attention.reduce(0) { $0 + $1.weight } }.max() ?? 0
        let ofUnplaced = unplaced.map { $0.attention.reduce(0) { $0 + $1.weight } }.max() ?? 0
        weight = max(worstEye?.1 ?? 0, ofFrames, ofUnplaced)
        self.eyes = eyes
        self.supersedes = supersedes
        worst = worstEye.flatMap { $0.1 > 0 ? $0.0 : nil }
        endoscopy = frames.isEmpty ? nil : Endoscopy(frames)
    }

    /// Every image of the visit, once.
    public var images: [ExaminedImage] {
        eyes.flatMap { eye in (eye.counts.map { [$0] } ?? []) + eye.others }.map(\.image) + unplaced
            + (endoscopy.map { $0.withPolyps + $0.without } ?? []) + rest
    }

    /// The folder of a visit, relative to the outbox: `2026-11-24/visit.ID`, later `2026-11-24/visit.ID.v2`.
    public static func folder(day: String, id: ScreeningID, version: Int) -> String {
        "\(day)/visit.\(id)" + (version > 1 ? ".v\(version)" : "")
    }

    /// `visit.json`.
    public static let fileName = "visit.json"
    /// `visit.html`.
    public static let pageName = "visit.html"

    enum CodingKeys: String, CodingKey {
        case schema, id, version, supersedes, subject, day, study, made, eyes, unplaced, endoscopy, rest, worst, weight, notice
    }
}

/// What changed up to each photograph that counts, found at once however long the history is.
struct ChangesByPhotograph {
    private let changes: [Eye: [ScreeningID: [Change]]]

    init(_ history: History) {
        changes = Dictionary(
            history.eyes.map { ($0.eye, Dictionary(grouping: $0.changes, by: \.to.id)) }, uniquingKeysWith: { first, _ in first })
    }

    func of(_ photograph: ScreeningID, _ eye: Eye) -> [Change] { changes[eye]?[photograph] ?? [] }
}

extension VisitReport.OfEye {
    init?(_ eye: Eye, _ visit: VisitGroup, _ changes: ChangesByPhotograph) {
        let photographs = visit.photographs(of: eye)
        guard let first = photographs.first else { return nil }
        self.eye = eye
        let isCounted = first.isCountable
        others = (isCounted ? Array(photographs.dropFirst()) : photographs).map(VisitReport.Photograph.init)
        self.changes = changes.of(first.id, eye)
        attention = Set(first.attention).sorted { ($0.weight, $1.rawValue) > ($1.weight, $0.rawValue) }.map { code in
            Attention(code, Self.words[code] ?? code.rawValue)
        }
        if let change = self.changes.first(where: { $0.verdict == .change }), let value = change.value {
            let size = "\(Markup.fixed(abs(value), 3)) \(change.direction == .narrower ? "narrower" : "wider")"
            attention.insert(
                Attention(
                    .change, "The ratio is \(size) than on \(change.from.visit), more than measurement error.", value: value,
                    threshold: change.limit), at: 0)
        }
        counts = isCounted ? VisitReport.Photograph(first) : nil
    }

    /// What codes mean, in a few words.
    private static let words: [Attention.Code: String] = [
        .ratioHigh: "The ratio is high.",
        .ratioInterval: "The ratio may be high.",
        .rimThin: "The rim is thin.",
        .disagreement: "The two heads of the network disagree.",
        .lowConfidence: "The network is not sure.",
        .discShape: "The disc's shape is unusual.",
        .discSize: "The disc's size is unusual.",
        .cupOutsideDisc: "The cup was cut at the disc's edge.",
        .qualityUsable: "The quality is only usable.",
        .eyeConflict: "Site and photograph disagree on which eye it is.",
        .outOfDomainNear: "It is not sure that this is a fundus photograph.",
        .sidecar: "Not all that the site stated could be used.",
        .identityConflict: "Sources disagree on whose image it is, or what was examined.",
        .cupNotSeen: "No cup was seen.",
        .colourSpace: "The colours' meaning is not known.",
    ]
}

extension VisitReport.Endoscopy {
    init(_ images: [ExaminedImage]) {
        func largest(_ image: ExaminedImage) -> Double { image.polyps.map(\.areaFraction).max() ?? 0 }
        frames = images.count
        read = images.count { $0.outcome == .measured || $0.outcome == .noFinding }
        withPolyps = images.filter { !$0.polyps.isEmpty && $0.decision != .reject }.sorted { a, b in
            largest(a) != largest(b) ? largest(a) > largest(b) : (a.examined, a.id) < (b.examined, b.id)
        }
        without = images.filter { $0.polyps.isEmpty || $0.decision == .reject }
    }
}
