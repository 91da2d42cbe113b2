internal import Ledger
internal import Screening
internal import Trends

extension ReviewCatalogue {
    /// The eyes of a screening's subject over the years, drawn; nil where nobody knows whose it is, or no eye is known. Of what is to be drawn
    /// blind nothing stands in it.
    ///
    /// - Throws: `refused` for a screening that is to be drawn blind itself: the line would tell its result.
    func history(of id: ScreeningID) async throws(PapillaError) -> String? {
        guard try await !isBlind(id) else {
            throw PapillaError(
                .refused, "What the models found is shown when you have drawn", place: "\(id)", hint: "Draw first, then save")
        }
        guard let row = try await ledger.arrival(id), row.forgotten == nil, let subject = row.identification.subject else {
            return nil
        }
        let history = try await history(
            of: subject, try await ledger.examined(of: subject), hidden: try await ledger.blind(share: blindShare))
        return history.eyes.isEmpty ? nil : HistoryPlot(history).svg()
    }

    /// A subject's eyes over the years.
    ///
    /// - Parameters:
    ///   - rows: the subject's images.
    ///   - hidden: of these nothing stands in it.
    func history(of subject: Subject, _ rows: [ExaminedRow], hidden: Set<ScreeningID>) async throws(PapillaError) -> History {
        let images = rows.map { ExaminedImage($0) }.filter { !hidden.contains($0.id) }
        let repeatability = Repeatability(try await ledger.repeats(), ofModels: models.repeatLimits(of: images))
        return History(of: subject, VisitGroup.all(of: images), repeatability: repeatability)
    }
}
