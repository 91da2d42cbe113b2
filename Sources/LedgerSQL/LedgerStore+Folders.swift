public import Ledger
public import Screening

extension LedgerStore {
    /// What is needed to find the files of the arrivals received on `day`, or of all.
    public nonisolated func whereabouts(day: String?) throws(PapillaError) -> [Whereabouts] {
        try read { db in try Whereabouts.all(db, day: day) }
    }

    /// Those of these IDs that no arrival has.
    public nonisolated func unknown(among ids: Set<ScreeningID>) throws(PapillaError) -> Set<ScreeningID> {
        try read { db in
            try ids.filter {
                try String.fetchOne(db, sql: "SELECT id FROM arrival WHERE id = ?", arguments: [$0.description]) == nil
            }
        }
    }

    /// Arrivals that were forgotten.
    public nonisolated func forgotten() throws(PapillaError) -> Set<ScreeningID> {
        try read { db in
            Set(try String.fetchAll(db, sql: "SELECT id FROM arrival WHERE forgotten IS NOT NULL").compactMap(ScreeningID.init))
        }
    }

    /// What the ledger knows of an arrival's files; nil for what has not ended, and for what was forgotten.
    public nonisolated func files(of id: ScreeningID) throws(PapillaError) -> ArrivalFiles? {
        try read { db in try ArrivalFiles(db, id) }
    }
}

extension ArrivalFiles {
    /// Nil for what has not ended, and for what was forgotten.
    fileprivate init?(_ db: any SQLDatabase, _ id: ScreeningID) throws {
        guard let row = try ArrivalRow.fetch(db, id), row.outcome != nil, row.forgotten == nil else { return nil }
        let sidecar = try String.fetchOne(
            db, sql: "SELECT sidecar_sha256 FROM arrival WHERE id = ?", arguments: [id.description]
        ).flatMap(Digest.init)
        let versions = try SQLRow.fetchAll(
            db, sql: "SELECT id, bundle, bundle_sha256 FROM screening WHERE arrival = ? AND bundle IS NOT NULL ORDER BY version",
            arguments: [id.description]
        ).map { row in
            guard let digest = Digest(row["bundle_sha256"] as String) else {
                throw PapillaError(.damaged, "A screening of the ledger cannot be read", hint: LedgerDamage.hint)
            }
            return Version(
                bundle: row["bundle"], bundleDigest: digest, findings: try Finding.stored(db, screening: row["id"]))
        }
        self.init(row, sidecarDigest: sidecar, versions: versions)
    }
}

extension Whereabouts {
    /// Of the arrivals received on `day`, or of all.
    static func all(_ db: any SQLDatabase, day: String?) throws -> [Whereabouts] {
        let columns = "SELECT id, state, outcome, changed, path, device, spool, sidecar, original, expired FROM arrival"
        let rows =
            if let day {
                try SQLRow.fetchAll(
                    db, sql: columns + " WHERE received >= ? AND received < ?", arguments: [day + "T", day + "U"])
            } else {
                try SQLRow.fetchAll(db, sql: columns)
            }
        return try rows.map { row in
            let text: String = row["id"]
            guard let id = ScreeningID(text), let state = ArrivalState(rawValue: row["state"]) else {
                throw PapillaError(
                    .damaged, "The ledger's row of an arrival cannot be read", place: text, hint: LedgerDamage.hint)
            }
            return Whereabouts(
                id: id, state: state, outcome: (row["outcome"] as String?).flatMap(Outcome.init), changed: row["changed"],
                path: row["path"],
                device: UInt64(bitPattern: row["device"]), spool: row["spool"], sidecar: row["sidecar"],
                original: row["original"],
                isExpired: (row["expired"] as String?) != nil)
        }
    }
}
