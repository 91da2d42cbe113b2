public import Screening

extension PriorRatio {
    /// The latest earlier visit whose ratio of the eye can be compared with that of a report; nil where there is none, and where the report
    /// has no ratio or no eye.
    ///
    /// - Parameters:
    ///   - images: all of the subject's that are known; the report's own may be among them.
    public init?(before report: Report, among images: [ExaminedImage], _ repeatability: Repeatability) {
        let own = ExaminedImage(report, bundle: nil)
        guard own.isCountable, own.eye != .unknown else { return nil }
        let visits = VisitGroup.all(of: images.filter { $0.id != own.id && $0.sha256 != own.sha256 } + [own])
        guard let place = visits.firstIndex(where: { $0.images.contains { $0.id == own.id } }),
            let point = HistoryPoint(VisitGroup(study: nil, day: own.examined.day, images: [own]), own.eye)
        else { return nil }
        for visit in visits[..<place].reversed() {
            guard let image = visit.photographs(of: own.eye).first, image.isCountable, image.examined < own.examined,
                let earlier = HistoryPoint(visit, own.eye)
            else { continue }
            let change = Change(earlier, image, point, own, against: .previous, repeatability)
            guard let value = image.ratio?.value, let difference = change.value, let limit = change.limit else { continue }
            self.init(
                id: image.id, taken: earlier.taken, value: value, interval: image.ratio?.interval, difference: difference,
                limit: limit, verdict: change.verdict == .change ? .change : .stable)
            return
        }
        return nil
    }
}
