internal import Ledger
public import Screening

extension LedgerStore {
    /// Writes down that an arrival is about to be forgotten, before anything of it is removed: no later version is begun from then on.
    ///
    /// - Parameter actor: `user@uid` who asked for it.
    /// - Throws: `refused` where another station is publishing a later version of it.
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
            try AuditEntry.append(
                db, at: time, actor: actor, event: "forgetting", subject: id.description, detail: [String: String]())
        }
    }

    /// Forgets whom an arrival was of: its names, paths, patient and study, and the details of its audit entries. Counts, outcome,
    /// figures and digests stay, and the audit's chain still verifies.
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
            guard arrival.forgotten == nil else { return }
            let subject: SQLArguments = [id.description]
            try db.execute(
                sql: """
                    UPDATE arrival SET forgotten = ?, path = NULL, name = NULL, sidecar = NULL, patient = NULL, study = NULL, original = NULL,
                        issuer = NULL, accession = NULL, operator = NULL, equipment = NULL, taken = NULL
                    WHERE id = ?
                    """, arguments: [time.description, id.description])
            try db.execute(sql: "UPDATE screening SET bundle = NULL WHERE arrival = ?", arguments: subject)
            try db.execute(
                sql: "UPDATE decision SET note = NULL WHERE screening IN (SELECT id FROM screening WHERE arrival = ?)",
                arguments: subject)
            let deliveries = try Self.cancelDeliveries(db, of: id, at: time)
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

    /// Whether an arrival's forgetting was begun and has not ended.
    static func isBeingForgotten(_ db: any SQLDatabase, _ id: ScreeningID) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (
                    SELECT 1 FROM audit JOIN arrival ON arrival.id = subject
                    WHERE subject = ? AND event = 'forgetting' AND arrival.forgotten IS NULL)
                """, arguments: [id.description]) ?? false
    }

    /// Arrivals whose forgetting was begun and not ended, and who asked for it.
    public func halfForgotten() throws(PapillaError) -> [(id: ScreeningID, actor: String)] {
        try read { db in
            try SQLRow.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT subject, actor FROM audit JOIN arrival ON arrival.id = subject
                    WHERE event = 'forgetting' AND arrival.forgotten IS NULL
                    """
            ).compactMap { row in ScreeningID(row["subject"]).map { ($0, row["actor"]) } }
        }
    }

    /// Other arrivals of the same patient or the same image whose names are still known, oldest first.
    public func related(to id: ScreeningID) throws(PapillaError) -> [ScreeningID] {
        try read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT other.id FROM arrival AS this JOIN arrival AS other
                        ON other.id <> this.id AND (other.patient = this.patient OR other.sha256 = this.sha256)
                    WHERE this.id = ? AND other.forgotten IS NULL ORDER BY other.received, other.id
                    """, arguments: [id.description]
            ).compactMap(ScreeningID.init)
        }
    }
}
