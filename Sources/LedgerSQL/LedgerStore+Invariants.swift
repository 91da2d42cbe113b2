public import Ledger
public import Screening

extension LedgerStore {
    /// The invariants that do not hold; empty in a sound ledger.
    public nonisolated func violatedInvariants() throws(PapillaError) -> [ViolatedInvariant] {
        try read { db in
            var violations: [ViolatedInvariant] = []
            for (invariant, query) in Self.invariants + Self.deliveryInvariants {
                for subject in try String.fetchAll(db, sql: query + " LIMIT 20") {
                    violations.append(ViolatedInvariant(invariant: invariant, subject: subject))
                }
            }
            for table in try connection.brokenReferences(db) {
                violations.append(ViolatedInvariant(invariant: "every reference has its row", subject: "table \(table)"))
            }
            return violations + (try endingsThatTheAuditContradicts(db))
        }
    }

    private static func told(_ path: String) -> String { AuditEntry.told(path) }

    /// Whose a claim says that an arrival is. Since schema 5 it does not: the row is bound to it.
    private static let claimed = "coalesce(\(told("subject.identifier")), \(told("patient")))"

    /// The columns of an arrival itself that can name a person.
    private static let names = Binding.Table.arrival.naming.subtracting(Binding.subject).sorted()

    /// Sentence, and the query of the arrivals for which it is not true.
    private static let invariants: [(String, String)] = [
        (
            "an arrival is in the spool from its claim to its end",
            """
            SELECT id FROM arrival
            WHERE (state IN ('claimed', 'reading') AND spool IS NULL) OR (state IN ('received', 'finished') AND spool IS NOT NULL)
            """
        ),
        (
            "an arrival that ended has screenings 1, 2, ... without a gap, and no other arrival has any",
            """
            SELECT arrival.id FROM arrival LEFT JOIN screening ON screening.arrival = arrival.id
            GROUP BY arrival.id
            HAVING count(screening.id) <> coalesce(max(screening.version), 0) OR (count(screening.id) > 0) <> (arrival.state = 'finished')
            """
        ),
        (
            "an arrival's outcome is that of its newest screening",
            """
            SELECT arrival.id FROM arrival JOIN screening ON screening.arrival = arrival.id
            WHERE arrival.outcome <> screening.outcome
                AND version = (SELECT max(version) FROM screening AS newest WHERE newest.arrival = arrival.id)
            """
        ),
        (
            "the original of what failed is in quarantine, every other original in the archive",
            """
            SELECT id FROM arrival
            WHERE original NOT LIKE CASE outcome WHEN 'failed' THEN 'quarantine/%' ELSE 'archive/%' END
                OR (original IS NULL AND forgotten IS NULL AND outcome <> 'failed')
            """
        ),
        (
            "what was read was begun, or its reading was used again",
            """
            SELECT arrival.id FROM arrival JOIN screening ON screening.arrival = arrival.id AND version = 1
            WHERE screening.outcome <> 'failed' AND reused_from IS NULL
                AND NOT EXISTS (SELECT 1 FROM audit WHERE subject = arrival.id AND event = 'begun')
            """
        ),
        (
            "measured and no_finding have no reason, every other outcome has one or more",
            """
            SELECT screening.arrival FROM screening
            WHERE (outcome IN ('measured', 'no_finding'))
                = EXISTS (SELECT 1 FROM finding WHERE finding.screening = screening.id AND kind = 'reason')
            """
        ),
        (
            "a reason belongs to its outcome",
            """
            SELECT screening.arrival FROM screening JOIN finding ON finding.screening = screening.id AND kind = 'reason'
            WHERE outcome <> CASE \(Reason.Code.allCases.map { "WHEN code = '\($0.rawValue)' THEN '\($0.outcome.rawValue)'" }
                .joined(separator: " ")) ELSE '' END
            """
        ),
        (
            "an arrival's state is what its last audit entry says",
            """
            SELECT arrival.id FROM arrival
            WHERE coalesce((
                SELECT event FROM audit WHERE subject = arrival.id AND event IN ('received', 'claimed', 'begun', 'waiting', 'finished')
                ORDER BY seq DESC LIMIT 1
            ), '') <> CASE state WHEN 'reading' THEN 'begun' ELSE state END
            """
        ),
        (
            "an arrival is received once, and ends at most once",
            """
            SELECT subject FROM audit WHERE event IN ('received', 'finished') GROUP BY subject, event HAVING count(*) > 1
            """
        ),
        (
            "a later version was made by a correction or by later models, and every correction made one",
            """
            SELECT arrival FROM screening JOIN arrival ON arrival.id = screening.arrival
            WHERE (version > 1) <> EXISTS (
                SELECT 1 FROM decision JOIN screening AS shown ON shown.id = decision.screening
                WHERE result = screening.id AND shown.arrival = screening.arrival AND shown.version < screening.version)
                AND NOT (version > 1 AND EXISTS (
                    SELECT 1 FROM audit WHERE subject = screening.arrival AND event = 'reread'
                        AND (forgotten IS NOT NULL OR CAST(\(told("result")) AS BIGINT) = version)))
            """
        ),
        (
            "a decision is in the audit, as it was made",
            """
            SELECT shown.arrival FROM decision JOIN screening AS shown ON shown.id = decision.screening
                JOIN arrival ON arrival.id = shown.arrival AND forgotten IS NULL
            WHERE NOT EXISTS (
                SELECT 1 FROM audit
                WHERE subject = shown.arrival AND event IN ('decided', 'corrected') AND audit.actor = decision.actor
                    AND CAST(\(told("decision")) AS BIGINT) = decision.id AND CAST(\(told("version")) AS BIGINT) = shown.version
                    AND \(told("reader")) = reader AND \(told("verdict")) = verdict
                    AND \(told("note")) IS NOT DISTINCT FROM note AND CAST(coalesce(\(told("blind")), '0') AS BIGINT) = blind)
            """
        ),
        (
            "a later version is what its audit entry says",
            """
            SELECT subject FROM audit LEFT JOIN screening
                ON screening.arrival = subject AND screening.version = CAST(\(told("result")) AS BIGINT)
            WHERE event IN ('corrected', 'reread') AND detail IS NOT NULL AND (screening.bundle IS DISTINCT FROM \(told("bundle"))
                OR bundle_sha256 IS DISTINCT FROM \(told("bundle_sha256")) OR outcome IS DISTINCT FROM \(told("outcome")))
            """
        ),
        (
            "a file is called what its arrival said, and is whose its claim said",
            """
            SELECT arrival.id FROM arrival JOIN audit ON audit.subject = arrival.id
                LEFT JOIN subject AS whose ON whose.number = arrival.subject
            WHERE detail IS NOT NULL AND forgotten IS NULL AND CASE event
                WHEN 'received' THEN \(told("from")) IS NULL
                    AND (path IS DISTINCT FROM \(told("path")) OR name IS DISTINCT FROM \(told("name")))
                WHEN 'claimed' THEN
                    seq = (SELECT max(seq) FROM audit AS latest WHERE latest.subject = arrival.id AND latest.event = 'claimed')
                    AND (sidecar IS DISTINCT FROM \(told("sidecar"))
                        OR (\(claimed) IS NOT NULL OR rule = 1) AND identifier IS DISTINCT FROM \(claimed)
                        OR study IS DISTINCT FROM coalesce(\(told("examination.study")), \(told("study"))))
                ELSE FALSE END
            """
        ),
        (
            "what is forgotten has its entry, and no names",
            """
            SELECT id FROM arrival
            WHERE forgotten IS DISTINCT FROM (SELECT at FROM audit WHERE subject = arrival.id AND event = 'forgotten')
                OR (forgotten IS NOT NULL AND (subject IS NOT NULL OR \(names.map { "coalesce(\($0), '') <> ''" }.joined(separator: " OR "))))
            """
        ),
        (
            "an arrival is of the image that its newest screening read",
            """
            SELECT arrival.id FROM arrival JOIN screening ON screening.arrival = arrival.id LEFT JOIN image ON image.sha256 = arrival.sha256
            WHERE version = (SELECT max(version) FROM screening AS newest WHERE newest.arrival = arrival.id)
                AND (screening.sha256 IS DISTINCT FROM arrival.sha256 OR (image.sha256 IS NOT NULL AND image.bytes IS DISTINCT FROM arrival.bytes))
            """
        ),
        (
            "a subject stands once, and as long as an arrival or a visit is of it",
            """
            SELECT 'subject ' || min(subject.number) FROM subject
                LEFT JOIN (SELECT subject FROM arrival UNION SELECT subject FROM visit) AS held ON held.subject = subject.number
            GROUP BY identifier, issuer HAVING count(held.subject) <> 1 OR count(*) <> 1
            """
        ),
        (
            "an arrival of the audit is in the ledger",
            """
            SELECT DISTINCT subject FROM audit
            WHERE event = 'received' AND NOT EXISTS (SELECT 1 FROM arrival WHERE id = audit.subject)
            """
        ),
    ]

    /// The audit's entry of an ending and the rows that it was written with say the same.
    private nonisolated func endingsThatTheAuditContradicts(_ db: any SQLDatabase) throws -> [ViolatedInvariant] {
        var violations: [ViolatedInvariant] = []
        try db.each(
            sql: """
                SELECT audit.detail, arrival.id, arrival.original, screening.outcome, screening.bundle, screening.bundle_sha256, screening.key,
                    screening.sha256, screening.reused_from
                FROM audit JOIN arrival ON arrival.id = audit.subject JOIN screening ON screening.arrival = arrival.id AND version = 1
                WHERE event = 'finished' AND detail IS NOT NULL
                """
        ) { row in
            let detail = try? CanonicalJSON.decode(EndingDetail.self, from: (row["detail"] as String).utf8)
            let told: [String?] = [
                detail?.outcome.rawValue, detail?.bundle, detail?.bundleDigest.description, detail?.key,
                detail?.sha256?.description,
                detail?.original, detail?.reusedFrom?.description,
            ]
            let stored: [String?] = ["outcome", "bundle", "bundle_sha256", "key", "sha256", "original", "reused_from"].map {
                row[$0]
            }
            if told != stored, violations.count < 20 {
                violations.append(
                    ViolatedInvariant(invariant: "an ending's rows are what its audit entry says", subject: row["id"]))
            }
        }
        return violations
    }
}
