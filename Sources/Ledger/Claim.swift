internal import GRDB
public import Screening

/// What is known of an arrival once its file is in the spool.
public struct Claim: Sendable, Hashable {
    /// The file's path in the spool, relative to it: `ID/NAME`.
    public var spool: String
    /// Of the content; nil for what has none to read (a symlink, a FIFO).
    public var sha256: Digest?
    /// The content's size.
    public var bytes: Int
    /// The sidecar's name beside it in the spool, where there is one.
    public var sidecar: String?
    /// Of the sidecar's bytes.
    public var sidecarDigest: Digest?
    /// Whose it is and what was examined, as sidecar and name say.
    public var identification: Identification

    /// A file in the spool.
    public init(
        spool: String, sha256: Digest?, bytes: Int, sidecar: String? = nil, sidecarDigest: Digest? = nil,
        identification: Identification = Identification()
    ) {
        (self.spool, self.sha256, self.bytes, self.sidecar) = (spool, sha256, bytes, sidecar)
        (self.sidecarDigest, self.identification) = (sidecarDigest, identification)
    }
}

extension LedgerStore {
    /// Writes down that an arrival's file is in the spool, and its content. State: `claimed`.
    ///
    /// From `received`, or from `waiting` where the file has changed since (the rest of it came).
    /// - Throws: `notFound`, or `refused` from another state.
    public func claim(_ id: ScreeningID, _ claim: Claim) throws(PapillaError) {
        struct Detail: Encodable {
            var spool: String, sha256: Digest?, bytes: Int, sidecar: String?, subject: Subject?, examination: Examination
            var last: Bool
        }
        let time = now()
        let (subject, examination) = (claim.identification.subject, claim.identification.examination)
        try write { db in
            _ = try ArrivalRow.fetch(db, id, for: .claim)
            if let sha256 = claim.sha256 { try Self.know(db, image: sha256, bytes: claim.bytes, at: time) }
            try db.execute(
                sql: """
                    UPDATE arrival SET state = 'claimed', changed = ?, waits_for = NULL, spool = ?, sha256 = ?, bytes = ?, sidecar = ?, sidecar_sha256 = ?,
                        patient = ?, issuer = ?, study = ?, accession = ?, operator = ?, equipment = ?, taken = ?, eye = ?, eye_from = ?,
                        last = ? WHERE id = ?
                    """,
                arguments: [
                    time.description, claim.spool, claim.sha256?.description, claim.bytes, claim.sidecar,
                    claim.sidecarDigest?.description,
                    subject?.identifier,
                    subject?.issuer, examination.study, examination.accession, examination.operatorName, examination.device,
                    examination.taken?.description, examination.eye.value.rawValue, examination.eye.whence?.rawValue,
                    claim.identification.isLast, id.description,
                ])
            try AuditEntry.append(
                db, at: time, actor: "service", event: .claimed, subject: id.description,
                detail: Detail(
                    spool: claim.spool, sha256: claim.sha256, bytes: claim.bytes, sidecar: claim.sidecar, subject: subject,
                    examination: examination, last: claim.identification.isLast),
                rows: [.arrival(id)] + (claim.sha256.map { [.image($0)] } ?? []))
        }
    }

    /// Makes sure that an image has its row.
    static func know(_ db: Database, image: Digest, bytes: Int, at time: Timestamp) throws {
        try db.execute(
            sql: "INSERT INTO image (sha256, bytes, first_seen) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
            arguments: [image.description, bytes, time.description])
    }
}
