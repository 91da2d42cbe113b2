public import Ledger
public import Screening
internal import Trends

extension ReviewCatalogue {
    /// The work list by visit, what most needs a person first: visits, and images that stand in none.
    ///
    /// - Parameter filter: of visits, days are those of the visit. Its `arrivals.limit` is that of all lines together.
    /// - Throws: `badInput` for a filter by outcome: a visit has none.
    public func work(_ filter: ReviewFilter) async throws(PapillaError) -> [WorkLine] {
        guard filter.arrivals.outcomes == nil else {
            throw PapillaError(.badInput, "A visit has no outcome", hint: "List by arrival to choose by outcome")
        }
        var weights: [ScreeningID: Int] = [:]
        var lines: [WorkLine] = []
        for (line, weight) in try await visits(filter) {
            weights[line.id] = weight
            lines.append(WorkLine(visit: line))
        }
        var lone = filter
        lone.loneOnly = true
        lines += try await workList(lone).map { WorkLine(arrival: $0) }
        let sorted = lines.map { (line: $0, weight: filter.order == .attention ? $0.weight(weights) : 0) }.sorted { a, b in
            (a.weight, a.line.time) != (b.weight, b.line.time)
                ? (a.weight, a.line.time) > (b.weight, b.line.time) : a.line.id < b.line.id
        }.map(\.line)
        return filter.arrivals.limit.map { Array(sorted.prefix(max(0, $0))) } ?? sorted
    }

    /// Visits with the weight that the ledger orders them by.
    private func visits(_ filter: ReviewFilter) async throws(PapillaError) -> [(VisitLine, Int)] {
        let hidden = try await ledger.blind(share: blindShare)
        var asked = VisitFilter(filter)
        asked.blindShare = blindShare
        let wanted = filter.arrivals.limit ?? .max
        let batch = min(wanted, 500)
        asked.limit = batch
        var lines: [(VisitLine, Int)] = []
        while lines.count < wanted {
            let rows = try await ledger.visits(asked)
            let examined = try await ledger.examined(rows.flatMap { $0.members.map(\.id) })
            let images = Dictionary(examined.map { ($0.row.id, ExaminedImage($0)) }) { first, _ in first }
            for row in rows {
                let members = row.members.compactMap { images[$0.id] }
                guard let subject = row.subject, !members.isEmpty else { continue }
                let shown = members.filter { !hidden.contains($0.id) }
                let line = VisitLine(row, of: subject, shown, blind: members.count - shown.count)
                if !filter.undecidedOnly || line.undecided > 0 { lines.append((line, row.weight)) }
            }
            guard rows.count == batch else { break }
            asked.offset += batch
        }
        return lines
    }

    /// Everything about one visit, as its images are now; of those that are to be drawn blind only that they are there.
    ///
    /// - Throws: `notFound` for a visit that is not there, was forgotten, or whose images all went to another subject; `refused` while others
    ///   decide on it.
    func visit(_ id: ScreeningID) async throws(PapillaError) -> VisitDetail {
        // Where somebody decides meanwhile, it is read again: what is shown and what a decision refers to are the same.
        for _ in 0..<5 {
            let (row, subject) = try await published(id)
            let rows = try await ledger.examined(of: subject)
            let hidden = try await ledger.blind(share: blindShare)
            let groups = VisitGroup.all(of: rows.map { ExaminedImage($0) })
            guard let whole = row.current(among: groups) else { throw Self.gone(id) }
            let history = try await history(of: subject, rows, hidden: hidden)
            let shown = VisitGroup(study: whole.study, day: whole.day, images: whole.images.filter { !hidden.contains($0.id) })
            let report = VisitReport(
                id: id, version: row.version, supersedes: nil, subject: subject, shown, history: history, made: row.at)
            let ofBlind = Set(whole.images.map(\.id)).intersection(hidden)
            var counting: [VisitDetail.Counting] = []
            var isSettled = true
            for image in report.counting {
                let decisions = try await ledger.decisions(of: image.id)
                let last = decisions.last.flatMap { $0.isAbout(image.version) ? $0 : nil }
                isSettled = isSettled && last?.verdict == image.decision
                counting.append(
                    .init(id: image.id, seen: Seen(version: image.version, decisions: decisions.count), decisions: decisions))
            }
            guard isSettled else { continue }
            return VisitDetail(
                line: VisitLine(row, report, blind: ofBlind.count), visit: report, counting: counting,
                blind: rows.filter { ofBlind.contains($0.row.id) }.map { WorkRow($0.row, blind: true) })
        }
        throw PapillaError(
            .refused, "Others are deciding on this visit", place: "\(id)", hint: "Look again in a moment", isRetryable: true)
    }

    /// The eyes of a visit's subject over the years, drawn; nil where no eye is known. Of what is to be drawn blind nothing stands in it.
    func history(ofVisit id: ScreeningID) async throws(PapillaError) -> String? {
        let (_, subject) = try await published(id)
        let history = try await history(
            of: subject, try await ledger.examined(of: subject), hidden: try await ledger.blind(share: blindShare))
        return history.eyes.isEmpty ? nil : HistoryPlot(history).svg()
    }

    /// The newest version of a visit, and whose it is.
    private func published(_ id: ScreeningID) async throws(PapillaError) -> (VisitRow, Subject) {
        guard let row = try await ledger.versions(ofVisit: id).last, let subject = row.subject else { throw Self.gone(id) }
        return (row, subject)
    }

    private static func gone(_ id: ScreeningID) -> PapillaError {
        PapillaError(.notFound, "There is no such visit any more", place: "\(id)", hint: "Load the list again")
    }
}
