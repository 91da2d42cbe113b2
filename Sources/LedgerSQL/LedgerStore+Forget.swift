internal import Ledger
public import Screening

extension LedgerStore {
    /// Writes down that an arrival is about to be forgotten, before anything of it is removed: no later version is begun from then on.
    ///
    /// - Parameter actor: `user@uid` who asked for it.
    /// - Throws: `refused` where another station is publishing a later version of it, or carries a result of it to a target.
    public func beginForgetting(_ id: ScreeningID, actor: String) throws(PapillaError) {
        let (time, own) = (now(), ownArrivals)
        try write { db in
            let elsewhere = try String.fetchOne(
                db,
                sql: """
                    SELECT arrival.id FROM correction JOIN arrival ON arrival.id = correction.arrival
                    WHERE correction.arrival = ? AND NOT \(own)
                    """, arguments: [id.description])
            guard elsewhere == nil else {
                throw PapillaError(
                    .refused, "A new version of this screening is being published by another station", place: id.description,
                    hint: "Try again in a moment", isRetryable: true)
            }
            if let other = try carrier(db, of: id) {
                throw PapillaError(
                    .refused, "The station \(other) is giving a result of this screening to a target", place: id.description,
                    hint: "Try again in a moment", isRetryable: true)
            }
            // From now on it is this station's to end, or of who takes over from it.
            if try ArrivalRow.fetch(db, id)?.forgotten == nil { try take(db, id) }
            try AuditEntry.append(
                db, at: time, actor: actor, event: "forgetting", subject: id.description, detail: [String: String]())
        }
    }

    /// Forgets whom an arrival was of: its names, paths, subject and study, and the details of its audit entries. Counts, outcome,
    /// figures and digests stay, and the audit's chain still verifies. The subject itself goes with the last row that is of it.
    ///
    /// Remove its bundle and original first: afterwards the ledger no longer knows where they are (`audit verify` says if they remain).
    /// Calling it again does nothing.
    /// - Parameter actor: `user@uid` who asked for it.
    /// - Throws: `notFound`; `refused` where the arrival has not ended.
    public func forget(_ id: ScreeningID, actor: String) throws(PapillaError) {
        let time = now()
        try write { db in
            guard let arrival = try ArrivalRow.fetch(db, id) else {
                throw PapillaError(.notFound, "The ledger has no arrival of this ID", place: id.description)
            }
            guard arrival.state == .finished else {
                throw PapillaError(.refused, "Only an arrival that has ended can be forgotten", place: id.description)
            }
            try letGo(db, id)
            guard arrival.forgotten == nil else { return }
            let subject: SQLArguments = [id.description]
            let whose = try Subject.numbers(db, in: "arrival", of: id)
            try Self.noteVisits(db, of: whose, at: time)
            try db.execute(
                sql: """
                    UPDATE arrival SET forgotten = ?, path = NULL, name = NULL, sidecar = NULL, subject = NULL, study = NULL, original = NULL,
                        accession = NULL, operator = NULL, equipment = NULL, taken = NULL
                    WHERE id = ?
                    """, arguments: [time.description, id.description])
            try Subject.release(db, whose)
            try db.execute(sql: "UPDATE screening SET bundle = NULL WHERE arrival = ?", arguments: subject)
            try db.execute(
                sql: "UPDATE decision SET note = NULL WHERE screening IN (SELECT id FROM screening WHERE arrival = ?)",
                arguments: subject)
            let deliveries = try Self.cancelDeliveries(db, of: id, at: time)
            if let number = whose.first { try disown(db, before: arrival, of: number, actor: actor, at: time) }
            // First the entry that proves the blanks: the file itself refuses one without it.
            try AuditEntry.append(
                db, at: time, actor: actor, event: .forgotten, subject: id.description, detail: [String: String](),
                rows: try Binding.Key.all(db, of: id.description) + deliveries)
            try db.execute(
                sql: "UPDATE audit SET detail = NULL WHERE subject = ? AND detail IS NOT NULL AND event <> 'forgotten'",
                arguments: subject)
        }
        // Until then the write-ahead log holds the pages as they were.
        fold()
    }

    /// Notes that earlier arrivals of the same content are not of whom they were said to be: once the last word on it is forgotten, nothing
    /// else would say so.
    ///
    /// - Parameter number: of whom that last word was.
    private func disown(
        _ db: any SQLDatabase, before arrival: ArrivalRow, of number: Int64, actor: String, at time: Timestamp
    ) throws {
        guard let sha256 = arrival.sha256 else { return }
        let wrong = try String.fetchAll(
            db,
            sql: """
                SELECT id FROM arrival WHERE sha256 = ? AND (received, id) < (?, ?) AND subject <> ? AND NOT \(Self.isDisowned)
                ORDER BY received, id
                """, arguments: [sha256.description, arrival.received.description, arrival.id.description, number])
        for id in wrong {
            try AuditEntry.append(
                db, at: time, actor: actor, event: .disowned, subject: id, detail: [String: String]())
        }
    }

    /// Whether an arrival is not of its subject, as SQL over a table `arrival`: who it is of was forgotten.
    static let isDisowned =
        "EXISTS (SELECT 1 FROM audit WHERE audit.subject = arrival.id AND audit.event = 'disowned')"

    /// Whether an arrival came again, byte for byte, as another subject's: then the site has corrected whose it is.
    static let isAnothers = """
        (EXISTS (SELECT 1 FROM arrival AS again
            WHERE again.sha256 = arrival.sha256 AND (again.received, again.id) > (arrival.received, arrival.id)
                AND again.outcome IS NOT NULL AND again.subject <> arrival.subject) OR \(isDisowned))
        """

    /// Whether an arrival's forgetting was begun and has not ended.
    static func isBeingForgotten(_ db: any SQLDatabase, _ id: ScreeningID) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (
                    SELECT 1 FROM audit JOIN arrival ON arrival.id = audit.subject
                    WHERE audit.subject = ? AND event = 'forgetting' AND arrival.forgotten IS NULL)
                """, arguments: [id.description]) ?? false
    }

    /// Arrivals whose forgetting this service began, or one that it took over from, and did not end, and who asked for it.
    public func halfForgotten() throws(PapillaError) -> [(id: ScreeningID, actor: String)] {
        let own = ownArrivals
        return try read { db in
            try SQLRow.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT audit.subject AS subject, actor FROM audit JOIN arrival ON arrival.id = audit.subject
                    WHERE event = 'forgetting' AND arrival.forgotten IS NULL AND \(own)
                    """
            ).compactMap { row in ScreeningID(row["subject"]).map { ($0, row["actor"]) } }
        }
    }

    /// Other arrivals of the same patient or the same image whose names are still known, oldest first.
    public func related(to id: ScreeningID) throws(PapillaError) -> [ScreeningID] {
        try read { db in
            try String.fetchAll(db, sql: Self.relatedArrivals, arguments: [id.description]).compactMap(ScreeningID.init)
        }
    }

    /// The same patient is who has the same number, whoever gave it: one of two sources may not have said who.
    package static let relatedArrivals = """
        SELECT other.id FROM arrival AS this LEFT JOIN subject AS own ON own.number = this.subject JOIN arrival AS other
            ON other.sha256 = this.sha256
                OR other.subject IN (SELECT same.number FROM subject AS same WHERE same.identifier = own.identifier)
        WHERE this.id = ? AND other.id <> this.id AND other.forgotten IS NULL ORDER BY other.received, other.id
        """
}
