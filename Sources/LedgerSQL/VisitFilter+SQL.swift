internal import Ledger
internal import Screening

extension VisitFilter {
    /// The images of a row of `visit`, each as `ID.VERSION.DECISION`; name the table that this makes.
    static let members = #"json_each('["' || replace(visit.images, ' ', '","') || '"]')"#

    /// Whether a row of `visit` is the newest version.
    static let newest = "visit.version = (SELECT max(version) FROM visit AS later WHERE later.id = visit.id)"

    /// The newest version of each of a visit's screenings, as tables `member`, `arrival` and `screening`.
    private static let screened = """
        \(members) AS member JOIN arrival ON arrival.id = substr(member.value, 1, 17)
            JOIN screening ON screening.arrival = arrival.id
                AND screening.version = (SELECT max(version) FROM screening AS newest WHERE newest.arrival = arrival.id)
        """

    /// The rows that this lets through, with a column `veiled`: whether the subject has an image that is to be drawn blind.
    var query: (sql: String, arguments: SQLArguments) {
        var conditions = ["visit.subject IS NOT NULL", Self.newest]
        var arguments = SQLArguments()
        func list(_ words: [String]) -> String { "(\(words.sorted().map { "'\($0)'" }.joined(separator: ", ")))" }
        if let since {
            conditions.append("visit.day >= ?")
            arguments += [since]
        }
        if let until {
            conditions.append("visit.day <= ?")
            arguments += [until]
        }
        let hidden = blindShare > 0 ? self.hidden : ""
        let veiled = hidden.isEmpty ? "FALSE" : "EXISTS (SELECT 1 FROM hidden WHERE hidden.subject = visit.subject)"
        if !attention.isEmpty {
            let called = attention.map { "instr(' ' || visit.attention || ' ', ' \($0.rawValue) ') > 0" }.sorted()
            conditions.append("(\(called.joined(separator: " OR "))) AND NOT \(veiled)")
        } else if !includesQuiet {
            conditions.append(hidden.isEmpty ? "visit.weight > 0" : "(visit.weight > 0 OR \(veiled))")
        }
        if !modalities.isEmpty {
            let kinds = list(modalities.map(\.rawValue))
            conditions.append("EXISTS (SELECT 1 FROM \(Self.screened) WHERE screening.modality IN \(kinds))")
        }
        if undecidedOnly { conditions.append(undecided) }
        let weight =
            hidden.isEmpty ? "visit.weight" : "CASE WHEN \(veiled) THEN \(Attention.Code.ratioHigh.weight) ELSE visit.weight END"
        let order = order == .attention ? "\(weight) DESC, visit.day DESC, visit.id" : "visit.day DESC, visit.id"
        let sql = """
            \(hidden)\(VisitRow.select("\(veiled) AS veiled")) WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order)
                LIMIT \(max(0, limit ?? .max)) OFFSET \(max(0, offset))
            """
        return (sql, arguments)
    }

    /// Whose images are to be drawn blind.
    private var hidden: String {
        """
        WITH hidden AS MATERIALIZED (SELECT DISTINCT arrival.subject FROM arrival
            JOIN screening ON screening.arrival = arrival.id
                AND screening.version = (SELECT max(version) FROM screening AS newest WHERE newest.arrival = arrival.id)
            WHERE arrival.subject IS NOT NULL AND \(ReviewFilter.blind(share: blindShare)))
        """ + "\n"
    }

    /// Whether a visit has an image on which nobody has decided, and of whose eye no photograph was accepted or drawn since it came. A frame
    /// in which there is nothing needs no word.
    private var undecided: String {
        """
        EXISTS (SELECT 1 FROM \(Self.screened) WHERE \(DecisionRow.last) IS NULL
            AND (\(ReviewFilter.blind(share: blindShare)) OR ((screening.modality IS NOT DISTINCT FROM 'fundus' OR screening.outcome = 'measured'
                    OR EXISTS (SELECT 1 FROM finding WHERE finding.screening = screening.id AND kind = 'attention'))
                AND NOT (screening.modality IS NOT DISTINCT FROM 'fundus' AND screening.eye <> 'unknown' AND EXISTS (
                    SELECT 1 FROM \(Self.members) AS other
                        JOIN screening AS seen ON seen.arrival = substr(other.value, 1, 17) AND seen.modality = 'fundus'
                            AND seen.eye = screening.eye
                        JOIN decision AS given ON given.screening = seen.id
                    WHERE given.verdict <> 'reject' AND given.at >= arrival.finished)))))
        """
    }
}
