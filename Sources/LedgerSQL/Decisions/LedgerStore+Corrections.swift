public import Ledger
public import Screening

extension LedgerStore {
    /// Writes down that the next version of a screening is about to be published, before it is: whatever stops the process then, the next
    /// start finds the bundle and concludes, or finds none and gives up.
    ///
    /// - Parameter version: the one that will be published.
    /// - Throws: as `decide`; `refused` also where another correction came first, and for a blind one where anybody has decided on the
    ///   image already: from then on its result is shown to everyone.
    public func beginCorrection(_ decision: NewDecision, version: Int, actor: String) throws(PapillaError) {
        try begin(version, of: decision.arrival, .correcting, actor: actor) { db in
            let shown = try Self.shown(db, for: decision)
            if decision.blind { try Self.refuseIfDecided(db, decision.arrival) }
            return shown
        }
    }

    /// Writes down that a later version is about to be published.
    ///
    /// - Parameter newest: finds the version that it follows, and refuses where none may.
    func begin(
        _ version: Int, of id: ScreeningID, _ event: AuditEntry.Event, actor: String,
        after newest: (any SQLDatabase) throws -> (rowID: Int64, version: Int)
    ) throws(PapillaError) {
        let time = now()
        try write { db in
            let former = try newest(db).version
            guard former + 1 == version else {
                throw PapillaError(
                    .refused, "Another version came first: the newest version is \(former)", place: id.description,
                    hint: "Look at the newest version, then decide")
            }
            try db.execute(
                sql: "INSERT INTO correction (arrival, version, actor, at) VALUES (?, ?, ?, ?)",
                arguments: [id.description, version, actor, time.description])
            try take(db, id)
            try AuditEntry.append(
                db, at: time, actor: actor, event: event, subject: id.description, detail: ["version": version],
                rows: [.correction(of: id)])
        }
    }

    /// Writes a published correction down: the new version with its findings, the decision, and the arrival's outcome, in one transaction.
    ///
    /// - Parameter end: of the new version, its report with the decision; `original` does not matter.
    /// - Throws: `internal` where no such correction was begun.
    public func concludeCorrection(_ end: Ending) throws(PapillaError) -> DecisionRow {
        guard let given = end.report.decision else {
            throw PapillaError(.internal, "A correction ended without a decision", place: end.report.id.description)
        }
        return try conclude(end, at: given.at) { db, rows, actor in
            try Self.insertCorrection(db, end, actor: actor, rows: rows)
        }
    }

    /// Writes down a later version that was begun and is published.
    ///
    /// - Parameter entry: adds the audit entry of the rows, by who asked for the version.
    func conclude<Value>(
        _ end: Ending, at time: Timestamp, entry: (any SQLDatabase, [Binding.Key], String) throws -> Value
    ) throws(PapillaError) -> Value {
        let report = end.report
        let id = report.id
        return try write { db in
            let begun = try SQLRow.fetchOne(
                db, sql: "SELECT * FROM correction WHERE arrival = ? AND version = ?",
                arguments: [id.description, report.version])
            guard let begun else { throw PapillaError(.internal, "A version ended that was not begun", place: id.description) }
            let rows = try self.insertScreening(db, end, image: report.source.sha256, at: time)
            try db.execute(
                sql: "UPDATE arrival SET outcome = ? WHERE id = ?", arguments: [report.outcome.rawValue, id.description])
            try db.execute(sql: "DELETE FROM correction WHERE arrival = ?", arguments: [id.description])
            try Self.noteVisits(db, with: id, at: time)
            try letGo(db, id)
            return try entry(db, rows + [.correction(of: id)], begun["actor"])
        }
    }

    /// Adds the decision that made a later version, whose screening is there already, with its findings: `rows`.
    @discardableResult
    static func insertCorrection(_ db: any SQLDatabase, _ end: Ending, actor: String, rows: [Binding.Key]) throws -> DecisionRow {
        let report = end.report
        func row(_ version: Int) throws -> Int64? {
            try Int64.fetchOne(
                db, sql: "SELECT id FROM screening WHERE arrival = ? AND version = ?",
                arguments: [report.id.description, version])
        }
        guard let given = report.decision, let shown = try row(report.version - 1), let made = try row(report.version) else {
            throw PapillaError(.internal, "A later version has no decision or no earlier version", place: report.id.description)
        }
        let decision = try NewDecision(
            report.id, reader: given.reader, verdict: given.verdict, note: given.note, blind: given.blind)
        return try insert(
            db, decision, shown: shown, result: made, actor: actor, at: given.at, rows: rows + [.arrival(report.id)]
        ) { number in
            var detail = DecisionDetail(decision, number: number, version: report.version - 1)
            (detail.result, detail.outcome, detail.bundle) = (report.version, report.outcome, end.bundle)
            detail.bundleDigest = end.bundleDigest
            return detail
        }
    }

    private static func refuseIfDecided(_ db: any SQLDatabase, _ id: ScreeningID) throws {
        let decided = try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (SELECT 1 FROM decision JOIN screening AS shown ON shown.id = decision.screening
                    JOIN arrival ON arrival.id = ? WHERE shown.arrival = arrival.id OR shown.sha256 = arrival.sha256)
                """, arguments: [id.description])
        guard decided == false else {
            throw PapillaError(
                .refused, "Somebody has decided on this image: its result is no secret any more", place: id.description,
                hint: "Look at the newest version, then decide")
        }
    }

    /// Writes down that a correction that was begun did not come about: its bundle is not in the outbox.
    public func abandonCorrection(of id: ScreeningID) throws(PapillaError) {
        let time = now()
        try write { db in
            let changes = try db.execute(sql: "DELETE FROM correction WHERE arrival = ?", arguments: [id.description])
            guard changes > 0 else { return }
            // Who forgets it still has it in hand.
            if try !Self.isBeingForgotten(db, id) { try letGo(db, id) }
            try AuditEntry.append(
                db, at: time, actor: service, event: .abandoned, subject: id.description, detail: [String: String](),
                rows: [.correction(of: id)])
        }
    }

    /// Corrections that this service began and has not ended.
    public func pendingCorrections() throws(PapillaError) -> [PendingCorrection] {
        let own = ownArrivals
        return try read { db in
            try SQLRow.fetchAll(
                db,
                sql: """
                    SELECT arrival.id, arrival.received, correction.version FROM correction JOIN arrival ON arrival.id = correction.arrival
                    WHERE \(own)
                    """
            ).compactMap { row in
                guard let id = ScreeningID(row["id"]), let received = Timestamp(row["received"] as String) else { return nil }
                return PendingCorrection(arrival: id, version: row["version"], received: received)
            }
        }
    }
}
