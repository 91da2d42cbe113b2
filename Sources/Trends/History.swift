public import Screening

/// What is known of a subject's eyes over the years, and what every change is worth.
public struct History: Sendable, Codable, Hashable {
    /// The schema's name and number.
    public static let schema = "papilla.history/1"

    /// One eye.
    public struct OfEye: Sendable, Codable, Hashable {
        /// Right or left.
        public var eye: Eye
        /// One a visit with photographs of the eye, earliest first.
        public var points: [HistoryPoint]
        /// Each visit held against the one before, and against the first that it can be compared with, where that is another.
        public var changes: [Change]
    }

    /// `papilla.history/1`.
    public var schema = History.schema
    /// Whom it is of.
    public var subject: Subject
    /// Right, then left; an eye without photographs is left out.
    public var eyes: [OfEye]
    /// Fundus photographs of an eye that nobody knows: in no line.
    public var unplaced: Int
    /// Research use.
    public var notice = Report.notice

    /// The history of a subject.
    ///
    /// - Parameters:
    ///   - visits: all of the subject's, in any order.
    ///   - eye: that eye only.
    public init(
        of subject: Subject, _ visits: [VisitGroup], repeatability: Repeatability, eye: Eye? = nil
    ) {
        self.subject = subject
        let sorted = visits.sorted { a, b in
            switch (a.begins, b.begins) {
            case (let first?, let second?): (first, a.study ?? "") < (second, b.study ?? "")
            default: a.begins == nil && b.begins != nil
            }
        }
        let asked: [Eye] = eye.map { [$0] } ?? [.right, .left]
        eyes = asked.compactMap { OfEye($0, sorted, repeatability) }
        unplaced = visits.reduce(0) { $0 + $1.photographs(of: .unknown).count }
    }
}

extension History.OfEye {
    init?(_ eye: Eye, _ visits: [VisitGroup], _ repeatability: Repeatability) {
        let dated = visits.compactMap { visit -> (point: HistoryPoint, image: ExaminedImage, date: ExaminationDate)? in
            guard let point = HistoryPoint(visit, eye), let image = visit.photographs(of: eye).first else { return nil }
            return (point, image, image.examined)
        }.sorted { ($0.date, $0.point.id) < ($1.date, $1.point.id) }
        guard !dated.isEmpty else { return nil }
        self.eye = eye
        points = dated.map(\.point)
        changes = []
        var previous: Int?
        var firsts = Firsts()
        for (place, (point, image, _)) in dated.enumerated() {
            func compare(_ earlier: Int, _ against: Change.Against) -> Change {
                Change(
                    points[earlier], dated[earlier].image, point, image, against: against, repeatability)
            }
            if let previous { changes.append(compare(previous, .previous)) }
            guard point.missing == nil else { continue }
            if !image.isEyeDoubtful {
                if let first = firsts.comparable(with: image), first != previous { changes.append(compare(first, .first)) }
                firsts.note(place, image)
            }
            previous = place
        }
    }

    /// The first points that others can be compared with.
    private struct Firsts {
        /// By the networks that measured; of no networks what readers drew.
        private var places: [ExaminedImage.Models?: Int] = [:]

        /// Networks' photographs with their own and with readers' outlines, those with all.
        func comparable(with image: ExaminedImage) -> Int? {
            guard let models = image.measuredBy else { return places.values.min() }
            return [places[models], places[nil]].compactMap { $0 ?? nil }.min()
        }

        mutating func note(_ place: Int, _ image: ExaminedImage) {
            if places[image.measuredBy] == nil { places[image.measuredBy] = place }
        }
    }
}
