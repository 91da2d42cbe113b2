public import Ledger
public import Screening

extension LedgerStore {
    /// Takes up an arrival that had ended, from its bundles, in one transaction.
    ///
    /// - Parameter found: with one version or more.
    public func takeUp(_ found: FoundArrival, actor: String) throws(PapillaError) {
        guard let first = found.versions.first?.report else {
            throw PapillaError(.internal, "An arrival without a bundle was taken up as one that had ended", place: "\(found.id)")
        }
        let time = now()
        let (source, id) = (first.source, found.id.description)
        let newest = found.versions.last?.report ?? first
        let examination = first.examination
        let place = newest.outcome.isQuarantined ? "quarantine" : "archive"
        // Where it is not there any more, where it was: retention or a person removed it.
        let original = found.original ?? (newest.outcome == .failed ? nil : "\(place)/\(found.received.day)/\(id)/\(source.name)")
        let ended = Timestamp(milliseconds: source.received.milliseconds + Int64(first.timing.total))
        let whose = source.patient.map { Subject(identifier: $0, issuer: first.subject?.issuer) }
        try write { db in
            let subject = try whose.map { try Subject.number(db, of: $0) }
            if let image = source.sha256 {
                try Self.know(db, image: image, bytes: source.bytes, at: time)
                try db.execute(
                    sql: "UPDATE image SET format = ?, width = ?, height = ? WHERE sha256 = ?",
                    arguments: [source.format, source.width, source.height, image.description])
            }
            try db.execute(
                sql: """
                    INSERT INTO arrival (id, path, name, urgent, received, device, inode, state, changed, sidecar, subject, study, eye, sha256,
                        bytes, outcome, finished, original, expired, accession, operator, equipment, taken, eye_from)
                    VALUES (?, ?, ?, ?, ?, 0, 0, 'finished', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, source.path, source.name, source.path.utf8.starts(with: "urgent/".utf8), source.received.description,
                    ended.description,
                    source.sidecar, subject, source.study, source.eye.rawValue, source.sha256?.description, source.bytes,
                    newest.outcome.rawValue, ended.description, original,
                    found.original == nil && original != nil ? time.description : nil,
                    examination.accession, examination.operatorName, examination.device,
                    examination.taken?.description, examination.statedEye.whence?.rawValue,
                ])
            try Self.noteVisits(db, with: found.id, at: time)
            for event in [AuditEntry.Event.received, .begun] {
                try AuditEntry.append(db, at: time, actor: actor, event: event, subject: id, detail: ["from": "bundle"])
            }
            for version in found.versions {
                var report = version.report
                if let reused = report.reusedFrom, try ArrivalRow.fetch(db, reused) == nil { report.reusedFrom = nil }
                let end = Ending(
                    report: report, bundle: version.bundle, bundleDigest: version.digest, original: original,
                    timing: report.timing)
                let rows = try insertScreening(db, end, image: source.sha256, at: ended)
                if report.reread != nil {
                    try Self.insertRereading(db, end, actor: actor, at: time, rows: rows)
                    continue
                }
                guard report.version == 1 else {
                    try Self.insertCorrection(db, end, actor: actor, rows: rows)
                    continue
                }
                try AuditEntry.append(
                    db, at: time, actor: actor, event: .finished, subject: id, detail: EndingDetail(end, image: source.sha256),
                    rows: [.arrival(found.id)] + rows)
            }
        }
    }
}
