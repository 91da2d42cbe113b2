public import Screening

/// The end of reading an arrival again by today's models, or why it stays as it is.
public struct RereadArrival: Sendable, Codable, Hashable {
    /// What became of it.
    public enum Result: String, Sendable, Codable, CaseIterable {
        /// Read again: the next version is published.
        case read
        /// Today's models read it already.
        case current
        /// A reader drew an outline, which stands.
        case drawn
        /// A reader rejected it, which stands.
        case rejected
        /// It could not be read when it came; `papilla requeue` reads it as a new arrival.
        case failed
        /// It has not ended: today's models are yet to read it.
        case pending
        /// Its original was removed, because it was kept long enough.
        case expired
        /// It was forgotten.
        case forgotten

        /// Whether the arrival stands as it should: read again, or rightly left as it is.
        public var isSettled: Bool {
            switch self {
            case .read, .current, .drawn, .rejected: true
            case .failed, .pending, .expired, .forgotten: false
            }
        }
    }

    /// The arrival.
    public var id: ScreeningID
    /// What became of it.
    public var result: Result
    /// The newest version; null where it has none.
    @Nullable public var version: Int?
    /// Vertical cup-to-disc ratio before; null where there was none.
    @Nullable public var before: Double?
    /// Vertical cup-to-disc ratio of the newest version; null where there is none.
    @Nullable public var after: Double?

    package init(_ id: ScreeningID, _ result: Result, version: Int? = nil, before: Double? = nil, after: Double? = nil) {
        self.id = id
        self.result = result
        self.version = version
        self.before = before
        self.after = after
    }
}

/// What the audit keeps of a version by later models; verification holds the screening's row against it.
package struct RereadingDetail: Encodable {
    package var result: Int
    package var outcome: Outcome
    package var bundle: String
    package var bundleDigest: Digest
    package var models: [String]

    package init(_ end: Ending) {
        (result, outcome, models) = (end.report.version, end.report.outcome, end.report.models.map(\.name))
        (bundle, bundleDigest) = (end.bundle, end.bundleDigest)
    }

    enum CodingKeys: String, CodingKey {
        case result, outcome, bundle, models
        case bundleDigest = "bundle_sha256"
    }
}

/// What reading finished arrivals again by later models needs of a ledger. Such a reading is the next version of the same arrival; where the
/// process stops on the way, `pendingCorrections` and `abandonCorrection` of ``DecisionLedger`` hold for it as for a correction.
public protocol RereadLedger: Sendable {
    /// Writes down that the next version of a screening is about to be published, before it is.
    ///
    /// - Parameters:
    ///   - version: the one that will be published.
    ///   - actor: `user@uid` of the process that asked for it.
    /// - Throws: `notFound`; `refused` where the arrival has not ended, was forgotten or is being forgotten, where another version came first,
    ///   and while one is being published.
    func beginRereading(of id: ScreeningID, version: Int, actor: String) async throws(PapillaError)

    /// Writes a published version down with its findings, its deliveries and the arrival's outcome, in one transaction.
    ///
    /// - Parameter end: of the new version, its report with `reread`; `original` does not matter.
    /// - Throws: `internal` where no such version was begun.
    func concludeRereading(_ end: Ending) async throws(PapillaError)
}
