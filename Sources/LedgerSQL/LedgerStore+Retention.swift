public import Ledger
public import Screening

extension LedgerStore {
    /// Bytes of the originals in a folder, as the ledger knows them: counted in pieces, so that nothing else waits long.
    public nonisolated func bytes(in place: OriginalsFolder) async throws(PapillaError) -> Int {
        var (sum, last) = (0, "")
        while true {
            let piece = try read { db in
                try SQLRow.fetchOne(
                    db,
                    sql: """
                        SELECT max(id) AS last, coalesce(sum(kept), 0) AS bytes FROM (
                            SELECT id, CASE WHEN original LIKE ? AND expired IS NULL THEN coalesce(bytes, 0) ELSE 0 END AS kept
                            FROM arrival WHERE id > ? ORDER BY id LIMIT 5000) AS piece
                        """, arguments: ["\(place.rawValue)/%", last])
            }
            guard let piece, let next = piece["last"] as String? else { return sum }
            (sum, last) = (sum + (piece["bytes"] as Int), next)
            await Task.yield()
        }
    }

    /// Which ends are old that came before a time. See ``AgeLimit``.
    public nonisolated func ageLimit(_ time: Timestamp) async throws(PapillaError) -> AgeLimit {
        let now = now()
        var last: Int64 = 0
        while true {
            let piece = try read { db in
                // What a clock that was ahead wrote says nothing of the age of what came after.
                try SQLRow.fetchOne(
                    db,
                    sql: """
                        SELECT max(seq) AS last, min(CASE WHEN at > ? AND at <= ? THEN seq END) AS young FROM (
                            SELECT seq, at FROM audit WHERE seq > ? ORDER BY seq LIMIT 10000) AS piece
                        """, arguments: [time.description, now.description, last])
            }
            guard let piece, let next = piece["last"] as Int64? else { return AgeLimit(time: time, entry: .max) }
            if let young = piece["young"] as Int64? { return AgeLimit(time: time, entry: young) }
            last = next
            await Task.yield()
        }
    }

    /// A piece of the originals in a folder that nobody has decided upon, the longest kept first.
    ///
    /// What a reader has decided upon is never among them, nor what is pending: both are needed.
    public nonisolated func expirable(
        in place: OriginalsFolder, olderThan limit: AgeLimit?, after entry: Int64
    ) throws(PapillaError) -> ExpirablePiece {
        try read { db in
            let last = try Int64.fetchOne(
                db,
                sql: """
                    SELECT max(seq) FROM (
                        SELECT seq FROM audit WHERE event = 'finished' AND seq > ? ORDER BY seq LIMIT \(Self.pieceLimit)) AS piece
                    """, arguments: [entry])
            guard let last else { return ExpirablePiece(originals: [], last: nil) }
            var found: [Expirable] = []
            let users = """
                SELECT bundle FROM screening
                WHERE reused_from = ? AND outcome IN ('measured', 'no_finding') AND bundle IS NOT NULL
                """
            // Conditions on other rows are asked of each arrival by itself: no plan reads whole tables for them.
            try db.each(
                sql: """
                    SELECT arrival.id, original, bytes, finished, outcome, audit.seq AS ending,
                        (SELECT bundle FROM screening WHERE screening.arrival = arrival.id ORDER BY version DESC LIMIT 1) AS bundle
                    FROM audit JOIN arrival ON arrival.id = audit.subject
                    WHERE event = 'finished' AND audit.seq > ? AND audit.seq <= ?
                        AND state = 'finished' AND original LIKE ? AND expired IS NULL AND forgotten IS NULL
                        AND coalesce((SELECT 1 FROM decision JOIN screening ON screening.id = decision.screening
                            WHERE screening.arrival = arrival.id LIMIT 1), 0) = 0
                    ORDER BY audit.seq
                    """, arguments: [entry, last, "\(place.rawValue)/%"]
            ) { row in
                guard let id = ScreeningID(row["id"]), let finished = Timestamp(row["finished"] as String) else { return }
                var standing = try String.fetchAll(db, sql: users, arguments: [id.description])
                if ["measured", "no_finding"].contains(row["outcome"] as String), let own = row["bundle"] as String? {
                    standing.append(own)
                }
                found.append(
                    Expirable(
                        id: id, original: row["original"], bytes: row["bytes"] ?? 0, finished: finished,
                        isOld: limit.map { finished < $0.time && (row["ending"] as Int64) < $0.entry } ?? false,
                        standing: standing))
            }
            return ExpirablePiece(originals: found, last: last)
        }
    }

    /// Ends in one piece: few enough that it takes milliseconds.
    private static let pieceLimit = 250

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
}
