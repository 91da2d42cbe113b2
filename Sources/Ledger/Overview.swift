public import Screening

/// How the work stands: what `papilla status` shows of the ledger.
public struct Overview: Sendable, Codable, Hashable {
    /// Arrivals that wait for the same thing.
    public struct Wait: Sendable, Codable, Hashable {
        /// What they wait for.
        public var what: String
        /// How many.
        public var count: Int
        /// Since when the first of them waits.
        public var since: Timestamp

        /// As a database has it.
        package init(
            what: String, count: Int, since: Timestamp
        ) {
            self.what = what
            self.count = count
            self.since = since
        }

        enum CodingKeys: String, CodingKey {
            case count, since
            case what = "for"
        }
    }

    /// An arrival that failed.
    public struct Failure: Sendable, Codable, Hashable {
        /// The arrival.
        public var id: ScreeningID
        /// When it ended.
        public var at: Timestamp
        /// The reason's code.
        public var code: String
        /// The reason's sentence; it names no patient and no file.
        @Nullable public var detail: String?

        /// As a database has it.
        package init(
            id: ScreeningID, at: Timestamp, code: String, detail: String? = nil
        ) {
            self.id = id
            self.at = at
            self.code = code
            self.detail = detail
        }
    }

    /// The arrival that has waited longest.
    public struct Oldest: Sendable, Codable, Hashable {
        /// The arrival.
        public var id: ScreeningID
        /// When it came.
        public var received: Timestamp
        /// Where it stands.
        public var state: ArrivalState

        /// As a database has it.
        package init(
            id: ScreeningID, received: Timestamp, state: ArrivalState
        ) {
            self.id = id
            self.received = received
            self.state = state
        }
    }

    /// Arrivals in each state; every state is there.
    public var states: [String: Int]
    /// Arrivals with each outcome; every outcome is there.
    public var outcomes: [String: Int]
    /// What waiting arrivals wait for, most of them first.
    public var waits: [Wait]
    /// The pending arrival that came first.
    @Nullable public var oldestPending: Oldest?
    /// The latest failures, newest first.
    public var failures: [Failure]
    /// Arrivals that ended within the last hour.
    public var finishedLastHour: Int
    /// Arrivals that ended within the last 24 hours.
    public var finishedLastDay: Int
    /// Arrivals that came within the last 24 hours.
    public var receivedLastDay: Int
    /// How deliveries stand, target by target; none where nothing ever was due.
    public var deliveries: [DeliveryCounts]

    /// As a database has it.
    package init(
        states: [String: Int], outcomes: [String: Int], waits: [Wait], oldestPending: Oldest? = nil, failures: [Failure],
        finishedLastHour: Int, finishedLastDay: Int, receivedLastDay: Int, deliveries: [DeliveryCounts]
    ) {
        self.states = states
        self.outcomes = outcomes
        self.waits = waits
        self.oldestPending = oldestPending
        self.failures = failures
        self.finishedLastHour = finishedLastHour
        self.finishedLastDay = finishedLastDay
        self.receivedLastDay = receivedLastDay
        self.deliveries = deliveries
    }

    enum CodingKeys: String, CodingKey {
        case states, outcomes, waits, failures, deliveries
        case oldestPending = "oldest_pending"
        case finishedLastHour = "finished_last_hour"
        case finishedLastDay = "finished_last_day"
        case receivedLastDay = "received_last_day"
    }
}
