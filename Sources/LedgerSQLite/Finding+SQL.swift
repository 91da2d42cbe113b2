internal import GRDB
internal import Ledger
internal import Screening

extension Finding {
    /// The findings of one stored screening, in the same order.
    static func stored(_ db: Database, screening: Int64) throws -> [Finding] {
        try Row.fetchAll(
            db, sql: "SELECT kind, position, code, value, threshold, detail FROM finding WHERE screening = ?",
            arguments: [screening]
        ).map { row in
            guard let kind = Kind(rawValue: row["kind"]) else {
                throw PapillaError(.damaged, "A finding of the ledger has an unknown kind", place: "screening \(screening)")
            }
            return Finding(
                kind: kind, position: row["position"], code: row["code"], value: row["value"], threshold: row["threshold"],
                detail: row["detail"])
        }.sorted(by: precedes)
    }
}
