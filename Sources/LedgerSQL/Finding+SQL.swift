internal import Ledger
internal import Screening

extension Finding {
    private static let columns = "screening, kind, position, code, value, threshold, detail"

    /// The findings of one stored screening, in the same order.
    static func stored(_ db: any SQLDatabase, screening: Int64) throws -> [Finding] {
        try SQLRow.fetchAll(db, sql: "SELECT \(columns) FROM finding WHERE screening = ?", arguments: [screening])
            .map(Finding.init).sorted(by: precedes)
    }

    /// The findings of many stored screenings, by screening, each in the same order.
    static func stored(_ db: any SQLDatabase, screenings: [Int64]) throws -> [Int64: [Finding]] {
        let rows = try SQLRow.fetchAll(
            db, sql: "SELECT \(columns) FROM finding WHERE screening IN (SELECT CAST(value AS BIGINT) FROM json_each(?))",
            arguments: [try CanonicalJSON.line(screenings)])
        return try Dictionary(grouping: rows) { $0["screening"] as Int64 }.mapValues {
            try $0.map(Finding.init).sorted(by: precedes)
        }
    }

    private init(_ row: SQLRow) throws {
        guard let kind = Kind(rawValue: row["kind"]) else {
            let screening: Int64 = row["screening"]
            throw PapillaError(.damaged, "A finding of the ledger has an unknown kind", place: "screening \(screening)")
        }
        self.init(
            kind: kind, position: row["position"], code: row["code"], value: row["value"], threshold: row["threshold"],
            detail: row["detail"])
    }
}
