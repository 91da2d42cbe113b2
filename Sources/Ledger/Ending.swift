public import Screening

/// How an arrival ended: its outcome, its bundle, and where its original is.
public struct Ending: Sendable, Hashable {
    /// As published.
    public var report: Report
    /// The bundle's folder, relative to the outbox: `2026-11-24/STEM.ID`.
    public var bundle: String
    /// Of the bytes of the bundle's report.json.
    public var bundleDigest: Digest
    /// `archive/2026-11-24/ID/NAME` or `quarantine/2026-11-24/ID/NAME`: the first part names the folder of the configuration.
    /// Nil only for what vanished before it could be moved.
    public var original: String?
    /// Milliseconds by stage, publishing included.
    public var timing: Report.Timing
    /// Of models and settings: readings of the same content under the same key can be used again. Nil: never.
    public var key: String?
    /// Where the result goes besides.
    public var deliveries: [DeliveryTerms]

    /// How an arrival ended.
    public init(
        report: Report, bundle: String, bundleDigest: Digest, original: String?, timing: Report.Timing, key: String? = nil,
        deliveries: [DeliveryTerms] = []
    ) {
        (self.report, self.bundle, self.bundleDigest) = (report, bundle, bundleDigest)
        (self.original, self.timing, self.key) = (original, timing, key)
        self.deliveries = deliveries
    }

    /// Refuses an ending that cannot be this arrival's.
    package func check(against arrival: ArrivalRow) throws(PapillaError) {
        func refuse(_ message: String) -> PapillaError { PapillaError(.internal, message, place: arrival.id.description) }
        guard report.id == arrival.id else { throw refuse("The report belongs to another arrival") }
        guard report.version == 1 else { throw refuse("The first screening of an arrival has version 1, not \(report.version)") }
        if let original {
            let folder = report.outcome.isQuarantined ? "quarantine/" : "archive/"
            guard original.hasPrefix(folder) else {
                throw refuse("The original of an arrival that ended as \(report.outcome.rawValue) belongs in \(folder)")
            }
        } else if report.outcome != .failed {
            throw refuse("An arrival that ended as \(report.outcome.rawValue) has an original")
        }
        guard report.outcome == .failed || report.reusedFrom != nil || arrival.state == .reading || arrival.state == .waiting
        else {
            throw refuse("The reading was not written down before it began")
        }
        guard report.outcome == .failed || arrival.spool != nil else { throw refuse("The file was read before it was claimed") }
    }
}

/// What the audit keeps of an ending; verification holds the screening's row against it.
package struct EndingDetail: Codable, Equatable, Sendable {
    package var outcome: Outcome
    package var reasons: [Reason.Code]
    package var bundle: String
    package var bundleDigest: Digest
    package var original: String?
    package var sha256: Digest?
    package var version: Int
    package var key: String?
    package var models: [String]
    package var reusedFrom: ScreeningID?

    package init(_ end: Ending, image: Digest?) {
        (outcome, reasons, version) = (end.report.outcome, end.report.reasons.map(\.code), end.report.version)
        (bundle, bundleDigest, original, sha256, key) = (end.bundle, end.bundleDigest, end.original, image, end.key)
        models = end.report.models.map(\.name)
        reusedFrom = end.report.reusedFrom
    }

    enum CodingKeys: String, CodingKey {
        case outcome, reasons, bundle, original, sha256, version, key, models
        case bundleDigest = "bundle_sha256"
        case reusedFrom = "reused_from"
    }
}
