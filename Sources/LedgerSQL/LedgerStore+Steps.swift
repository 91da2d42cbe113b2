public import Ledger
public import Screening

extension LedgerStore {
    /// Writes an arrival down, before its file moves. State: `received`.
    ///
    /// - Throws: `refused` where the ID is taken (draw another); `system` where it could not be written.
    public func receive(_ new: NewArrival) throws(PapillaError) {
        struct Detail: Encodable {
            var path: String, name: String, urgent: Bool
        }
        let time = now()
        try write { db in
            guard try String.fetchOne(db, sql: "SELECT id FROM arrival WHERE id = ?", arguments: [new.id.description]) == nil
            else {
                throw PapillaError(.refused, "The ID is taken: an arrival is received once", place: new.id.description)
            }
            try db.execute(
                sql: """
                    INSERT INTO arrival (id, path, name, urgent, received, device, inode, state, changed)
                    VALUES (?, ?, ?, ?, ?, ?, ?, 'received', ?)
                    """,
                arguments: [
                    new.id.description, new.path, new.name, new.isUrgent, new.received.description, Int64(bitPattern: new.device),
                    Int64(bitPattern: new.inode), time.description,
                ])
            try take(db, new.id)
            try AuditEntry.append(
                db, at: time, actor: service, event: .received, subject: new.id.description,
                detail: Detail(path: new.path, name: new.name, urgent: new.isUrgent), rows: [.arrival(new.id)])
        }
    }

    /// Writes down that an arrival's file is in the spool, and its content. State: `claimed`.
    ///
    /// From `received`, or from `waiting` where the file has changed since (the rest of it came).
    /// - Throws: `notFound`, or `refused` from another state.
    public func claim(_ id: ScreeningID, _ claim: Claim) throws(PapillaError) {
        struct Detail: Encodable {
            var spool: String, sha256: Digest?, bytes: Int, sidecar: String?, examination: Examination, last: Bool
        }
        let time = now()
        let examination = claim.identification.examination
        try write { db in
            let arrival = try ArrivalRow.fetch(db, id, for: .claim)
            let former = try Subject.numbers(db, in: "arrival", of: id)
            let subject = try claim.identification.subject.map { try Subject.number(db, of: $0) }
            if let sha256 = claim.sha256 { try Self.know(db, image: sha256, bytes: claim.bytes, at: time) }
            try db.execute(
                sql: """
                    UPDATE arrival SET state = 'claimed', changed = ?, waits_for = NULL, spool = ?, sha256 = ?, bytes = ?, sidecar = ?, sidecar_sha256 = ?,
                        subject = ?, study = ?, accession = ?, operator = ?, equipment = ?, taken = ?, eye = ?, eye_from = ?,
                        last = ? WHERE id = ?
                    """,
                arguments: [
                    time.description, claim.spool, claim.sha256?.description, claim.bytes, claim.sidecar,
                    claim.sidecarDigest?.description,
                    subject, examination.study, examination.accession, examination.operatorName, examination.device,
                    examination.taken?.description, examination.eye.value.rawValue, examination.eye.whence?.rawValue,
                    claim.identification.isLast, id.description,
                ])
            // The file is out of the inbox: what comes under its path now is another one.
            if let path = arrival.path { try release(db, path) }
            try Subject.release(db, former)
            try AuditEntry.append(
                db, at: time, actor: service, event: .claimed, subject: id.description,
                detail: Detail(
                    spool: claim.spool, sha256: claim.sha256, bytes: claim.bytes, sidecar: claim.sidecar,
                    examination: examination,
                    last: claim.identification.isLast),
                rows: [.arrival(id)] + (claim.sha256.map { [.image($0)] } ?? []))
        }
    }

    /// Makes sure that an image has its row.
    static func know(_ db: any SQLDatabase, image: Digest, bytes: Int, at time: Timestamp) throws {
        try db.execute(
            sql: "INSERT INTO image (sha256, bytes, first_seen) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
            arguments: [image.description, bytes, time.description])
    }

    /// Writes down that a reading begins, before the file is opened. State: `reading`.
    ///
    /// - Parameter attempt: its number, by who counts: one of this number that was begun already is not begun again. Nil: one more.
    /// - Returns: the attempts without an end so far, this one included: more than one means that the process died in the ones before.
    /// - Throws: `notFound`, or `refused` before the claim and after the end.
    public func begin(_ id: ScreeningID, attempt: Int?) throws(PapillaError) -> Int {
        let time = now()
        return try write { db in
            let arrival = try ArrivalRow.fetch(db, id, for: .begin)
            if arrival.state == .reading, arrival.attempts == attempt { return arrival.attempts }
            let attempts = arrival.attempts + 1
            try db.execute(
                sql: "UPDATE arrival SET state = 'reading', changed = ?, waits_for = NULL, attempts = ? WHERE id = ?",
                arguments: [time.description, attempts, id.description])
            try AuditEntry.append(
                db, at: time, actor: service, event: .begun, subject: id.description, detail: ["attempt": attempts],
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
                db, at: time, actor: service, event: .waiting, subject: id.description, detail: ["for": what],
                rows: [.arrival(id)])
        }
    }
}
