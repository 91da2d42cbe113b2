internal import GRDB
public import Screening

/// An arrival as the ledger knows it now.
public struct ArrivalRow: Sendable, Codable, Hashable {
    /// Its ID.
    public var id: ScreeningID
    /// Path in the inbox; null once forgotten.
    @Nullable public var path: String?
    /// The file's name; null once forgotten.
    @Nullable public var name: String?
    /// Whether it came through `urgent/`.
    public var isUrgent: Bool
    /// When it was first seen.
    public var received: Timestamp
    /// The file's device in the inbox.
    public var device: UInt64
    /// The file's inode in the inbox.
    public var inode: UInt64
    /// Where it stands.
    public var state: ArrivalState
    /// When the state last changed.
    public var changed: Timestamp
    /// What it waits for, in state `waiting`.
    @Nullable public var waitsFor: String?
    /// Readings begun without an end.
    public var attempts: Int
    /// Path in the spool, from the claim to the end.
    @Nullable public var spool: String?
    /// The sidecar's name.
    @Nullable public var sidecar: String?
    /// From sidecar or name.
    @Nullable public var patient: String?
    /// From sidecar or name.
    @Nullable public var study: String?
    /// From sidecar or name.
    public var eye: Eye
    /// Who states the eye; null where nobody does. An unknown eye that someone states was stated in words that were not understood.
    @Nullable public var eyeFrom: Examination.Whence?
    /// Who gave the patient's number.
    @Nullable public var issuer: String?
    /// The order's number.
    @Nullable public var accession: String?
    /// Who took it.
    @Nullable public var operatorName: String?
    /// What it was taken with.
    @Nullable public var equipment: String?
    /// When it was taken.
    @Nullable public var taken: ExaminationTime?
    /// Whether it is the last image of its visit.
    public var isLast: Bool
    /// Of the content.
    @Nullable public var sha256: Digest?
    /// The content's size.
    @Nullable public var bytes: Int?
    /// How it ended; null while pending.
    @Nullable public var outcome: Outcome?
    /// When it ended.
    @Nullable public var finished: Timestamp?
    /// `archive/…` or `quarantine/…`; null while pending, for what vanished, and once forgotten.
    @Nullable public var original: String?
    /// The newest version's bundle, relative to the outbox; null while pending and once forgotten.
    @Nullable public var bundle: String?
    /// When its original was removed, because it was kept long enough.
    @Nullable public var expired: Timestamp?
    /// When its names were forgotten.
    @Nullable public var forgotten: Timestamp?

    enum CodingKeys: String, CodingKey {
        case id, path, name, received, device, inode, state, changed, attempts, spool, sidecar, patient, study, eye, sha256,
            bytes, outcome
        case finished, original, bundle, expired, forgotten, issuer, accession, equipment, taken
        case eyeFrom = "eye_from"
        case operatorName = "operator"
        case isLast = "last"
        case isUrgent = "urgent"
        case waitsFor = "waits_for"
    }
}

extension ArrivalRow {
    /// Whose it is and what was examined, without what of that a person should look at.
    public var identification: Identification {
        var result = Identification()
        result.subject = patient.map { Subject(identifier: $0, issuer: issuer) }
        result.examination.study = study
        result.examination.accession = accession
        result.examination.taken = taken
        result.examination.eye = .init(eye, from: eyeFrom)
        result.examination.device = equipment
        result.examination.operatorName = operatorName
        result.isLast = isLast
        return result
    }

    /// What every query of arrivals begins with.
    static let select = """
        SELECT arrival.*,
            (SELECT bundle FROM screening WHERE screening.arrival = arrival.id ORDER BY version DESC LIMIT 1) AS bundle
        FROM arrival
        """

    /// Reads a stored arrival.
    init(_ row: Row) throws {
        let text: String = row["id"]
        func damaged(_ column: String) -> PapillaError {
            PapillaError(
                .damaged, "The ledger's row of an arrival cannot be read: \(column)", place: text, hint: LedgerFile.damageHint)
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
        (self.id, self.received, self.state, self.changed, self.eye) = (id, received, state, changed, eye)
        (isUrgent, attempts) = (row["urgent"], row["attempts"])
        (device, inode) = (UInt64(bitPattern: row["device"]), UInt64(bitPattern: row["inode"]))
        (path, name, waitsFor, spool, sidecar) = (row["path"], row["name"], row["waits_for"], row["spool"], row["sidecar"])
        (patient, study, bytes, original, bundle) = (row["patient"], row["study"], row["bytes"], row["original"], row["bundle"])
        (issuer, accession, operatorName, equipment) = (row["issuer"], row["accession"], row["operator"], row["equipment"])
        taken = (row["taken"] as String?).flatMap { ExaminationTime($0) }
        eyeFrom = (row["eye_from"] as String?).flatMap(Examination.Whence.init)
        isLast = (row["last"] as Bool?) ?? false
        (finished, expired, forgotten) = (try time("finished"), try time("expired"), try time("forgotten"))
        sha256 = (row["sha256"] as String?).flatMap(Digest.init)
        outcome = (row["outcome"] as String?).flatMap(Outcome.init)
    }

    /// One arrival by its ID.
    static func fetch(_ db: Database, _ id: ScreeningID) throws -> ArrivalRow? {
        try Row.fetchOne(db, sql: select + " WHERE id = ?", arguments: [id.description]).map(ArrivalRow.init)
    }

    /// One arrival by its ID, from whose state `step` may be taken.
    static func fetch(_ db: Database, _ id: ScreeningID, for step: ArrivalState.Step) throws -> ArrivalRow {
        guard let row = try fetch(db, id) else {
            throw PapillaError(.notFound, "The ledger has no arrival of this ID", place: id.description)
        }
        guard row.state.allows(step, isClaimed: row.spool != nil) else {
            throw PapillaError(
                .refused, "An arrival in state \(row.state.rawValue) cannot take the step \(step.rawValue)", place: id.description
            )
        }
        return row
    }
}
