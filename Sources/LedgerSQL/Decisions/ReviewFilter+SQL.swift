internal import Ledger
internal import Screening

extension ReviewFilter {
    /// The SQL from WHERE to LIMIT, over the tables of `ExportRow.select`.
    var clause: (sql: String, arguments: SQLArguments) {
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
        if loneOnly { conditions.append(Self.lone) }
        var sql = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let weight = "CASE WHEN \(blind) THEN \(Attention.Code.ratioHigh.weight) ELSE \(Self.weight) END DESC, "
        sql += " ORDER BY \(order == .attention ? weight : "")arrival.received DESC, arrival.id DESC"
        if let limit = arrivals.limit { sql += " LIMIT \(max(0, limit))" }
        return (sql, arguments)
    }

    /// Whether a screening is to be drawn blind, as SQL over the tables of `ExportRow.select`: measured or without a finding, the original
    /// there, nothing decided on the image yet under any ID, and its digest, which is as good as drawn by lot, in the share.
    static func blind(share: Double) -> String {
        guard share > 0 else { return "FALSE" }
        let bound = String(UInt64(min(share, 1) * 0x1_0000_0000), radix: 16)
        let digests = share >= 1 ? "g" : String(repeating: "0", count: 8 - bound.count) + bound
        return """
            (coalesce(screening.sha256, 'g') < '\(digests)' AND screening.outcome IN ('measured', 'no_finding')
                AND arrival.original LIKE 'archive/%' AND arrival.expired IS NULL AND arrival.forgotten IS NULL
                AND screening.sha256 NOT IN (SELECT decided.sha256 FROM decision AS every
                    JOIN screening AS decided ON decided.id = every.screening WHERE decided.sha256 IS NOT NULL))
            """
    }

    /// Whether an arrival stands in no visit, and no later one is known by the same content.
    private static let lone = """
        (arrival.subject IS NULL OR (
            arrival.id NOT IN (SELECT substr(member.value, 1, 17) FROM visit, \(VisitFilter.members) AS member
                WHERE visit.subject IS NOT NULL AND \(VisitFilter.newest))
            AND NOT EXISTS (SELECT 1 FROM arrival AS again
                WHERE again.sha256 = arrival.sha256 AND (again.received, again.id) > (arrival.received, arrival.id)
                    AND again.outcome IS NOT NULL AND again.subject IS NOT NULL)
            AND NOT \(LedgerStore.isDisowned)))
        """

    /// The sum of the weights of a screening's codes.
    private static let weight = """
        (SELECT coalesce(sum(CASE code \(Attention.Code.allCases.map { "WHEN '\($0.rawValue)' THEN \($0.weight)" }
            .joined(separator: " ")) END), 0) FROM finding WHERE finding.screening = screening.id AND kind = 'attention')
        """
}
