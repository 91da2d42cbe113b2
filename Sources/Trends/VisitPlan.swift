public import Ledger
public import Screening

/// What there is to publish of a subject: visits that are new, and the next versions of those in which something has changed.
///
/// A visit is known again by its images: of those published, the one that it shares most with. One that is published gets its next version
/// where an image came, was read again or was decided on, and where what it says of change is not so any more, since an earlier visit came, was
/// read again, was decided on, or is gone. One whose images all went to another subject gets a last version without any.
public struct VisitPlan: Sendable {
    /// One visit to publish.
    public struct Item: Sendable {
        /// What its visit.json says.
        public var report: VisitReport
        /// Its images.
        public var members: [VisitRow.Member]
        /// What its repeats tell.
        public var repeats: [VisitRow.Repeats]

        /// As the ledger keeps it.
        ///
        /// - Parameters:
        ///   - digest: of visit.json.
        ///   - pageDigest: of visit.html.
        public func row(digest: Digest, pageDigest: Digest) -> VisitRow {
            VisitRow(
                id: report.id, version: report.version, at: report.made, subject: report.subject, study: report.study,
                day: report.day, weight: report.weight, worst: report.worst, attention: report.attentionCodes, members: members,
                repeats: repeats, digest: digest, pageDigest: pageDigest)
        }
    }

    /// What to publish, the earliest visit first.
    public let items: [Item]

    /// A plan.
    ///
    /// - Parameters:
    ///   - images: all of the subject's, as they are now.
    ///   - published: the newest version of each of the subject's visits.
    ///   - begin: visits all of whose images came earlier, and that were never published, are left alone.
    ///   - taken: IDs that no visit may have.
    ///   - made: now.
    ///   - said: what a published version's visit.json says; nil where that is not known.
    public init(
        _ subject: Subject, _ images: [ExaminedImage], published: [VisitRow], repeatability: Repeatability, begin: Timestamp,
        taken: Set<ScreeningID>, made: Timestamp, said: (VisitRow) -> VisitReport? = { _ in nil }
    ) {
        let visits = VisitGroup.all(of: images)
        let changes = ChangesByPhotograph(History(of: subject, visits, repeatability: repeatability))
        var open = Dictionary(published.map { ($0.id, $0) }) { first, _ in first }
        let holders = Dictionary(published.flatMap { row in row.members.map { ($0.id, row.id) } }) { first, _ in first }
        var used = taken.union(published.map(\.id))
        var items: [Item] = []
        for visit in visits {
            let members = Self.members(visit)
            var shared: [ScreeningID: Int] = [:]
            for member in members { if let holder = holders[member.id], open[holder] != nil { shared[holder, default: 0] += 1 } }
            let known = shared.max { ($0.value, $1.key) < ($1.value, $0.key) }.flatMap { open.removeValue(forKey: $0.key) }
            guard known != nil || visit.images.contains(where: { $0.received >= begin }) else { continue }
            let id = known?.id ?? Self.draw(visit, used)
            used.insert(id)
            let report = VisitReport(
                id: id, version: (known?.version ?? 0) + 1, supersedes: known?.folder, subject: subject, visit, changes: changes,
                made: made)
            let isChanged = known.map { $0.members != members || $0.day != report.day || $0.study != report.study } ?? true
            if isChanged || (known.map { Self.isOutdated($0, report, said) } ?? true) {
                items.append(Item(report: report, members: members, repeats: Repeatability.rows(of: visit)))
            }
        }
        for row in published where open[row.id] != nil && !row.members.isEmpty {
            let empty = VisitGroup(study: row.study, day: row.day, images: [])
            let report = VisitReport(
                id: row.id, version: row.version + 1, supersedes: row.folder, subject: subject, empty, changes: changes,
                made: made)
            items.append(Item(report: report, members: [], repeats: []))
        }
        self.items = items
    }

    /// Whether a published visit says of change what is not so any more.
    private static func isOutdated(_ row: VisitRow, _ report: VisitReport, _ said: (VisitRow) -> VisitReport?) -> Bool {
        guard let before = said(row) else {
            return row.attention.contains(.change) != report.attentionCodes.contains(.change)
        }
        return before.comparisons != report.comparisons
    }

    private static func members(_ visit: VisitGroup) -> [VisitRow.Member] {
        visit.images.map { VisitRow.Member(id: $0.id, version: $0.version, decision: $0.decision) }.sorted { $0.id < $1.id }
    }

    /// An ID that is the same again for the same first image: what a stop left in the outbox is found by it.
    private static func draw(_ visit: VisitGroup, _ used: Set<ScreeningID>) -> ScreeningID {
        let first = visit.images.map(\.id).min()
        let received = visit.images.map(\.received).min() ?? Timestamp(milliseconds: 0)
        var salt = 0
        while true {
            let digest = Digest(of: "visit \(salt) \(first?.description ?? "")".utf8).description
            var random = SeededGenerator(state: UInt64(digest.prefix(16), radix: 16) ?? 0)
            let id = ScreeningID(at: received, using: &random)
            if !used.contains(id) { return id }
            salt += 1
        }
    }
}

extension VisitReport {
    /// What two photographs came to. Not how large the error is: a site's repeats tell a little more of it every day.
    fileprivate struct Comparison: Hashable {
        var from: Change.End
        var to: Change.End
        var against: Change.Against
        var value: Double?
        var verdict: Change.Verdict
        var why: Change.Obstacle?
    }

    fileprivate var comparisons: [Comparison] {
        eyes.flatMap(\.changes).map { change in
            Comparison(
                from: change.from, to: change.to, against: change.against, value: change.value, verdict: change.verdict,
                why: change.why)
        }
    }

    /// Codes of what a person should look at: of the photographs that count, and of frames and photographs of an unknown eye.
    public var attentionCodes: [Attention.Code] {
        let ofEyes = eyes.flatMap { $0.attention.map(\.code) }
        let ofFrames = (endoscopy?.withPolyps ?? []).flatMap(\.attention) + (endoscopy?.without ?? []).flatMap(\.attention)
        return Set(ofEyes + unplaced.flatMap(\.attention) + ofFrames).sorted { $0.rawValue < $1.rawValue }
    }
}
