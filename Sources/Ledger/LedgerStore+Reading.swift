internal import GRDB
public import Screening

extension LedgerStore {
    /// Writes down that a reading begins, before the file is opened. State: `reading`.
    ///
    /// - Returns: the attempts without an end so far, this one included: more than one means that the process died in the ones before.
    /// - Throws: `notFound`, or `refused` before the claim and after the end.
    public func begin(_ id: ScreeningID) throws(PapillaError) -> Int {
        let time = now()
        return try write { db in
            let attempts = try ArrivalRow.fetch(db, id, for: .begin).attempts + 1
            try db.execute(
                sql: "UPDATE arrival SET state = 'reading', changed = ?, waits_for = NULL, attempts = ? WHERE id = ?",
                arguments: [time.description, attempts, id.description])
            try AuditEntry.append(
                db, at: time, actor: "service", event: .begun, subject: id.description, detail: ["attempt": attempts],
                rows: [.arrival(id)])
            return attempts
        }
    }

    /// Writes down that an arrival waits for something that may come back. State: `waiting`.
    ///
    /// A reading that ends here did end: it does not count as an attempt that died.
    /// - Parameter what: what it waits for, in words that name no patient and no file: `space on the outbox's disk`.
    /// - Throws: `notFound`, or `refused` after the end.
    public func wait(_ id: ScreeningID, for what: String) throws(PapillaError) {
        let time = now()
        try write { db in
            let arrival = try ArrivalRow.fetch(db, id, for: .wait)
            // Waiting on for the same thing is no change of state.
            if arrival.state == .waiting, arrival.waitsFor == what { return }
            let attempts = arrival.state == .reading ? max(0, arrival.attempts - 1) : arrival.attempts
            try db.execute(
                sql: "UPDATE arrival SET state = 'waiting', changed = ?, waits_for = ?, attempts = ? WHERE id = ?",
                arguments: [time.description, what, attempts, id.description])
            try AuditEntry.append(
                db, at: time, actor: "service", event: .waiting, subject: id.description, detail: ["for": what],
                rows: [.arrival(id)])
        }
    }
}
