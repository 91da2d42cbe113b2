public import Ledger
internal import Screening

extension ExaminedImage {
    /// An image as the ledger has it.
    public init(_ examined: ExaminedRow) {
        let row = examined.row
        self.init(id: row.id, version: row.version, received: row.received, eye: row.eye, outcome: row.outcome)
        bundle = row.bundle
        sha256 = examined.sha256
        taken = row.taken
        study = row.study
        device = row.device
        reasons = examined.reasons
        modality = row.modality
        quality = row.quality
        focus = examined.focus
        disagreement = examined.disagreement
        if let value = row.vcdr {
            var interval: [Double]?
            if let low = row.vcdrLow, let high = row.vcdrHigh { interval = [low, high] }
            ratio = Ratio(value, interval: interval)
        }
        rimMinimum = row.rimMinimum
        rimMinimumAngle = examined.rimMinimumAngle
        polyps = examined.polyps.map { Polyp(areaFraction: $0.areaFraction, confidence: $0.confidence) }
        attention = row.attention.compactMap { Attention.Code(rawValue: $0) }
        models = Models(disc: examined.disc, cup: examined.cup)
        decision = row.decision
    }
}

extension Repeatability {
    /// What a site's published visits tell, and the models' own figures.
    ///
    /// - Parameter ofModels: the limit by the name of a cup's network.
    public init(_ repeats: [VisitRow.Repeats], ofModels: [String: Double]) {
        self.init(ofModels: ofModels)
        for one in repeats {
            add(
                Repeats(count: one.count, squares: one.squares),
                of: Source(device: one.device, models: .init(disc: one.disc, cup: one.cup)))
        }
    }

    /// The repeats of one visit, as the ledger keeps them, sorted.
    static func rows(of visit: VisitGroup) -> [VisitRow.Repeats] {
        var own = Repeatability()
        own.add(visit)
        return own.repeats.map { source, repeats in
            VisitRow.Repeats(
                device: source.device, disc: source.models.disc, cup: source.models.cup, count: repeats.count,
                squares: repeats.squares)
        }.sorted { ($0.device ?? "", $0.cup ?? "", $0.disc ?? "") < ($1.device ?? "", $1.cup ?? "", $1.disc ?? "") }
    }
}
