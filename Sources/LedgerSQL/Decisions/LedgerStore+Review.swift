public import Ledger
public import Screening

extension LedgerStore {
    /// The screenings that a reader wants to see, the newest version of each.
    public nonisolated func review(_ filter: ReviewFilter) throws(PapillaError) -> [ExportRow] {
        try read { db in
            let (clause, arguments) = filter.clause
            return try SQLRow.fetchAll(db, sql: ExportRow.select + clause, arguments: arguments)
                .map { try ExportRow($0, try Finding.stored(db, screening: $0["id"])) }
        }
    }

    /// Undecided screenings that are to be drawn blind: whose results no page shows before a reader has drawn.
    ///
    /// - Parameters:
    ///   - share: of all screenings, 0...1; the same share always names the same ones.
    ///   - id: only whether this one is among them; nil for all.
    public nonisolated func blind(share: Double, only id: ScreeningID?) throws(PapillaError) -> Set<ScreeningID> {
        guard share > 0 else { return [] }
        return try read { db in
            let only = id.map { " AND arrival.id = '\($0)'" } ?? ""
            let found = try String.fetchAll(
                db,
                sql: """
                    SELECT arrival.id FROM arrival JOIN screening ON screening.arrival = arrival.id
                        AND screening.version = (SELECT max(version) FROM screening AS newest WHERE newest.arrival = arrival.id)
                    WHERE \(ReviewFilter.blind(share: share))\(only)
                    """)
            return Set(found.compactMap { ScreeningID($0) })
        }
    }

    /// Earlier measured photographs of the same patient's same eye, the latest first, each with the time of its examination: when it was
    /// taken, or else when it came. None where patient or eye is not known. What a reader rejected is none, nor is the same image again.
    public nonisolated func earlier(than id: ScreeningID) throws(PapillaError) -> [EarlierScreening] {
        try read { db in
            try SQLRow.fetchAll(
                db,
                sql: ExportRow.select + """
                     JOIN arrival AS this ON this.id = ?
                        JOIN screening AS shown ON shown.arrival = this.id
                            AND shown.version = (SELECT max(version) FROM screening AS newest WHERE newest.arrival = this.id)
                    WHERE arrival.subject = this.subject AND NOT \(Self.isAnothers) AND screening.eye = shown.eye AND shown.eye <> 'unknown'
                        AND screening.outcome = 'measured' AND screening.modality = 'fundus'
                        AND decision.verdict IS DISTINCT FROM 'reject' AND screening.sha256 IS DISTINCT FROM shown.sha256
                        AND (coalesce(arrival.taken, arrival.received), arrival.id) < (coalesce(this.taken, this.received), this.id)
                    ORDER BY coalesce(arrival.taken, arrival.received) DESC, arrival.id DESC LIMIT 20
                    """, arguments: [id.description]
            ).map { row in
                EarlierScreening(
                    row: try ExportRow(row, try Finding.stored(db, screening: row["id"])),
                    examined: row["taken"] ?? row["received"], disc: row["disc_name"], cup: row["cup_name"])
            }
        }
    }

    /// Every version of a screening: its number, its bundle, relative to the outbox (nil once forgotten), and the digest of that bundle's
    /// report.json, the first version first.
    public nonisolated func versions(of id: ScreeningID) throws(PapillaError) -> [(version: Int, bundle: String?, digest: Digest)]
    {
        try read { db in
            try SQLRow.fetchAll(
                db, sql: "SELECT version, bundle, bundle_sha256 FROM screening WHERE arrival = ? ORDER BY version",
                arguments: [id.description]
            ).map { row in
                guard let digest = Digest(row["bundle_sha256"] as String) else {
                    throw PapillaError(.damaged, "A screening of the ledger cannot be read", hint: LedgerDamage.hint)
                }
                return (version: row["version"], bundle: row["bundle"], digest: digest)
            }
        }
    }
}
