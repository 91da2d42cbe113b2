public import Ledger
public import Screening

extension ExportRow {
    /// What every query of these rows begins with: the newest version of each arrival that has ended, and the last decision, where it was
    /// made on that version or made it.
    static let select = """
        SELECT screening.*, arrival.received, arrival.name, arrival.study, arrival.accession, arrival.taken, arrival.equipment,
            arrival.operator, subject.identifier AS patient, subject.issuer, decision.verdict, decision.reader, decision.blind,
            router.name AS router_name, disc.name AS disc_name, cup.name AS cup_name, polyp.name AS polyp_name
        FROM arrival
            JOIN screening ON screening.arrival = arrival.id
                AND screening.version = (SELECT max(version) FROM screening AS newest WHERE newest.arrival = arrival.id)
            LEFT JOIN subject ON subject.number = arrival.subject
            LEFT JOIN decision ON decision.id = \(DecisionRow.last) AND screening.id IN (decision.screening, decision.result)
            LEFT JOIN model AS router ON router.id = screening.router
            LEFT JOIN model AS disc ON disc.id = screening.disc
            LEFT JOIN model AS cup ON cup.id = screening.cup
            LEFT JOIN model AS polyp ON polyp.id = screening.polyp
        """

    /// Reads a screening joined with its arrival and models, and its findings.
    init(_ row: SQLRow, _ findings: [Finding]) throws {
        let text: String = row["arrival"]
        guard let id = ScreeningID(text), let received = Timestamp(row["received"] as String),
            let eye = Eye(rawValue: row["eye"]),
            let outcome = Outcome(rawValue: row["outcome"])
        else {
            throw PapillaError(.damaged, "A screening of the ledger cannot be read", place: text, hint: LedgerDamage.hint)
        }
        func measure(_ code: Finding.Measure) -> Double? {
            findings.first { $0.kind == .measure && $0.code == code.rawValue }?.value
        }
        self.init(
            id: id, received: received, eye: eye, outcome: outcome,
            attention: findings.filter { $0.kind == .attention }.map(\.code),
            models: ["router_name", "disc_name", "cup_name", "polyp_name"].compactMap { row[$0] }, version: row["version"])
        (file, subject, study, bundle) = (row["name"], row["patient"], row["study"], row["bundle"])
        (issuer, accession, device, operatorName) = (row["issuer"], row["accession"], row["equipment"], row["operator"])
        taken = (row["taken"] as String?).flatMap { ExaminationTime($0) }
        reason = findings.first { $0.kind == .reason && $0.position == 0 }?.code
        modality = (row["modality"] as String?).flatMap(Modality.init)
        quality = (row["quality"] as String?).flatMap(Quality.Grade.init)
        (vcdr, vcdrLow, vcdrHigh, hcdr) = (measure(.vcdr), measure(.vcdrLow), measure(.vcdrHigh), measure(.hcdr))
        let fraction = measure(.polypAreaFraction)
        (areaRatio, rimMinimum, polypAreaFraction) = (measure(.areaRatio), measure(.rimMinimum), fraction)
        let areas = findings.filter { $0.kind == .polyp && $0.code == "area" }
        let confidences = findings.filter { $0.kind == .polyp && $0.code == "confidence" }.compactMap(\.value)
        polyps = fraction == nil ? nil : areas.count
        maxConfidence = confidences.max()
        (reader, blind) = (row["reader"], row["blind"])
        decision = (row["verdict"] as String?).flatMap(Report.Decision.Verdict.init)
    }
}

extension LedgerStore {
    /// Hands every screening that a filter lets through to `body`, in order of arrival, without holding them all in memory.
    ///
    /// Of an arrival with corrections, the newest version. The filter's `states` does not matter: what is pending has no screening.
    public nonisolated func export(_ filter: ArrivalFilter, to body: (ExportRow) throws -> Void)
        throws(PapillaError)
    {
        try read { db in
            let (clause, arguments) = filter.clause
            try db.each(sql: ExportRow.select + clause, arguments: arguments) { row in
                try body(ExportRow(row, try Finding.stored(db, screening: row["id"])))
            }
        }
    }
}
