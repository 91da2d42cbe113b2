internal import GRDB
public import Screening

/// Which screenings a reader wants to see. Everything that is set must hold.
public struct ReviewFilter: Sendable, Hashable {
    /// The order of the list.
    public enum Order: String, Sendable, CaseIterable {
        /// What most needs a person first.
        case attention
        /// What came last first.
        case newest
    }

    /// By outcome and time of arrival.
    public var arrivals = ArrivalFilter()
    /// What the router saw.
    public var modalities: Set<Modality> = []
    /// With one of these codes.
    public var attention: Set<Attention.Code> = []
    /// Also those that nothing draws attention to.
    public var includesQuiet = false
    /// Only those on which nobody has decided.
    public var undecidedOnly = false
    /// The order.
    public var order = Order.attention

    /// Everything that draws attention, what most needs a person first.
    public init() {}

    /// The SQL from WHERE to LIMIT, over the tables of `ExportRow.select`.
    fileprivate var clause: (sql: String, arguments: StatementArguments) {
        var (conditions, arguments) = arrivals.conditions
        func list(_ words: [String]) -> String { "(\(words.sorted().map { "'\($0)'" }.joined(separator: ", ")))" }
        if !modalities.isEmpty { conditions.append("screening.modality IN \(list(modalities.map(\.rawValue)))") }
        let codes = attention.isEmpty ? "" : " AND code IN \(list(attention.map(\.rawValue)))"
        if !codes.isEmpty || !includesQuiet {
            conditions.append(
                "EXISTS (SELECT 1 FROM finding WHERE finding.screening = screening.id AND kind = 'attention'\(codes))")
        }
        if undecidedOnly { conditions.append("decision.id IS NULL") }
        var sql = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        sql += " ORDER BY \(order == .attention ? "\(Self.weight) DESC, " : "")arrival.received DESC, arrival.id DESC"
        if let limit = arrivals.limit { sql += " LIMIT \(max(0, limit))" }
        return (sql, arguments)
    }

    /// The sum of the weights of a screening's codes.
    private static let weight = """
        (SELECT ifnull(sum(CASE code \(Attention.Code.allCases.map { "WHEN '\($0.rawValue)' THEN \($0.weight)" }
            .joined(separator: " ")) END), 0) FROM finding WHERE finding.screening = screening.id AND kind = 'attention')
        """
}

extension Ledger {
    /// The screenings that a reader wants to see, the newest version of each.
    public nonisolated func review(_ filter: ReviewFilter = ReviewFilter()) throws(PapillaError) -> [ExportRow] {
        try read { db in
            let (clause, arguments) = filter.clause
            return try Row.fetchAll(db, sql: ExportRow.select + clause, arguments: arguments)
                .map { try ExportRow($0, try Finding.stored(db, screening: $0["id"])) }
        }
    }

    /// Earlier measured photographs of the same patient's same eye, the latest first; none where patient or eye is not known.
    public nonisolated func earlier(than id: ScreeningID) throws(PapillaError) -> [ExportRow] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: ExportRow.select + """
                     JOIN arrival AS this ON this.id = ?
                        JOIN screening AS shown ON shown.arrival = this.id
                            AND shown.version = (SELECT max(version) FROM screening AS newest WHERE newest.arrival = this.id)
                    WHERE arrival.patient = this.patient AND screening.eye = shown.eye AND shown.eye <> 'unknown'
                        AND screening.outcome = 'measured' AND screening.modality = 'fundus'
                        AND (arrival.received, arrival.id) < (this.received, this.id)
                    ORDER BY arrival.received DESC, arrival.id DESC LIMIT 20
                    """, arguments: [id.description]
            ).map { try ExportRow($0, try Finding.stored(db, screening: $0["id"])) }
        }
    }

    /// Every version of a screening: its number and its bundle, relative to the outbox (nil once forgotten), the first version first.
    public nonisolated func versions(of id: ScreeningID) throws(PapillaError) -> [(version: Int, bundle: String?)] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT version, bundle FROM screening WHERE arrival = ? ORDER BY version", arguments: [id.description]
            ).map { (version: $0["version"], bundle: $0["bundle"]) }
        }
    }
}
