internal import Ledger
public import Screening

extension LedgerStore {
    /// Writes down that a failed arrival is read again as a new one. That happens once: the new arrival can be read again in its turn.
    ///
    /// - Parameters:
    ///   - station: whose copy of the original is meant; nil: there is one service.
    ///   - actor: `user@uid` who asked for it.
    /// - Throws: `notFound`; `refused` where the arrival did not fail, was forgotten or is being forgotten, or was read again before.
    public func requeue(_ id: ScreeningID, station: String?, actor: String) throws(PapillaError) {
        let time = now()
        try write { db in
            guard let arrival = try ArrivalRow.fetch(db, id) else {
                throw PapillaError(.notFound, "The ledger has no arrival of this ID", place: id.description)
            }
            guard arrival.outcome == .failed, arrival.forgotten == nil, try !Self.isBeingForgotten(db, id) else {
                throw PapillaError(
                    .refused, "Only a failed arrival that is not forgotten can be read again", place: id.description)
            }
            let before = try String.fetchOne(
                db, sql: "SELECT at FROM audit WHERE subject = ? AND event = 'requeued' ORDER BY seq LIMIT 1",
                arguments: [id.description])
            if let before {
                throw PapillaError(
                    .refused, "This arrival was read again already, at \(before)", place: id.description,
                    hint: "If that failed too, give the new arrival's ID")
            }
            var detail = ["as": "a new arrival"]
            detail["station"] = station
            try AuditEntry.append(
                db, at: time, actor: actor, event: "requeued", subject: id.description, detail: detail)
        }
    }

    /// The arrivals that were read again as new ones.
    public func requeued() throws(PapillaError) -> Set<ScreeningID> {
        try read { db in
            Set(
                try String.fetchAll(
                    db,
                    sql: """
                        SELECT id FROM arrival WHERE outcome = 'failed'
                            AND EXISTS (SELECT 1 FROM audit WHERE subject = arrival.id AND event = 'requeued')
                        """
                ).compactMap(ScreeningID.init))
        }
    }
}
