public import Ledger
public import Screening

extension LedgerStore {
    /// The newest version of each of a subject's images that have ended, in order of arrival.
    public nonisolated func examined(of subject: Subject) throws(PapillaError) -> [ExaminedRow] {
        try read { db in
            try SQLRow.fetchAll(db, sql: ExaminedRow.ofSubject, arguments: [subject.identifier, subject.issuer])
                .map { try ExaminedRow($0, try Finding.stored(db, screening: $0["id"])) }
        }
    }

    /// The newest version of each of these images that has ended and is not forgotten, in order of arrival.
    public nonisolated func examined(_ ids: [ScreeningID]) throws(PapillaError) -> [ExaminedRow] {
        guard !ids.isEmpty else { return [] }
        return try read { db in
            let rows = try SQLRow.fetchAll(
                db,
                sql: ExportRow.select + """
                     WHERE arrival.id IN (SELECT value FROM json_each(?)) AND arrival.forgotten IS NULL
                    ORDER BY arrival.received, arrival.id
                    """, arguments: [try CanonicalJSON.line(ids)])
            let findings = try Finding.stored(db, screenings: rows.map { $0["id"] })
            return try rows.map { try ExaminedRow($0, findings[$0["id"]] ?? []) }
        }
    }

    /// The subjects of a number: one for each issuer that gave it.
    public nonisolated func subjects(numbered identifier: String) throws(PapillaError) -> [Subject] {
        try read { db in
            try SQLRow.fetchAll(
                db,
                sql: """
                    SELECT issuer FROM subject WHERE identifier = ? AND EXISTS (SELECT 1 FROM arrival WHERE arrival.subject = number)
                    """, arguments: [identifier]
            ).map { Subject(identifier: identifier, issuer: $0["issuer"]) }.sorted { ($0.issuer ?? "") < ($1.issuer ?? "") }
        }
    }

    /// Every arrival of a subject that is not forgotten, in order of arrival.
    public nonisolated func arrivals(of subject: Subject) throws(PapillaError) -> [ScreeningID] {
        try read { db in
            try String.fetchAll(
                db,
                sql: "SELECT id FROM arrival WHERE subject = \(Subject.known) AND forgotten IS NULL ORDER BY received, id",
                arguments: [subject.identifier, subject.issuer]
            ).compactMap { ScreeningID($0) }
        }
    }

    /// When this ledger began to know visits. One that was made of bundles knows no beginning: their visits are in the outbox.
    public nonisolated func visitsBegin() throws(PapillaError) -> Timestamp {
        try read { db in try Self.visitsBegin(db) }
    }

    static func visitsBegin(_ db: any SQLDatabase) throws -> Timestamp {
        let isMadeOfBundles = try Int64.fetchOne(
            db, sql: "SELECT 1 FROM audit WHERE event = 'restored' AND \(AuditEntry.told("from")) = 'bundles' LIMIT 1")
        guard isMadeOfBundles == nil else { return Timestamp(milliseconds: 0) }
        let text = try String.fetchOne(
            db,
            // A ledger of a later schema may have been made with visits, or become one at an earlier migration.
            sql: """
                SELECT at FROM audit WHERE seq = coalesce(
                    (SELECT min(seq) FROM audit WHERE event IN ('created', 'migrated')
                        AND CAST(\(AuditEntry.told("schema")) AS BIGINT) >= 4),
                    (SELECT min(seq) FROM audit))
                """)
        return text.flatMap { Timestamp($0) } ?? Timestamp(milliseconds: 0)
    }

    /// The newest version of each of a subject's visits.
    public nonisolated func visits(of subject: Subject) throws(PapillaError) -> [VisitRow] {
        try read { db in
            try SQLRow.fetchAll(
                db,
                sql: VisitRow.select() + " WHERE visit.subject = \(Subject.known) AND \(VisitFilter.newest) ORDER BY day, id",
                arguments: [subject.identifier, subject.issuer]
            ).map { try VisitRow($0) }
        }
    }

    /// The newest version of each visit that a filter lets through, what most needs a person first.
    public nonisolated func visits(_ filter: VisitFilter) throws(PapillaError) -> [VisitRow] {
        try read { db in
            let (sql, arguments) = filter.query
            return try SQLRow.fetchAll(db, sql: sql, arguments: arguments).map { row in
                var visit = try VisitRow(row)
                if row["veiled"] as Bool {
                    (visit.weight, visit.worst, visit.attention) = (Attention.Code.ratioHigh.weight, nil, [])
                }
                return visit
            }
        }
    }

    /// Every version of a visit, the first one first.
    public nonisolated func versions(ofVisit id: ScreeningID) throws(PapillaError) -> [VisitRow] {
        try read { db in
            try SQLRow.fetchAll(db, sql: VisitRow.select() + " WHERE id = ? ORDER BY version", arguments: [id.description]).map {
                try VisitRow($0)
            }
        }
    }

    /// Every version of every visit.
    public nonisolated func allVisits() throws(PapillaError) -> [VisitRow] {
        try read { db in try SQLRow.fetchAll(db, sql: VisitRow.select() + " ORDER BY visit.number").map { try VisitRow($0) } }
    }

    /// IDs of visits that were forgotten.
    public nonisolated func forgottenVisits() throws(PapillaError) -> Set<ScreeningID> {
        try read { db in
            Set(
                try String.fetchAll(db, sql: "SELECT DISTINCT id FROM visit WHERE subject IS NULL").compactMap {
                    ScreeningID($0)
                })
        }
    }

    /// Repeats of the latest visits that had any.
    public nonisolated func repeats() throws(PapillaError) -> [VisitRow.Repeats] {
        try read { db in
            try String.fetchAll(
                db,
                sql:
                    "SELECT repeats FROM visit WHERE repeats IS NOT NULL AND \(VisitFilter.newest) ORDER BY number DESC LIMIT 2000"
            ).flatMap { try CanonicalJSON.decode([VisitRow.Repeats].self, from: $0.utf8) }
        }
    }

    /// Publishes a version and writes it down, with its audit entry, in one transaction.
    ///
    /// - Throws: `refused` where its number is not the next one, and where an image that is or was in it is forgotten or being forgotten.
    public func record(_ visit: VisitRow, _ publish: @Sendable () throws(PapillaError) -> Void) throws(PapillaError) {
        let time = now()
        try write { db in
            let earlier = try SQLRow.fetchAll(
                db, sql: VisitRow.select() + " WHERE id = ? ORDER BY version", arguments: [visit.id.description]
            ).map { try VisitRow($0) }
            guard visit.version == (earlier.last?.version ?? 0) + 1, let subject = visit.subject else {
                throw PapillaError(.refused, "A visit's versions follow each other", place: visit.id.description)
            }
            // Whoever forgets an image erases every visit that it stood in.
            let members = Set((earlier + [visit]).flatMap(\.members).map(\.id.description))
            let forgotten = try Bool.fetchOne(
                db,
                sql: """
                    SELECT EXISTS (SELECT 1 FROM audit WHERE subject IN (SELECT value FROM json_each(?))
                        AND event IN ('forgetting', 'forgotten'))
                    """, arguments: [try CanonicalJSON.line(members.sorted())])
            guard forgotten != true else {
                throw PapillaError(
                    .refused, "An image of this visit is forgotten", place: visit.id.description, isRetryable: true)
            }
            try publish()
            let whose = try Subject.number(db, of: subject)
            let repeats = visit.repeats.isEmpty ? nil : try CanonicalJSON.line(visit.repeats)
            let number = try db.insert(
                sql: """
                    INSERT INTO visit (id, version, at, subject, study, day, weight, worst, attention, images, repeats, sha256, page_sha256)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    visit.id.description, visit.version, visit.at.description, whose, visit.study, visit.day,
                    visit.weight, visit.worst?.rawValue, visit.attention.map(\.rawValue).joined(separator: " "),
                    visit.members.map(\.text).joined(separator: " "), repeats, visit.digest.description,
                    visit.pageDigest.description,
                ], key: "number")
            try AuditEntry.append(
                db, at: time, actor: service, event: .visited, subject: visit.id.description,
                detail: ["folder": visit.folder, "sha256": visit.digest.description],
                rows: [Binding.Key(.visit, .number(number))])
        }
    }

    /// Forgets whose a visit was. Remove its folders first.
    public func forgetVisit(_ id: ScreeningID, actor: String) throws(PapillaError) {
        let time = now()
        try write { db in
            let numbers = try Int64.fetchAll(
                db, sql: "SELECT number FROM visit WHERE id = ? AND subject IS NOT NULL ORDER BY number",
                arguments: [id.description])
            guard !numbers.isEmpty else { return }
            let whose = try Subject.numbers(db, in: "visit", of: id)
            // What else is in it is put together anew.
            try Self.noteVisits(db, of: whose, at: time)
            try db.execute(
                sql: "UPDATE visit SET subject = NULL, study = NULL, repeats = NULL WHERE id = ?", arguments: [id.description])
            try Subject.release(db, whose)
            // First the entry that proves the blanks: the file itself refuses one without it.
            try AuditEntry.append(
                db, at: time, actor: actor, event: .forgotten, subject: id.description, detail: [String: String](),
                rows: numbers.map { Binding.Key(.visit, .number($0)) })
            try db.execute(
                sql: "UPDATE audit SET detail = NULL WHERE subject = ? AND detail IS NOT NULL AND event <> 'forgotten'",
                arguments: [id.description])
        }
        fold()
    }
}

extension ExaminedRow {
    /// What has ended of one subject, by identifier and issuer.
    package static let ofSubject =
        ExportRow.select + """
             WHERE arrival.subject = \(Subject.known) AND arrival.forgotten IS NULL AND NOT \(LedgerStore.isAnothers)
                AND NOT EXISTS (SELECT 1 FROM audit WHERE audit.subject = arrival.id AND audit.event = 'forgetting')
            ORDER BY arrival.received, arrival.id
            """

    /// Reads a screening joined with its arrival and models, and its findings.
    init(_ row: SQLRow, _ findings: [Finding]) throws {
        self.init(
            try ExportRow(row, findings), findings, sha256: (row["sha256"] as String?).flatMap { Digest($0) },
            disc: row["disc_name"], cup: row["cup_name"])
    }
}

extension VisitRow {
    /// What every query of visits begins with.
    ///
    /// - Parameter more: another column.
    static func select(_ more: String? = nil) -> String {
        """
        SELECT visit.*, subject.identifier AS patient, subject.issuer\(more.map { ", " + $0 } ?? "")
        FROM visit LEFT JOIN subject ON subject.number = visit.subject
        """
    }

    /// Reads a stored version.
    init(_ row: SQLRow) throws {
        let text: String = row["id"]
        let images: String = row["images"], attention: String = row["attention"]
        let repeats = try (row["repeats"] as String?).map { try CanonicalJSON.decode([Repeats].self, from: $0.utf8) }
        guard let id = ScreeningID(text), let at = Timestamp(row["at"] as String), let digest = Digest(row["sha256"] as String),
            let pageDigest = Digest(row["page_sha256"] as String)
        else {
            throw PapillaError(.damaged, "A visit of the ledger cannot be read", place: text, hint: LedgerDamage.hint)
        }
        let patient: String? = row["patient"]
        self.init(
            id: id, version: row["version"], at: at,
            subject: patient.map { Subject(identifier: $0, issuer: row["issuer"]) }, study: row["study"], day: row["day"],
            weight: row["weight"], worst: (row["worst"] as String?).flatMap { Eye(rawValue: $0) },
            attention: attention.split(separator: " ").compactMap { Attention.Code(rawValue: String($0)) },
            members: images.split(separator: " ").compactMap { Member($0) }, repeats: repeats ?? [], digest: digest,
            pageDigest: pageDigest)
    }
}
