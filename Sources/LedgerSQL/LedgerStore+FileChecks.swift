public import Ledger
public import Screening

extension LedgerStore {
    /// How the regular reading of all files stands.
    public func fileChecks() throws(PapillaError) -> FileChecks {
        try read { db in
            func last(_ event: FileChecks.Event) throws -> (seq: Int64, at: Timestamp, pass: FileChecks.Pass)? {
                let row = try SQLRow.fetchOne(
                    db, sql: "SELECT * FROM audit WHERE event = ? ORDER BY seq DESC LIMIT 1", arguments: [event.rawValue])
                guard let entry = try row.map(AuditEntry.init), let detail = entry.detail else { return nil }
                return (entry.seq, entry.at, try CanonicalJSON.decode(FileChecks.Pass.self, from: detail.utf8))
            }
            let (verifying, verified) = (try last(.verifying), try last(.verified))
            let underWay = verifying.flatMap { $0.seq > verified?.seq ?? 0 ? $0.pass : nil }
            let rotten = try SQLRow.fetchAll(
                db,
                sql: """
                    SELECT subject, event FROM audit AS newest WHERE event IN ('rotten', 'sound')
                        AND seq = (SELECT max(seq) FROM audit AS every
                            WHERE every.subject = newest.subject AND every.event IN ('rotten', 'sound'))
                        AND NOT EXISTS (SELECT 1 FROM arrival WHERE id = newest.subject AND forgotten IS NOT NULL)
                    ORDER BY subject
                    """)
            return FileChecks(
                begun: underWay?.begun, after: underWay?.after, lastBegun: verified?.pass.begun, lastEnded: verified?.at,
                rotten: rotten.filter { $0["event"] == FileChecks.Event.rotten.rawValue }.compactMap {
                    ScreeningID($0["subject"])
                })
        }
    }

    /// Arrivals that have ended and are not forgotten, in the order of their IDs.
    public func ended(after id: ScreeningID?, limit: Int) throws(PapillaError) -> [ScreeningID] {
        try read { db in
            try String.fetchAll(
                db, sql: "SELECT id FROM arrival WHERE id > ? AND state = 'finished' AND forgotten IS NULL ORDER BY id LIMIT ?",
                arguments: [id?.description ?? "", limit]
            ).compactMap(ScreeningID.init)
        }
    }
}
