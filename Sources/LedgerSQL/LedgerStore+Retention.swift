public import Ledger
public import Screening

extension LedgerStore {
    /// Bytes of the originals in a folder, as the ledger knows them.
    public func bytes(in place: OriginalsFolder) throws(PapillaError) -> Int {
        try read { db in
            try Int.fetchOne(
                db, sql: "SELECT coalesce(sum(bytes), 0) FROM arrival WHERE original LIKE ? AND expired IS NULL",
                arguments: ["\(place.rawValue)/%"]) ?? 0
        }
    }

    /// Originals in a folder that nobody has decided upon, the longest kept first.
    ///
    /// What a reader has decided upon is never among them, nor what is pending: both are needed.
    /// - Parameter limit: what ended before it is old; nil: nothing is.
    public func expirable(in place: OriginalsFolder, endedBefore limit: Timestamp?) throws(PapillaError) -> [Expirable] {
        // Everything, where nothing was written since.
        let first = try limit.map { limit throws(PapillaError) in try firstEntry(after: limit) ?? .max } ?? 0
        return try read { db in
            var found: [Expirable] = []
            let users = """
                SELECT bundle FROM screening
                WHERE reused_from = ? AND outcome IN ('measured', 'no_finding') AND bundle IS NOT NULL
                """
            try db.each(
                sql: """
                    SELECT id, original, bytes, finished, outcome,
                        coalesce((SELECT max(seq) FROM audit WHERE subject = arrival.id AND event = 'finished'), 0) AS ending,
                        (SELECT bundle FROM screening WHERE screening.arrival = arrival.id ORDER BY version DESC LIMIT 1) AS bundle
                    FROM arrival
                    WHERE state = 'finished' AND original LIKE ? AND expired IS NULL AND forgotten IS NULL
                        AND NOT EXISTS (
                            SELECT 1 FROM decision JOIN screening ON screening.id = decision.screening WHERE screening.arrival = arrival.id)
                    ORDER BY ending, id
                    """, arguments: ["\(place.rawValue)/%"]
            ) { row in
                guard let id = ScreeningID(row["id"]), let finished = Timestamp(row["finished"] as String) else { return }
                var standing = try String.fetchAll(db, sql: users, arguments: [id.description])
                if ["measured", "no_finding"].contains(row["outcome"] as String), let own = row["bundle"] as String? {
                    standing.append(own)
                }
                found.append(
                    Expirable(
                        id: id, original: row["original"], bytes: row["bytes"] ?? 0, finished: finished,
                        isOld: limit.map { finished < $0 } ?? false && (row["ending"] as Int64) < first, standing: standing))
            }
            return found
        }
    }

    /// Writes down that an original was kept long enough, before it is removed.
    ///
    /// - Parameter why: `age` or `size`.
    /// - Throws: `refused` for what has not ended, has no original, or was decided upon meanwhile.
    public func expire(_ id: ScreeningID, because why: String) throws(PapillaError) {
        let time = now()
        try write { db in
            let changes = try db.execute(
                sql: """
                    UPDATE arrival SET expired = ?
                    WHERE id = ? AND state = 'finished' AND original IS NOT NULL AND expired IS NULL AND forgotten IS NULL
                        AND NOT EXISTS (SELECT 1 FROM correction WHERE correction.arrival = arrival.id)
                        AND NOT EXISTS (
                            SELECT 1 FROM decision JOIN screening ON screening.id = decision.screening WHERE screening.arrival = arrival.id)
                    """, arguments: [time.description, id.description])
            guard changes == 1 else {
                throw PapillaError(.refused, "The original of this arrival must stay", place: id.description)
            }
            try AuditEntry.append(
                db, at: time, actor: service, event: .expired, subject: id.description, detail: ["why": why],
                rows: [.arrival(id)])
        }
    }

    /// Arrivals whose original was written down as kept long enough since `time`: where a stop came before it was removed, it still is there.
    public func expired(since time: Timestamp) throws(PapillaError) -> [ArrivalRow] {
        try read { db in
            try SQLRow.fetchAll(
                db, sql: ArrivalRow.select + " WHERE expired >= ? AND forgotten IS NULL", arguments: [time.description]
            ).map(ArrivalRow.init)
        }
    }

    /// When the latest arrival came; nil before the first.
    public func lastReceived() throws(PapillaError) -> Timestamp? {
        let text = try read { db in try String.fetchOne(db, sql: "SELECT max(received) FROM arrival") }
        return text.flatMap { Timestamp($0) }
    }

    /// The number of the first entry that was written after `limit`; nil where none was. What ended before it, in the order of the audit, is
    /// older than `limit`, whatever time its own row says: a clock that stood in the past for a while makes nothing old.
    func firstEntry(after limit: Timestamp) throws(PapillaError) -> Int64? {
        let now = now()
        return try read { db in
            // What a clock that was ahead wrote says nothing of the age of what came after.
            try Int64.fetchOne(
                db, sql: "SELECT seq FROM audit WHERE at > ? AND at <= ? ORDER BY seq LIMIT 1",
                arguments: [limit.description, now.description])
        }
    }
}
