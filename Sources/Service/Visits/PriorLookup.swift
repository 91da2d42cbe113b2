internal import Ledger
internal import Reading
internal import Registry
internal import Screening
internal import Trends

/// Finds the earlier ratio of an eye that a report is to be held against, and puts it into the report and whatever is made of it.
struct PriorLookup: Sendable {
    let ledger: any VisitLedger
    let store: ModelStore

    /// The bundle with the earlier ratio in it; the same where there is none.
    ///
    /// - Parameters:
    ///   - former: the reports of all versions before it.
    ///   - writers: what puts files into it.
    ///   - original: reads the image's file.
    func amended(
        _ bundle: Bundle, after former: [Report] = [], by writers: [any BundleWriter],
        original: @escaping @Sendable () throws(PapillaError) -> [UInt8]
    ) async throws(PapillaError) -> Bundle {
        let prior = try await prior(of: bundle.report)
        guard prior != bundle.report.prior else { return bundle }
        return try await bundle.changed(after: former, by: writers, original: original) { $0.prior = prior }
    }

    /// Nil where subject, eye or ratio are not known, and where nothing earlier can be compared.
    func prior(of report: Report) async throws(PapillaError) -> PriorRatio? {
        guard let subject = report.subject, report.fundus?.cdr != nil, report.source.eye != .unknown else { return nil }
        let images = try await ledger.examined(of: subject).map { ExaminedImage($0) }
        guard !images.isEmpty else { return nil }
        let repeatability = Repeatability(try await ledger.repeats(), ofModels: store.repeatLimits(of: images))
        return PriorRatio(before: report, among: images, repeatability)
    }
}
