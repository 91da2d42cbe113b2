public import Screening

/// A target that results go to, as the configuration has it when a screening ends.
public struct DeliveryTerms: Sendable, Hashable {
    /// Its name.
    public var target: String
    /// Whether it is given results of nobody known.
    public var takesUnidentified: Bool

    /// A target that results go to.
    public init(target: String, takesUnidentified: Bool) {
        self.target = target
        self.takesUnidentified = takesUnidentified
    }

    /// Why a report is not to leave the house yet; nil: it may.
    package func withholds(_ report: Report) -> DeliveryRow.Why? {
        if report.subject == nil, !takesUnidentified { return .noIdentity }
        let isDoubtful = report.attention.contains { $0.code == .identityConflict }
        return isDoubtful && report.decision == nil ? .identityConflict : nil
    }
}

/// One version of a screening on its way to one target.
public struct DeliveryRow: Sendable, Codable, Hashable {
    /// Where it stands.
    public enum State: String, Sendable, Codable, CaseIterable {
        /// It must be carried out.
        case due
        /// It must not leave the house yet: `why` says what it lacks.
        case withheld
        /// The target has it.
        case delivered
        /// It will not be carried out: `why` says what came instead.
        case cancelled
    }

    /// Why it is withheld or cancelled.
    public enum Why: String, Sendable, Codable {
        /// Nobody named whose image it is, and the target takes none of those.
        case noIdentity = "no_identity"
        /// Two name another, and no reader has accepted or corrected it.
        case identityConflict = "identity_conflict"
        /// A reader rejected it, and has not accepted it since.
        case rejected
        /// A later version goes in its place.
        case superseded
        /// The arrival was forgotten.
        case forgotten
    }

    /// Its number in the ledger: later ones are larger.
    public var number: Int64
    /// Of which arrival.
    public var arrival: ScreeningID
    /// Which version.
    public var version: Int
    /// To whom.
    public var target: String
    /// Where it stands.
    public var state: State
    /// Why it stands there; null for what is due or delivered.
    @Nullable public var why: Why?
    /// When the version was published, a reader let go of it, or somebody last had it tried again.
    public var due: Timestamp
    /// When its state last changed.
    public var changed: Timestamp
    /// The version's bundle, relative to the outbox; null once forgotten.
    @Nullable public var bundle: String?
    /// Of the bytes of that bundle's report.json.
    public var bundleDigest: Digest

    /// As a database has it.
    package init(
        number: Int64, arrival: ScreeningID, version: Int, target: String, state: State, why: Why? = nil, due: Timestamp,
        changed: Timestamp, bundle: String? = nil, bundleDigest: Digest
    ) {
        self.number = number
        self.arrival = arrival
        self.version = version
        self.target = target
        self.state = state
        self.why = why
        self.due = due
        self.changed = changed
        self.bundle = bundle
        self.bundleDigest = bundleDigest
    }

    enum CodingKeys: String, CodingKey {
        case number, arrival, version, target, state, why, due, changed, bundle
        case bundleDigest = "bundle_sha256"
    }

}

/// How deliveries to one target stand.
public struct DeliveryCounts: Sendable, Codable, Hashable {
    /// To whom.
    public var target: String
    /// Those that must be carried out.
    public var due = 0
    /// Those that must, and are tried no more: for too long the target did not take them.
    public var givenUp = 0
    /// Since when the first of them is due; null: none is.
    @Nullable public var oldestDue: Timestamp?
    /// Those that must not leave the house yet.
    public var withheld = 0
    /// Those that the target has.
    public var delivered = 0
    /// Those that will not be carried out: forgotten, or a later version goes in their place.
    public var cancelled = 0

    /// As a database has it.
    package init(
        target: String, due: Int = 0, givenUp: Int = 0, oldestDue: Timestamp? = nil, withheld: Int = 0, delivered: Int = 0,
        cancelled: Int = 0
    ) {
        self.target = target
        self.due = due
        self.givenUp = givenUp
        self.oldestDue = oldestDue
        self.withheld = withheld
        self.delivered = delivered
        self.cancelled = cancelled
    }

    enum CodingKeys: String, CodingKey {
        case target, due, withheld, delivered, cancelled
        case givenUp = "given_up"
        case oldestDue = "oldest_due"
    }
}
