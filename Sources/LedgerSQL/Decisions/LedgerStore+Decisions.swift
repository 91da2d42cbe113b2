public import Ledger
public import Screening

extension LedgerStore {
    /// Writes down that a reader accepts or rejects the newest version of a screening, with its audit entry in one transaction.
    ///
    /// - Parameter actor: `user@uid` of the process that asked for it.
    /// - Throws: `notFound`; `refused` where the arrival has not ended or was forgotten, where something else than the newest was seen,
    ///   and while a correction is under way; `internal` for a correction, which has its own way.
    public func decide(_ decision: NewDecision, actor: String) throws(PapillaError) -> DecisionRow {
        guard decision.verdict != .correct else { throw PapillaError(.internal, "A correction was written down as a decision") }
        let time = now()
        return try write { db in
            let shown = try Self.shown(db, for: decision)
            try Self.noteVisits(db, with: decision.arrival, at: time)
            let deliveries =
                decision.verdict == .accept
                ? try Self.release(db, screening: shown.rowID, at: time) : try Self.withhold(db, of: decision.arrival, at: time)
            return try Self.insert(
                db, decision, shown: shown.rowID, result: nil, actor: actor, at: time, rows: deliveries
            ) { number in
                DecisionDetail(decision, number: number, version: shown.version)
            }
        }
    }

    /// Every decision on an arrival, in their order; the last one counts.
    public nonisolated func decisions(of id: ScreeningID) throws(PapillaError) -> [DecisionRow] {
        try read { db in try DecisionRow.all(db, of: id) }
    }

    /// The row of the version that a decision is about, and its number.
    static func shown(_ db: any SQLDatabase, for decision: NewDecision) throws -> (rowID: Int64, version: Int) {
        let id = decision.arrival
        return try newestVersion(db, of: id) { version in
            guard let seen = decision.seen else { return }
            let earlier = try DecisionRow.all(db, of: id)
            guard seen == Seen(version: version, decisions: earlier.count) else {
                let words =
                    seen.decisions == earlier.count
                    ? "It was read again"
                    : earlier.last.map { "\($0.reader) decided at \($0.minute) UTC (\($0.verdict.rawValue)ed)" }
                        ?? "It was read again"
                throw PapillaError(
                    .refused, "\(words), after what you saw", place: id.description,
                    hint: "Look at the newest version, then decide")
            }
        }
    }

    /// The row of the newest version, and its number; refused where none may follow it now.
    ///
    /// - Parameter check: refuses a version for another reason.
    static func newestVersion(
        _ db: any SQLDatabase, of id: ScreeningID, check: (Int) throws -> Void = { _ in }
    ) throws -> (rowID: Int64, version: Int) {
        guard let arrival = try ArrivalRow.fetch(db, id) else {
            throw PapillaError(.notFound, "The ledger has no arrival of this ID", place: id.description)
        }
        guard arrival.state == .finished, arrival.forgotten == nil else {
            throw PapillaError(
                .refused,
                arrival.forgotten == nil
                    ? "This arrival is still being screened" : "This arrival was forgotten: nothing of it is left to decide on",
                place: id.description, isRetryable: arrival.forgotten == nil)
        }
        guard try !isBeingForgotten(db, id) else {
            throw PapillaError(
                .refused, "This arrival is being forgotten: nothing of it is left to decide on", place: id.description)
        }
        let newest = try SQLRow.fetchOne(
            db, sql: "SELECT id, version FROM screening WHERE arrival = ? ORDER BY version DESC LIMIT 1",
            arguments: [id.description])
        guard let newest else { throw PapillaError(.damaged, "A finished arrival has no screening", place: id.description) }
        try check(newest["version"])
        guard try String.fetchOne(db, sql: "SELECT arrival FROM correction WHERE arrival = ?", arguments: [id.description]) == nil
        else {
            throw PapillaError(
                .refused, "A new version of this screening is being published", place: id.description,
                hint: "Look again in a moment", isRetryable: true)
        }
        return (newest["id"], newest["version"])
    }

    /// Adds a decision and its audit entry.
    static func insert(
        _ db: any SQLDatabase, _ decision: NewDecision, shown: Int64, result: Int64?, actor: String, at time: Timestamp,
        rows: [Binding.Key] = [], detail: (Int64) -> some Encodable
    ) throws -> DecisionRow {
        let number = try db.insert(
            sql: """
                INSERT INTO decision (screening, reader, verdict, note, actor, result, at, blind) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                shown, decision.reader, decision.verdict.rawValue, decision.note, actor, result, time.description, decision.blind,
            ])
        try AuditEntry.append(
            db, at: time, actor: actor, event: result == nil ? .decided : .corrected, subject: decision.arrival.description,
            detail: detail(number), rows: rows + [.decision(number)])
        guard let row = try SQLRow.fetchOne(db, sql: DecisionRow.select + " WHERE decision.id = ?", arguments: [number]) else {
            throw PapillaError(.internal, "A decision is gone as soon as it was written", place: decision.arrival.description)
        }
        return try DecisionRow(row)
    }
}
