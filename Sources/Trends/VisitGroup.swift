public import Screening

/// The images of one subject that were taken at one visit.
///
/// Images of one study belong together, and without a study those of one day; a study whose number goes on for more than a week is as many
/// visits as it has weeks with images. An image without a study, on a day with exactly one study, belongs to that study's visit. Days are
/// those of the service's zone. A clinic may work across midnight: images that were taken within four hours of each other are one visit.
public struct VisitGroup: Sendable, Hashable {
    /// The study; nil where none is stated.
    public let study: String?
    /// The day of its first image, `2026-11-24`.
    public let day: String
    /// By time, earliest first.
    public let images: [ExaminedImage]

    /// A visit of these images.
    public init(study: String?, day: String, images: [ExaminedImage]) {
        self.study = study
        self.day = day
        self.images = images.map { Dated(date: $0.examined, image: $0) }.sorted(by: Dated.precedes).map(\.image)
    }

    /// Photographs of an eye, the one that counts first.
    public func photographs(of eye: Eye) -> [ExaminedImage] {
        images.filter { $0.modality == .fundus && $0.eye == eye }.sorted(by: ExaminedImage.standsBefore)
    }

    /// The time of the earliest image.
    public var begins: ExaminationDate? { images.first?.examined }

    private static let week: Int64 = 7 * 86_400_000
    private static let pause: Int64 = 4 * 3_600_000

    /// All visits of one subject, earliest first. Copies are left out.
    ///
    /// - Parameter zone: seconds east of UTC at a moment; by default this machine's.
    public static func all(
        of images: some Sequence<ExaminedImage>, zone: (Timestamp) -> Int64 = ExaminationTime.offsetHere(at:)
    ) -> [VisitGroup] {
        let sorted = ExaminedImage.withoutCopies(images).map {
            Dated(date: ExaminationDate(taken: $0.taken, received: $0.received, zone: zone), image: $0)
        }.sorted(by: Dated.precedes)
        var visits: [Run] = []
        var open: [String: Int] = [:]
        for dated in sorted {
            guard let study = dated.image.study else { continue }
            if let place = open[study], dated.date.milliseconds - visits[place].start <= week {
                visits[place].add(dated)
            } else {
                open[study] = visits.count
                visits.append(Run(dated, study: study))
            }
        }
        var studiesOfDay: [String: Set<Int>] = [:]
        for (place, visit) in visits.enumerated() { for day in visit.days { studiesOfDay[day, default: []].insert(place) } }
        var last: Int?
        for dated in sorted where dated.image.study == nil {
            if let studies = studiesOfDay[dated.date.day], studies.count == 1, let only = studies.first {
                visits[only].add(dated)
            } else if let place = last, visits[place].takes(dated, within: pause) {
                visits[place].add(dated)
            } else {
                last = visits.count
                visits.append(Run(dated, study: nil))
            }
        }
        return visits.map(\.group).sorted { Self.key($0) < Self.key($1) }
    }

    private static func key(_ group: VisitGroup) -> (Int64, String, String) {
        (group.begins?.milliseconds ?? 0, group.study ?? "", group.images.first?.id.description ?? "")
    }

    private struct Dated {
        var date: ExaminationDate
        var image: ExaminedImage

        static func precedes(_ a: Dated, _ b: Dated) -> Bool { (a.date, a.image.id) < (b.date, b.image.id) }
    }

    /// A visit in the making.
    private struct Run {
        var study: String?
        var start: Int64
        var lastMoment: Int64?
        var days: Set<String>
        var members: [Dated]

        init(_ first: Dated, study: String?) {
            self.study = study
            start = first.date.milliseconds
            lastMoment = first.date.isMoment ? first.date.milliseconds : nil
            days = [first.date.day]
            members = [first]
        }

        func takes(_ dated: Dated, within pause: Int64) -> Bool {
            if days.contains(dated.date.day) { return true }
            guard let lastMoment, dated.date.isMoment else { return false }
            return dated.date.milliseconds - lastMoment < pause
        }

        mutating func add(_ dated: Dated) {
            days.insert(dated.date.day)
            if dated.date.isMoment { lastMoment = max(lastMoment ?? 0, dated.date.milliseconds) }
            members.append(dated)
        }

        var group: VisitGroup {
            let first = members.min(by: Dated.precedes) ?? members[0]
            return VisitGroup(study: study, day: first.date.day, images: members.map(\.image))
        }
    }
}
