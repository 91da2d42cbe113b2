public import Ledger
public import Screening

extension LedgerStore {
    /// Adds an audit entry that goes with no change of an arrival: start, stop, reload, alarm, promotion.
    ///
    /// - Parameters:
    ///   - event: what happened, a word in lower case.
    ///   - subject: to what. Never a patient or a file.
    ///   - detail: figures behind it; kept as canonical JSON.
    ///   - actor: `service`, or `user@uid` of the socket's peer.
    public func record(_ event: String, subject: String, detail: some Encodable & Sendable, actor: String) throws(PapillaError) {
        let time = now()
        let actor = actor == "service" ? service : actor
        try write { db in try AuditEntry.append(db, at: time, actor: actor, event: event, subject: subject, detail: detail) }
    }

    /// Adds an audit entry unless there is one of the same event, subject and detail already: for what another file states, and may have
    /// been taken up before.
    /// - Returns: whether it was added.
    public func recordOnce(_ event: String, subject: String, detail: some Encodable & Sendable, actor: String)
        throws(PapillaError) -> Bool
    {
        let time = now()
        let actor = actor == "service" ? service : actor
        return try write { db in
            let known = try Int.fetchOne(
                db, sql: "SELECT 1 FROM audit WHERE subject = ? AND event = ? AND detail = ? LIMIT 1",
                arguments: [subject, event, try CanonicalJSON.line(detail)])
            guard known == nil else { return false }
            try AuditEntry.append(db, at: time, actor: actor, event: event, subject: subject, detail: detail)
            return true
        }
    }

    /// The entries that a filter lets through, oldest first.
    public func auditEntries(_ filter: AuditFilter) throws(PapillaError) -> [AuditEntry] {
        var conditions = ["1 = 1"]
        var arguments = SQLArguments()
        for (condition, value) in [
            ("subject = ?", filter.subject), ("event = ?", filter.event), ("at >= ?", filter.since?.description),
            ("at < ?", filter.until?.description),
        ] {
            guard let value else { continue }
            conditions.append(condition)
            arguments += [value]
        }
        let sql = "SELECT * FROM audit WHERE \(conditions.joined(separator: " AND ")) ORDER BY seq DESC"
        return try read { db in
            try SQLRow.fetchAll(db, sql: sql + (filter.limit.map { " LIMIT \(max(0, $0))" } ?? ""), arguments: arguments)
                .reversed()
                .map(AuditEntry.init)
        }
    }

    /// The newest entry's hash and seq: what to note elsewhere, so that a chain cut at its end or rebuilt whole is found out.
    public func head() throws(PapillaError) -> (hash: Digest, entries: Int64) {
        try read { db in
            guard let row = try SQLRow.fetchOne(db, sql: "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"),
                let hash = Digest(row["hash"] as String)
            else { throw PapillaError(.damaged, "The audit has no entry", hint: LedgerDamage.hint) }
            return (hash, row["seq"])
        }
    }

    /// What tells this ledger from every other: drawn when it was made.
    public func identity() throws(PapillaError) -> String {
        guard let identity = try read({ db in try String.fetchOne(db, sql: "SELECT value FROM setting WHERE name = 'identity'") })
        else { throw PapillaError(.damaged, "The ledger has no identity", hint: LedgerDamage.hint) }
        return identity
    }

    /// How often the process ended without having been asked to since `time`: starts without their stop.
    public func deaths(since time: Timestamp) throws(PapillaError) -> Int {
        let (until, service) = (now().description, service)
        return try read { db in
            func count(_ condition: String) throws -> Int {
                try Int.fetchOne(
                    db,
                    sql: "SELECT count(*) FROM audit WHERE subject = 'service' AND actor = ? AND at >= ? AND at <= ? AND "
                        + condition, arguments: [service, time.description, until]) ?? 0
            }
            return max(0, try count("event = 'started'") - count("event = 'stopped' AND detail LIKE '{\"why\":\"as asked%'"))
        }
    }

    /// The newest entry of any of these events.
    public func newestEntry(of events: [String]) throws(PapillaError) -> AuditEntry? {
        try read { db in
            // One look into the index for each: of a list, a database may walk through the whole audit.
            let newest = try events.compactMap { event in
                try Int64.fetchOne(db, sql: "SELECT max(seq) FROM audit WHERE event = ?", arguments: [event])
            }.max()
            guard let newest else { return nil }
            return try SQLRow.fetchOne(db, sql: "SELECT * FROM audit WHERE seq = ?", arguments: [newest]).map(AuditEntry.init)
        }
    }

    /// Has the database read everything that it holds.
    ///
    /// - Throws: `damaged` where it is corrupt.
    public nonisolated func checkPages() throws(PapillaError) { try read { db in try connection.checkPages(db) } }

    /// Recomputes the whole chain. See ``ChainVerdict``.
    ///
    /// - Parameter head: a hash noted elsewhere, of any entry; the chain must still hold that entry.
    public nonisolated func verifyChain(expecting head: String?) throws(PapillaError) -> ChainVerdict {
        try read { db in try ChainVerdict(db, expecting: head) }
    }

    /// The same, in one view with the database's own check of all that it holds.
    ///
    /// - Throws: `damaged` where it is corrupt.
    public nonisolated func verifyWhole(expecting head: String?) throws(PapillaError) -> ChainVerdict {
        try read { db in
            try connection.checkPages(db)
            return try ChainVerdict(db, expecting: head)
        }
    }
}
