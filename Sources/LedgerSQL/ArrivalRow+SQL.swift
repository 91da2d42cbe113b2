package import Ledger
internal import Screening

extension ArrivalRow {
    /// What every query of arrivals begins with.
    package static let select = """
        SELECT arrival.*, subject.identifier AS patient, subject.issuer,
            (SELECT bundle FROM screening WHERE screening.arrival = arrival.id ORDER BY version DESC LIMIT 1) AS bundle
        FROM arrival LEFT JOIN subject ON subject.number = arrival.subject
        """

    /// Reads a stored arrival.
    init(_ row: SQLRow) throws {
        let text: String = row["id"]
        func damaged(_ column: String) -> PapillaError {
            PapillaError(
                .damaged, "The ledger's row of an arrival cannot be read: \(column)", place: text, hint: LedgerDamage.hint)
        }
        func time(_ column: String) throws -> Timestamp? {
            guard let text = row[column] as String? else { return nil }
            guard let time = Timestamp(text) else { throw damaged(column) }
            return time
        }
        guard let id = ScreeningID(text) else { throw damaged("id") }
        guard let received = try time("received"), let changed = try time("changed") else { throw damaged("received, changed") }
        guard let state = ArrivalState(rawValue: row["state"]) else { throw damaged("state") }
        guard let eye = Eye(rawValue: row["eye"]) else { throw damaged("eye") }
        self.init(
            id: id, isUrgent: row["urgent"], received: received, device: UInt64(bitPattern: row["device"]),
            inode: UInt64(bitPattern: row["inode"]), state: state, changed: changed, attempts: row["attempts"], eye: eye,
            isLast: (row["last"] as Bool?) ?? false)
        (path, name, waitsFor, spool, sidecar) = (row["path"], row["name"], row["waits_for"], row["spool"], row["sidecar"])
        (patient, study, bytes, original, bundle) = (row["patient"], row["study"], row["bytes"], row["original"], row["bundle"])
        (issuer, accession, operatorName, equipment) = (row["issuer"], row["accession"], row["operator"], row["equipment"])
        taken = (row["taken"] as String?).flatMap { ExaminationTime($0) }
        eyeFrom = (row["eye_from"] as String?).flatMap(Examination.Whence.init)
        (finished, expired, forgotten) = (try time("finished"), try time("expired"), try time("forgotten"))
        sha256 = (row["sha256"] as String?).flatMap(Digest.init)
        outcome = (row["outcome"] as String?).flatMap(Outcome.init)
    }

    /// One arrival by its ID.
    static func fetch(_ db: any SQLDatabase, _ id: ScreeningID) throws -> ArrivalRow? {
        try SQLRow.fetchOne(db, sql: select + " WHERE id = ?", arguments: [id.description]).map(ArrivalRow.init)
    }

    /// One arrival by its ID, from whose state `step` may be taken.
    static func fetch(_ db: any SQLDatabase, _ id: ScreeningID, for step: ArrivalState.Step) throws -> ArrivalRow {
        guard let row = try fetch(db, id) else {
            throw PapillaError(.notFound, "The ledger has no arrival of this ID", place: id.description)
        }
        try row.check(step)
        return row
    }
}

extension ArrivalFilter {
    /// The SQL from WHERE to LIMIT, over a table named `arrival`.
    var clause: (sql: String, arguments: SQLArguments) {
        let (conditions, arguments) = conditions
        var sql = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        sql += newestFirst ? " ORDER BY arrival.received DESC, arrival.id DESC" : " ORDER BY arrival.received, arrival.id"
        if let limit { sql += " LIMIT \(max(0, limit))" }
        return (sql, arguments)
    }

    /// The conditions, in SQL over a table named `arrival`.
    var conditions: (sql: [String], arguments: SQLArguments) {
        var conditions: [String] = []
        var arguments = SQLArguments()
        func oneOf(_ column: String, _ values: [String]) {
            // No list may be empty.
            guard !values.isEmpty else { return conditions.append("FALSE") }
            conditions.append("arrival.\(column) IN (\(values.map { _ in "?" }.joined(separator: ", ")))")
            arguments += SQLArguments(values.sorted())
        }
        if let states { oneOf("state", states.map(\.rawValue)) }
        if let outcomes { oneOf("outcome", outcomes.map(\.rawValue)) }
        if let since {
            conditions.append("arrival.received >= ?")
            arguments += [since.description]
        }
        if let until {
            conditions.append("arrival.received < ?")
            arguments += [until.description]
        }
        return (conditions, arguments)
    }
}
