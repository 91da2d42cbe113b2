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
        let hidden = try await ledger.blind(share: blindShare)
        let images = try await ledger.examined(of: subject).map { ExaminedImage($0) }.filter { !hidden.contains($0.id) }
        let repeatability = Repeatability(try await ledger.repeats(), ofModels: models.repeatLimits(of: images))
        let history = History(of: subject, VisitGroup.all(of: images), repeatability: repeatability)
        return history.eyes.isEmpty ? nil : HistoryPlot(history).svg()
    }
}
