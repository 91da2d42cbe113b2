internal import Ledger
internal import Screening

extension DecisionRow {
    static let select = """
        SELECT decision.*, shown.arrival AS arrival, shown.version AS shown_version, made.version AS result_version
        FROM decision JOIN screening AS shown ON shown.id = decision.screening
            LEFT JOIN screening AS made ON made.id = decision.result
        """

    /// The number of an arrival's last decision, as SQL; the arrival is that of a table `arrival`.
    static let last = """
        (SELECT max(every.id) FROM decision AS every JOIN screening AS decided ON decided.id = every.screening
            WHERE decided.arrival = arrival.id)
        """

    init(_ row: SQLRow) throws {
        guard let arrival = ScreeningID(row["arrival"]), let at = Timestamp(row["at"] as String),
            let verdict = Report.Decision.Verdict(rawValue: row["verdict"])
        else { throw PapillaError(.damaged, "A decision of the ledger cannot be read", hint: LedgerDamage.hint) }
        self.init(
            number: row["id"], arrival: arrival, version: row["shown_version"], reader: row["reader"], verdict: verdict,
            note: row["note"], actor: row["actor"], at: at, result: row["result_version"], blind: row["blind"])
    }

    /// All decisions on an arrival, in their order.
    static func all(_ db: any SQLDatabase, of id: ScreeningID) throws -> [DecisionRow] {
        try SQLRow.fetchAll(db, sql: select + " WHERE shown.arrival = ? ORDER BY decision.id", arguments: [id.description])
            .map(DecisionRow.init)
    }
}
