internal import GRDB
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
    }

    /// The arrival that has waited longest.
    public struct Oldest: Sendable, Codable, Hashable {
        /// The arrival.
        public var id: ScreeningID
        /// When it came.
        public var received: Timestamp
        /// Where it stands.
        public var state: ArrivalState
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

    enum CodingKeys: String, CodingKey {
        case states, outcomes, waits, failures, deliveries
        case oldestPending = "oldest_pending"
        case finishedLastHour = "finished_last_hour"
        case finishedLastDay = "finished_last_day"
        case receivedLastDay = "received_last_day"
    }
}

extension LedgerStore {
    /// How the work stands now.
    ///
    /// - Parameter failures: how many of the latest failures to name.
    public func overview(failures: Int = 5) throws(PapillaError) -> Overview {
        let time = now()
        let hour = Timestamp(milliseconds: time.milliseconds - 3_600_000).description
        let day = Timestamp(milliseconds: time.milliseconds - 86_400_000).description
        return try read { db in
            func count(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
                try Int.fetchOne(db, sql: "SELECT count(*) FROM arrival WHERE " + sql, arguments: arguments) ?? 0
            }
            var states = Dictionary(uniqueKeysWithValues: ArrivalState.allCases.map { ($0.rawValue, 0) })
            var outcomes = Dictionary(uniqueKeysWithValues: Outcome.allCases.map { ($0.rawValue, 0) })
            for row in try Row.fetchAll(
                db, sql: "SELECT outcome, count(*) AS count FROM arrival WHERE outcome IS NOT NULL GROUP BY outcome")
            {
                outcomes[row["outcome"]] = row["count"]
            }
            for row in try Row.fetchAll(
                db, sql: "SELECT state, count(*) AS count FROM arrival WHERE state <> 'finished' GROUP BY state")
            {
                states[row["state"]] = row["count"]
            }
            states[ArrivalState.finished.rawValue] = outcomes.values.reduce(0, +)
            return Overview(
                states: states, outcomes: outcomes, waits: try Self.waits(db), oldestPending: try Self.oldestPending(db),
                failures: try Self.latestFailures(db, failures), finishedLastHour: try count("finished > ?", [hour]),
                finishedLastDay: try count("finished > ?", [day]), receivedLastDay: try count("received > ?", [day]),
                deliveries: try Self.deliveryCounts(db))
        }
    }

    private static func waits(_ db: Database) throws -> [Overview.Wait] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT waits_for, count(*) AS count, min(changed) AS since FROM arrival WHERE state <> 'finished' AND state = 'waiting'
                GROUP BY waits_for ORDER BY count DESC, since
                """
        ).compactMap { row in
            Timestamp(row["since"] as String).map { Overview.Wait(what: row["waits_for"], count: row["count"], since: $0) }
        }
    }

    private static func oldestPending(_ db: Database) throws -> Overview.Oldest? {
        try Row.fetchOne(db, sql: ArrivalRow.select + " WHERE state <> 'finished' ORDER BY received, id LIMIT 1").map(
            ArrivalRow.init
        )
        .map { Overview.Oldest(id: $0.id, received: $0.received, state: $0.state) }
    }

    private static func latestFailures(_ db: Database, _ count: Int) throws -> [Overview.Failure] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT arrival.id, arrival.finished, finding.code, finding.detail
                FROM arrival JOIN screening ON screening.arrival = arrival.id
                    JOIN finding ON finding.screening = screening.id AND kind = 'reason' AND position = 0
                WHERE arrival.outcome = 'failed' ORDER BY arrival.finished DESC, arrival.id DESC LIMIT ?
                """, arguments: [max(0, count)]
        ).compactMap { row in
            guard let id = ScreeningID(row["id"]), let at = Timestamp(row["finished"] as String) else { return nil }
            return Overview.Failure(id: id, at: at, code: row["code"], detail: row["detail"])
        }
    }
}
