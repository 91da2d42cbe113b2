public import Ledger
public import Screening

extension LedgerStore {
    /// How the work stands now.
    ///
    /// - Parameters:
    ///   - failures: how many of the latest failures to name.
    ///   - limits: by target, the moment before which what became due is given up.
    public nonisolated func overview(failures: Int, givingUp limits: [String: Timestamp]) throws(PapillaError) -> Overview {
        let time = now()
        let hour = Timestamp(milliseconds: time.milliseconds - 3_600_000).description
        let day = Timestamp(milliseconds: time.milliseconds - 86_400_000).description
        return try read { db in
            func count(_ sql: String, _ arguments: SQLArguments = []) throws -> Int {
                try Int.fetchOne(db, sql: "SELECT count(*) FROM arrival WHERE " + sql, arguments: arguments) ?? 0
            }
            var states = Dictionary(uniqueKeysWithValues: ArrivalState.allCases.map { ($0.rawValue, 0) })
            var outcomes = Dictionary(uniqueKeysWithValues: Outcome.allCases.map { ($0.rawValue, 0) })
            for row in try SQLRow.fetchAll(
                db, sql: "SELECT outcome, count(*) AS count FROM arrival WHERE outcome IS NOT NULL GROUP BY outcome")
            {
                outcomes[row["outcome"]] = row["count"]
            }
            for row in try SQLRow.fetchAll(
                db, sql: "SELECT state, count(*) AS count FROM arrival WHERE state <> 'finished' GROUP BY state")
            {
                states[row["state"]] = row["count"]
            }
            states[ArrivalState.finished.rawValue] = outcomes.values.reduce(0, +)
            return Overview(
                states: states, outcomes: outcomes, waits: try Self.waits(db), oldestPending: try Self.oldestPending(db),
                failures: try Self.latestFailures(db, failures), finishedLastHour: try count("finished > ?", [hour]),
                finishedLastDay: try count("finished > ?", [day]), receivedLastDay: try count("received > ?", [day]),
                deliveries: try Self.deliveryCounts(db, givingUp: limits))
        }
    }

    /// What came first of all that has not ended; nil where everything has.
    public nonisolated func oldestPending() throws(PapillaError) -> Overview.Oldest? {
        try read { db in try Self.oldestPending(db) }
    }

    private static func waits(_ db: any SQLDatabase) throws -> [Overview.Wait] {
        try SQLRow.fetchAll(
            db,
            sql: """
                SELECT waits_for, count(*) AS count, min(changed) AS since FROM arrival WHERE state <> 'finished' AND state = 'waiting'
                GROUP BY waits_for ORDER BY count DESC, since
                """
        ).compactMap { row in
            Timestamp(row["since"] as String).map { Overview.Wait(what: row["waits_for"], count: row["count"], since: $0) }
        }
    }

    private static func oldestPending(_ db: any SQLDatabase) throws -> Overview.Oldest? {
        try SQLRow.fetchOne(db, sql: ArrivalRow.select + " WHERE state <> 'finished' ORDER BY received, id LIMIT 1").map(
            ArrivalRow.init
        )
        .map { Overview.Oldest(id: $0.id, received: $0.received, state: $0.state) }
    }

    private static func latestFailures(_ db: any SQLDatabase, _ count: Int) throws -> [Overview.Failure] {
        try SQLRow.fetchAll(
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
