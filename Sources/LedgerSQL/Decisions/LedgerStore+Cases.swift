public import Ledger
public import Screening

extension LedgerStore {
    /// Every case, in order of arrival. What was forgotten, rejected or not decided is none.
    public nonisolated func cases() throws(PapillaError) -> [Case] {
        try read { db in
            try SQLRow.fetchAll(
                db,
                sql: """
                    SELECT arrival.id, subject.identifier AS patient, arrival.original, truth.sha256, truth.outcome, truth.modality, truth.version,
                        truth.bundle, truth.bundle_sha256, coalesce(made.blind, 0) AS blind, decision.verdict, decision.reader, decision.at
                    FROM arrival JOIN decision ON decision.id = \(DecisionRow.last)
                        JOIN screening AS truth ON truth.id = coalesce(decision.result, decision.screening)
                        LEFT JOIN decision AS made ON made.result = truth.id
                        LEFT JOIN subject ON subject.number = arrival.subject
                    WHERE decision.verdict IN ('accept', 'correct') AND forgotten IS NULL AND original LIKE 'archive/%' AND truth.bundle IS NOT NULL
                    ORDER BY arrival.received, arrival.id
                    """
            ).map { row in
                guard let id = ScreeningID(row["id"]), let image = (row["sha256"] as String?).flatMap(Digest.init),
                    let outcome = Outcome(rawValue: row["outcome"]), let decided = Timestamp(row["at"] as String),
                    let bundleDigest = Digest(row["bundle_sha256"] as String),
                    let verdict = Report.Decision.Verdict(rawValue: row["verdict"])
                else { throw PapillaError(.damaged, "A case of the ledger cannot be read", hint: LedgerDamage.hint) }
                return Case(
                    id: id, image: image, patient: row["patient"], original: row["original"], outcome: outcome,
                    modality: (row["modality"] as String?).flatMap(Modality.init), verdict: verdict, reader: row["reader"],
                    decided: decided, version: row["version"], blind: row["blind"], bundle: row["bundle"],
                    bundleDigest: bundleDigest)
            }
        }
    }
}
