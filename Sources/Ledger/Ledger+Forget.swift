internal import GRDB
public import Screening

extension Ledger {
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
            let subject: StatementArguments = [id.description]
            try db.execute(
                sql: """
                    UPDATE arrival SET forgotten = ?, path = NULL, name = NULL, sidecar = NULL, patient = NULL, study = NULL, original = NULL
                    WHERE id = ?
                    """, arguments: [time.description, id.description])
            try db.execute(sql: "UPDATE screening SET bundle = NULL WHERE arrival = ?", arguments: subject)
            try db.execute(
                sql: "UPDATE decision SET note = NULL WHERE screening IN (SELECT id FROM screening WHERE arrival = ?)",
                arguments: subject)
            try db.execute(sql: "UPDATE audit SET detail = NULL WHERE subject = ? AND detail IS NOT NULL", arguments: subject)
            try AuditEntry.append(
                db, at: time, actor: actor, event: .forgotten, subject: id.description, detail: [String: String]())
        }
        // Until then the write-ahead log holds the pages as they were.
        fold()
    }
}
