public import Ledger
public import Screening

extension LedgerStore {
    /// What readers made of every screening that anybody decided on, in order of arrival.
    public nonisolated func judgements() throws(PapillaError) -> [Judgement] {
        try read { db in
            let rows = try SQLRow.fetchAll(
                db,
                sql: """
                    SELECT arrival.id, decision.verdict, blind.id IS NOT NULL AS blind, shown.id AS shown_id, shown.bundle AS shown_bundle,
                        shown.bundle_sha256 AS shown_sha256, kept.bundle_sha256 AS kept_sha256, kept.id AS kept_id,
                        kept.bundle AS kept_bundle, router.name AS router, disc.name AS disc, cup.name AS cup,
                        polyp.name AS polyp
                    FROM arrival JOIN decision ON decision.id = \(DecisionRow.last)
                        JOIN screening AS shown ON shown.id = (SELECT max(made.id) FROM screening AS made
                            WHERE made.arrival = arrival.id AND made.id <= decision.screening
                                AND NOT EXISTS (SELECT 1 FROM decision AS maker WHERE maker.result = made.id))
                        LEFT JOIN decision AS blind ON blind.screening = shown.id AND blind.blind = 1
                        JOIN screening AS kept ON kept.id = coalesce(blind.result, decision.result, decision.screening)
                        LEFT JOIN model AS router ON router.id = shown.router LEFT JOIN model AS disc ON disc.id = shown.disc
                        LEFT JOIN model AS cup ON cup.id = shown.cup LEFT JOIN model AS polyp ON polyp.id = shown.polyp
                    ORDER BY arrival.received, arrival.id
                    """)
            return try rows.map { row in
                guard let id = ScreeningID(row["id"]), let shownDigest = Digest(row["shown_sha256"] as String),
                    let keptDigest = Digest(row["kept_sha256"] as String)
                else {
                    throw PapillaError(.damaged, "A judgement of the ledger cannot be read", hint: LedgerDamage.hint)
                }
                func ratio(_ findings: [Finding]) -> Double? {
                    findings.first { $0.kind == .measure && $0.code == Finding.Measure.vcdr.rawValue }?.value
                }
                let shown = try Finding.stored(db, screening: row["shown_id"])
                let isKept = (row["kept_id"] as Int64) == row["shown_id"]
                var models: [ModelTask: String] = [:]
                for task in ModelTask.allCases { models[task] = row[task.rawValue] }
                return Judgement(
                    id: id, verdict: row["verdict"] == "reject" ? .rejected : isKept ? .accepted : .corrected,
                    attention: Set(shown.filter { $0.kind == .attention }.compactMap { Attention.Code(rawValue: $0.code) }),
                    models: models, blind: row["blind"], shown: row["shown_bundle"], kept: row["kept_bundle"],
                    shownDigest: shownDigest, keptDigest: keptDigest,
                    shownRatio: ratio(shown),
                    keptRatio: ratio(try Finding.stored(db, screening: row["kept_id"])))
            }
        }
    }
}
