public import Ledger
public import Screening

extension LedgerStore {
    /// Writes down that the next version of a screening is about to be published, before it is.
    public func beginRereading(of id: ScreeningID, version: Int, actor: String) throws(PapillaError) {
        try begin(version, of: id, .rereading, actor: actor) { db in try Self.newestVersion(db, of: id) }
    }

    /// Writes a published version down with its findings, its deliveries and the arrival's outcome, in one transaction.
    public func concludeRereading(_ end: Ending) throws(PapillaError) {
        let time = now()
        try conclude(end, at: time) { db, rows, actor in try Self.insertRereading(db, end, actor: actor, at: time, rows: rows) }
    }

    /// Adds the audit entry of a version by later models, whose screening is there already, with its findings: `rows`.
    static func insertRereading(_ db: any SQLDatabase, _ end: Ending, actor: String, at time: Timestamp, rows: [Binding.Key])
        throws
    {
        try AuditEntry.append(
            db, at: time, actor: actor, event: .reread, subject: end.report.id.description, detail: RereadingDetail(end),
            rows: rows + [.arrival(end.report.id)])
    }
}
