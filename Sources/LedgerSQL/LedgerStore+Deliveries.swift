public import Ledger
public import Screening

// MARK: - What transactions of others call

extension LedgerStore {
    /// Makes a new version due to the targets of its ending, in the transaction that writes it down. Earlier versions that are still here go
    /// to them no more.
    ///
    /// - Returns: the rows that the transaction's audit entry must bind.
    static func makeDue(_ db: any SQLDatabase, _ end: Ending, screening: Int64, at time: Timestamp) throws -> [Binding.Key] {
        // What could not be read says nothing of anybody.
        guard end.report.outcome != .failed else { return [] }
        var rows: [Binding.Key] = []
        for terms in end.deliveries {
            rows += try change(
                db, to: .cancelled, .superseded, at: time,
                where:
                    "state IN ('due', 'withheld') AND target = ? AND screening IN (SELECT id FROM screening WHERE arrival = ?)",
                [terms.target, end.report.id.description])
            let why = terms.withholds(end.report)
            let number = try db.insert(
                sql: "INSERT INTO delivery (screening, target, state, why, due, changed) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    screening, terms.target, (why == nil ? DeliveryRow.State.due : .withheld).rawValue, why?.rawValue,
                    time.description, time.description,
                ])
            rows.append(.delivery(number))
        }
        return rows
    }

    /// Withholds what has not left the house of an arrival that a reader rejects.
    ///
    /// - Returns: the rows that the decision's audit entry must bind.
    static func withhold(_ db: any SQLDatabase, of id: ScreeningID, at time: Timestamp) throws -> [Binding.Key] {
        try change(
            db, to: .withheld, .rejected, at: time,
            where: """
                (state = 'due' OR state = 'withheld' AND why = 'identity_conflict')
                    AND screening IN (SELECT id FROM screening WHERE arrival = ?)
                """, [id.description])
    }

    /// Lets go of what was withheld until a reader accepts it.
    ///
    /// - Returns: the rows that the decision's audit entry must bind.
    static func release(_ db: any SQLDatabase, screening: Int64, at time: Timestamp) throws -> [Binding.Key] {
        let rows = try change(
            db, to: .due, nil, at: time,
            where: "state = 'withheld' AND why IN ('identity_conflict', 'rejected') AND screening = ?",
            [screening])
        // The time in which a target may take it begins now.
        try db.execute(
            sql: "UPDATE delivery SET due = ? WHERE state = 'due' AND changed = ? AND screening = ?",
            arguments: [time.description, time.description, screening])
        return rows
    }

    /// Cancels what has not left the house of an arrival that is forgotten.
    ///
    /// - Returns: every delivery of the arrival, for the audit entry to bind.
    static func cancelDeliveries(_ db: any SQLDatabase, of id: ScreeningID, at time: Timestamp) throws -> [Binding.Key] {
        let own = "screening IN (SELECT id FROM screening WHERE arrival = ?)"
        _ = try change(
            db, to: .cancelled, .forgotten, at: time, where: "state IN ('due', 'withheld') AND " + own, [id.description])
        return try Int64.fetchAll(db, sql: "SELECT id FROM delivery WHERE \(own) ORDER BY id", arguments: [id.description])
            .map(Binding.Key.delivery)
    }

    private static func change(
        _ db: any SQLDatabase, to state: DeliveryRow.State, _ why: DeliveryRow.Why?, at time: Timestamp, where condition: String,
        _ arguments: SQLArguments
    ) throws -> [Binding.Key] {
        let numbers = try Int64.fetchAll(
            db, sql: "SELECT id FROM delivery WHERE \(condition) ORDER BY id", arguments: arguments)
        for number in numbers {
            try db.execute(
                sql: "UPDATE delivery SET state = ?, why = ?, changed = ? WHERE id = ?",
                arguments: [state.rawValue, why?.rawValue, time.description, number])
        }
        return numbers.map(Binding.Key.delivery)
    }
}

// MARK: - Carrying out

extension LedgerStore {
    /// What must be carried to a target, in the order in which it became due by number.
    ///
    /// - Parameters:
    ///   - number: only those after it.
    ///   - moment: only those that became due then or later; nil: all.
    ///   - limit: at most so many.
    public func due(
        to target: String, after number: Int64, since moment: Timestamp?, limit: Int
    ) throws(PapillaError) -> [DeliveryRow] {
        try read { db in
            try SQLRow.fetchAll(
                db,
                sql: DeliveryRow.select
                    + " WHERE target = ? AND state = 'due' AND delivery.id > ? AND delivery.due >= ? ORDER BY delivery.id LIMIT ?",
                arguments: [target, number, moment?.description ?? "", limit]
            ).map(DeliveryRow.init)
        }
    }

    /// A delivery as it is now; nil where it is not due any more, or its arrival is being forgotten.
    public func due(_ number: Int64) throws(PapillaError) -> DeliveryRow? {
        try read { db in try Self.due(db, number) }
    }

    static func due(_ db: any SQLDatabase, _ number: Int64) throws -> DeliveryRow? {
        let row = try SQLRow.fetchOne(
            db, sql: DeliveryRow.select + " WHERE delivery.id = ? AND state = 'due'", arguments: [number]
        ).map(DeliveryRow.init)
        guard let row, try !isBeingForgotten(db, row.arrival) else { return nil }
        return row
    }

    /// Writes down that a target has what was due to it.
    ///
    /// - Throws: `refused` where it was not due when it was begun: what a reader rejected meanwhile is there all the same.
    public func deliver(_ number: Int64) throws(PapillaError) {
        struct Detail: Encodable {
            var delivery: Int64
            var target: String
            var version: Int
        }
        let time = now()
        try write { db in
            let row = try Self.mustBeDue(db, number, "A delivery that is %@ was carried out", orRejected: true)
            try letGoOfDelivery(db, of: row.arrival)
            _ = try Self.change(db, to: .delivered, nil, at: time, where: "id = ?", [number])
            try AuditEntry.append(
                db, at: time, actor: service, event: .delivered, subject: row.arrival.description,
                detail: Detail(delivery: number, target: row.target, version: row.version), rows: [.delivery(number)])
        }
    }

    /// Has what is due tried again: it counts as due from now on, and is no longer given up.
    ///
    /// - Parameter actor: `user@uid` who asked for it.
    /// - Throws: `refused` where it was not due.
    public func tryAgain(_ number: Int64, actor: String) throws(PapillaError) {
        struct Detail: Encodable {
            var delivery: Int64
            var target: String
        }
        let time = now()
        try write { db in
            let row = try Self.mustBeDue(db, number, "A delivery that is %@ was to be tried again")
            try db.execute(
                sql: "UPDATE delivery SET due = ?, changed = ? WHERE id = ?",
                arguments: [time.description, time.description, number])
            try AuditEntry.append(
                db, at: time, actor: actor, event: "delivery_again", subject: row.arrival.description,
                detail: Detail(delivery: number, target: row.target), rows: [.delivery(number)])
        }
    }

    /// - Parameter refusal: with `%@` for the state that it is in.
    private static func mustBeDue(
        _ db: any SQLDatabase, _ number: Int64, _ refusal: String, orRejected: Bool = false
    ) throws -> DeliveryRow {
        guard let found = try SQLRow.fetchOne(db, sql: DeliveryRow.select + " WHERE delivery.id = ?", arguments: [number]) else {
            throw PapillaError(.notFound, "The ledger has no such delivery", place: "delivery \(number)")
        }
        let row = try DeliveryRow(found)
        guard row.state == .due || orRejected && row.why == .rejected else {
            throw PapillaError(
                .refused, refusal.replacing("%@", with: row.state.rawValue), place: row.arrival.description)
        }
        return row
    }

    /// Whether a target was ever given anything.
    public func hasDelivered(to target: String) throws(PapillaError) -> Bool {
        try read { db in
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM delivery WHERE target = ? AND state = 'delivered')", arguments: [target])
        } ?? false
    }
}

// MARK: - How it stands

extension LedgerStore {
    /// Deliveries, the earliest first.
    ///
    /// - Parameters:
    ///   - id: only of this arrival.
    ///   - target: only to this target.
    ///   - states: only in one of these.
    ///   - limit: at most so many, the latest.
    public func deliveries(
        of id: ScreeningID?, to target: String?, in states: Set<DeliveryRow.State>?, limit: Int?
    ) throws(PapillaError) -> [DeliveryRow] {
        var conditions = ["1 = 1"]
        var arguments = SQLArguments()
        for (condition, value) in [("screening.arrival = ?", id?.description), ("target = ?", target)] {
            guard let value else { continue }
            conditions.append(condition)
            arguments += [value]
        }
        if let states, states.isEmpty { return [] }
        if let states { conditions.append("state IN (\(states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")))") }
        let sql =
            DeliveryRow.select + " WHERE \(conditions.joined(separator: " AND ")) ORDER BY delivery.id DESC"
            + (limit.map { " LIMIT \(max(0, $0))" } ?? "")
        return try read { db in try SQLRow.fetchAll(db, sql: sql, arguments: arguments).reversed().map(DeliveryRow.init) }
    }

    /// How deliveries stand, target by target.
    ///
    /// - Parameter limits: by target, the moment before which what became due is given up.
    public func deliveryCounts(givingUp limits: [String: Timestamp]) throws(PapillaError) -> [DeliveryCounts] {
        try read { db in try Self.deliveryCounts(db, givingUp: limits) }
    }

    static func deliveryCounts(_ db: any SQLDatabase, givingUp limits: [String: Timestamp]) throws -> [DeliveryCounts] {
        var counts: [String: DeliveryCounts] = [:]
        let rows = try SQLRow.fetchAll(
            db, sql: "SELECT target, state, count(*) AS count, min(due) AS first FROM delivery GROUP BY target, state")
        for row in rows {
            let (target, count): (String, Int) = (row["target"], row["count"])
            switch DeliveryRow.State(rawValue: row["state"]) {
            case .due:
                counts[target, default: .init(target: target)].due = count
                counts[target]?.oldestDue = Timestamp(row["first"] as String)
            case .withheld: counts[target, default: .init(target: target)].withheld = count
            case .delivered: counts[target, default: .init(target: target)].delivered = count
            case .cancelled: counts[target, default: .init(target: target)].cancelled = count
            case nil: continue
            }
        }
        for (target, limit) in limits where counts[target] != nil {
            let count = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM delivery WHERE target = ? AND state = 'due' AND due < ?",
                arguments: [target, limit.description])
            counts[target]?.givenUp = count ?? 0
        }
        return counts.values.sorted { $0.target < $1.target }
    }

    /// Deliveries of the arrivals received on a day, or of all, by state.
    public nonisolated func deliveryStates(day: String?) throws(PapillaError) -> [DeliveryRow.State: Int] {
        let range = day == nil ? "" : " JOIN arrival ON arrival.id = screening.arrival WHERE received >= ? AND received < ?"
        let arguments = SQLArguments(day.map { [$0 + "T", $0 + "U"] } ?? [])
        return try read { db in
            let rows = try SQLRow.fetchAll(
                db,
                sql: """
                    SELECT delivery.state AS state, count(*) AS count FROM delivery JOIN screening ON screening.id = delivery.screening\(range)
                    GROUP BY delivery.state
                    """, arguments: arguments)
            return Dictionary(
                uniqueKeysWithValues: rows.compactMap { row in
                    DeliveryRow.State(rawValue: row["state"]).map { ($0, row["count"]) }
                })
        }
    }

    /// How many deliveries of the arrivals received on a day, or of all, are given up.
    public nonisolated func givenUp(day: String?, before limits: [String: Timestamp]) throws(PapillaError) -> Int {
        let range = day == nil ? "" : " JOIN arrival ON arrival.id = screening.arrival AND received >= ? AND received < ?"
        return try read { db in
            try limits.reduce(0) { sum, limit in
                let arguments =
                    SQLArguments(day.map { [$0 + "T", $0 + "U"] } ?? []) + [limit.key, limit.value.description]
                let count = try Int.fetchOne(
                    db,
                    sql: """
                        SELECT count(*) FROM delivery JOIN screening ON screening.id = delivery.screening\(range)
                        WHERE delivery.target = ? AND delivery.state = 'due' AND delivery.due < ?
                        """, arguments: arguments)
                return sum + (count ?? 0)
            }
        }
    }

    /// Sentence, and the query of the arrivals for which it is not true. See `violatedInvariants`.
    static let deliveryInvariants: [(String, String)] = [
        (
            "a delivery was made where, and only where, the audit says so",
            """
            SELECT screening.arrival FROM delivery JOIN screening ON screening.id = delivery.screening
                JOIN arrival ON arrival.id = screening.arrival AND forgotten IS NULL
            WHERE (delivery.state = 'delivered') <> EXISTS (
                SELECT 1 FROM audit WHERE subject = screening.arrival AND event = 'delivered'
                    AND CAST(\(AuditEntry.told("delivery")) AS BIGINT) = delivery.id)
            """
        ),
        (
            "nothing of a forgotten arrival is still to be delivered, and nothing else was cancelled for that",
            """
            SELECT arrival.id FROM delivery JOIN screening ON screening.id = delivery.screening
                JOIN arrival ON arrival.id = screening.arrival
            WHERE (forgotten IS NOT NULL AND delivery.state IN ('due', 'withheld')) OR (forgotten IS NULL AND why = 'forgotten')
            """
        ),
        (
            "a version goes to a target until a later one does",
            """
            SELECT screening.arrival FROM delivery JOIN screening ON screening.id = delivery.screening
            WHERE (delivery.state IN ('due', 'withheld') OR why = 'superseded') AND (coalesce(why, '') = 'superseded') <> EXISTS (
                SELECT 1 FROM screening AS later JOIN delivery AS newer ON newer.screening = later.id
                WHERE later.arrival = screening.arrival AND later.version > screening.version AND newer.target = delivery.target)
            """
        ),
        (
            "what could not be read goes nowhere",
            "SELECT arrival FROM delivery JOIN screening ON screening.id = delivery.screening WHERE outcome = 'failed'"
        ),
    ]
}
