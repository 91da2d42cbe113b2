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
    /// Share of undecided screenings that are to be drawn blind, 0...1. They stand among the others as if nothing were known of them:
    /// whatever drew attention to them, in one place of the order, and never where the list was narrowed by what the models found.
    public var blindShare = 0.0

    /// Everything that draws attention, what most needs a person first.
    public init() {}

    /// The SQL from WHERE to LIMIT, over the tables of `ExportRow.select`.
    fileprivate var clause: (sql: String, arguments: StatementArguments) {
        var (conditions, arguments) = arrivals.conditions
        func list(_ words: [String]) -> String { "(\(words.sorted().map { "'\($0)'" }.joined(separator: ", ")))" }
        if !modalities.isEmpty { conditions.append("screening.modality IN \(list(modalities.map(\.rawValue)))") }
        let codes = attention.isEmpty ? "" : " AND code IN \(list(attention.map(\.rawValue)))"
        let blind = Self.blind(share: blindShare)
        if !codes.isEmpty || !includesQuiet {
            let called = "EXISTS (SELECT 1 FROM finding WHERE finding.screening = screening.id AND kind = 'attention'\(codes))"
            conditions.append(codes.isEmpty ? "(\(called) OR \(blind))" : called)
        }
        if !attention.isEmpty || arrivals.outcomes != nil { conditions.append("NOT \(blind)") }
        if undecidedOnly { conditions.append("decision.id IS NULL") }
        var sql = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let weight = "CASE WHEN \(blind) THEN \(Attention.Code.ratioHigh.weight) ELSE \(Self.weight) END DESC, "
        sql += " ORDER BY \(order == .attention ? weight : "")arrival.received DESC, arrival.id DESC"
        if let limit = arrivals.limit { sql += " LIMIT \(max(0, limit))" }
        return (sql, arguments)
    }

    /// Whether a screening is to be drawn blind, as SQL over the tables of `ExportRow.select`: measured or without a finding, the original
    /// there, nothing decided on the image yet under any ID, and its digest, which is as good as drawn by lot, in the share.
    static func blind(share: Double) -> String {
        guard share > 0 else { return "0" }
        let bound = String(UInt64(min(share, 1) * 0x1_0000_0000), radix: 16)
        let digests = share >= 1 ? "g" : String(repeating: "0", count: 8 - bound.count) + bound
        return """
            (ifnull(screening.sha256, 'g') < '\(digests)' AND screening.outcome IN ('measured', 'no_finding')
                AND arrival.original LIKE 'archive/%' AND arrival.expired IS NULL AND arrival.forgotten IS NULL
                AND screening.sha256 NOT IN (SELECT decided.sha256 FROM decision AS every
                    JOIN screening AS decided ON decided.id = every.screening WHERE decided.sha256 IS NOT NULL))
            """
    }

    /// The sum of the weights of a screening's codes.
    private static let weight = """
        (SELECT ifnull(sum(CASE code \(Attention.Code.allCases.map { "WHEN '\($0.rawValue)' THEN \($0.weight)" }
            .joined(separator: " ")) END), 0) FROM finding WHERE finding.screening = screening.id AND kind = 'attention')
        """
}

/// An earlier screening of an eye.
public struct EarlierScreening: Sendable, Hashable {
    /// Its newest version.
    public var row: ExportRow
    /// When the photograph was taken, a day or a moment; when it came, where that is not known.
    public var examined: String
    /// The model that outlined the disc.
    public var disc: String?
    /// The model that outlined the cup.
    public var cup: String?
}

extension LedgerStore {
    /// The screenings that a reader wants to see, the newest version of each.
    public nonisolated func review(_ filter: ReviewFilter = ReviewFilter()) throws(PapillaError) -> [ExportRow] {
        try read { db in
            let (clause, arguments) = filter.clause
            return try Row.fetchAll(db, sql: ExportRow.select + clause, arguments: arguments)
                .map { try ExportRow($0, try Finding.stored(db, screening: $0["id"])) }
        }
    }

    /// Undecided screenings that are to be drawn blind: whose results no page shows before a reader has drawn.
    ///
    /// - Parameters:
    ///   - share: of all screenings, 0...1; the same share always names the same ones.
    ///   - id: only whether this one is among them; nil for all.
    public nonisolated func blind(share: Double, only id: ScreeningID? = nil) throws(PapillaError) -> Set<ScreeningID> {
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
            try Row.fetchAll(
                db,
                sql: ExportRow.select + """
                     JOIN arrival AS this ON this.id = ?
                        JOIN screening AS shown ON shown.arrival = this.id
                            AND shown.version = (SELECT max(version) FROM screening AS newest WHERE newest.arrival = this.id)
                    WHERE arrival.patient = this.patient AND screening.eye = shown.eye AND shown.eye <> 'unknown'
                        AND screening.outcome = 'measured' AND screening.modality = 'fundus'
                        AND arrival.issuer IS this.issuer AND decision.verdict IS NOT 'reject' AND screening.sha256 IS NOT shown.sha256
                        AND (ifnull(arrival.taken, arrival.received), arrival.id) < (ifnull(this.taken, this.received), this.id)
                    ORDER BY ifnull(arrival.taken, arrival.received) DESC, arrival.id DESC LIMIT 20
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
            try Row.fetchAll(
                db, sql: "SELECT version, bundle, bundle_sha256 FROM screening WHERE arrival = ? ORDER BY version",
                arguments: [id.description]
            ).map { row in
                guard let digest = Digest(row["bundle_sha256"] as String) else {
                    throw PapillaError(.damaged, "A screening of the ledger cannot be read", hint: LedgerFile.damageHint)
                }
                return (version: row["version"], bundle: row["bundle"], digest: digest)
            }
        }
    }
}
