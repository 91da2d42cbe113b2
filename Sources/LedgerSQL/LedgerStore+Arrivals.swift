public import Ledger
public import Screening

extension LedgerStore {
    /// What has not ended, in the order of service: urgent first, then by arrival.
    public func pending() throws(PapillaError) -> [ArrivalRow] {
        let own = ownArrivals
        return try read { db in
            try SQLRow.fetchAll(
                db, sql: ArrivalRow.select + " WHERE state <> 'finished' AND \(own) ORDER BY urgent DESC, received, id"
            ).map(
                ArrivalRow.init)
        }
    }

    /// The arrivals that a filter lets through.
    public func arrivals(_ filter: ArrivalFilter) throws(PapillaError) -> [ArrivalRow] {
        try read { db in
            let (sql, arguments) = filter.clause
            return try SQLRow.fetchAll(db, sql: ArrivalRow.select + sql, arguments: arguments).map(ArrivalRow.init)
        }
    }

    /// One arrival by its ID; nil where there is none.
    public func arrival(_ id: ScreeningID) throws(PapillaError) -> ArrivalRow? { try read { db in try ArrivalRow.fetch(db, id) } }

    /// The one arrival that a person means: the whole ID, its beginning from the hyphen on, or three or more characters of its second part.
    ///
    /// - Throws: `notFound` where there is none; `badInput` where it is too short, or fits several: the hint lists them.
    public func arrival(matching prefix: String) throws(PapillaError) -> ArrivalRow {
        let prefix = prefix.lowercased()
        guard prefix.utf8.count >= 3 else {
            throw PapillaError(
                .badInput, "An ID needs three characters or more", place: prefix, hint: "For example k7q for 20261124-k7q2m9xd")
        }
        let column = prefix.contains("-") ? "id" : "suffix"
        let rows = try read { db in
            // A range, so that the index serves; `{` follows `z`.
            try SQLRow.fetchAll(
                db, sql: ArrivalRow.select + " WHERE \(column) >= ? AND \(column) < ? ORDER BY id LIMIT 9",
                arguments: [prefix, prefix + "{"]
            ).map(ArrivalRow.init)
        }.filter { $0.id.matches(prefix: prefix) }
        guard let first = rows.first else {
            throw PapillaError(.notFound, "No arrival has this ID", place: prefix, hint: "papilla export lists them all")
        }
        guard rows.count == 1 else {
            let candidates = rows.prefix(8).map(\.id.description).joined(separator: ", ") + (rows.count > 8 ? ", …" : "")
            throw PapillaError(
                .badInput, "Several arrivals have an ID that begins so", place: prefix, hint: "One of: \(candidates)")
        }
        return first
    }

    /// A finished reading of the same content under the same models and settings, and its bundle relative to the outbox; nil if none.
    ///
    /// The reading itself rather than one that was used again, and never one that failed.
    public func reusable(sha256: Digest, key: String) throws(PapillaError) -> (id: ScreeningID, bundle: String)? {
        try read { db in
            let row = try SQLRow.fetchOne(
                db,
                sql: """
                    SELECT arrival, bundle FROM screening
                    WHERE sha256 = ? AND key = ? AND key IS NOT NULL AND outcome <> 'failed' AND version = 1 AND bundle IS NOT NULL
                    ORDER BY reused_from IS NOT NULL, id DESC LIMIT 1
                    """,
                arguments: [sha256.description, key])
            guard let row, let id = ScreeningID(row["arrival"]) else { return nil }
            return (id, row["bundle"])
        }
    }
}
