internal import GRDB
public import Screening

/// What a ledger took up of folders that hold more than it knows: after a restored backup, or into a new ledger.
public struct Adopted: Sendable, Codable, Hashable {
    /// Arrivals that had ended, from their bundles' reports.
    public var finished = 0
    /// Arrivals whose file is in our folders without a report: the service reads them at its next start.
    public var pending = 0
    /// Of those that had ended, how many whose original is not in our folders.
    public var withoutOriginal = 0
    /// Bundles whose report cannot be read or whose files are not as it says, relative to the outbox.
    public var damaged: [String] = []

    enum CodingKeys: String, CodingKey {
        case finished, pending, damaged
        case withoutOriginal = "without_original"
    }
}

extension LedgerStore {
    /// Takes up every arrival that our folders hold and the ledger does not know.
    ///
    /// A bundle's report has all that the ledger knew of it, except when the stages of its way were and the key under which its reading could
    /// be used again. What has an original and no bundle becomes pending. The files stay where they are.
    /// - Parameter actor: `user@uid` who asked for it.
    /// - Throws: `system` for a folder that may not be looked into, or where the ledger could not be written.
    public func adopt(_ folders: Folders, actor: String) throws(PapillaError) -> Adopted {
        let census = try FolderCensus(folders)
        let known = Set(try read { db in try String.fetchAll(db, sql: "SELECT id FROM arrival") })
        var adopted = Adopted()
        var arrivals: [FoundArrival] = []
        for id in census.ids where !known.contains(id.description) {
            arrivals.append(try FoundArrival(id, census, folders, &adopted.damaged))
        }
        // A reading that was used again comes before those that used it.
        for found in arrivals.sorted(by: { ($0.received, $0.id) < ($1.received, $1.id) }) {
            switch try take(found, actor: actor) {
            case .finished(let hasOriginal):
                adopted.finished += 1
                if !hasOriginal { adopted.withoutOriginal += 1 }
            case .pending: adopted.pending += 1
            case .nothing: break
            }
        }
        return adopted
    }

    private enum Taken {
        case finished(hasOriginal: Bool)
        case pending
        case nothing
    }

    private func take(_ found: FoundArrival, actor: String) throws(PapillaError) -> Taken {
        guard let first = found.versions.first?.report else {
            guard found.original != nil || found.isInSpool, let name = found.name else { return .nothing }
            try receive(
                NewArrival(
                    id: found.id, path: name, name: name, isUrgent: false, received: found.received, device: 0, inode: 0))
            return .pending
        }
        if found.isInSpool {
            // It stopped between its bundle and its end: the service finds the bundle and ends it.
            try receive(
                NewArrival(
                    id: found.id, path: first.source.path, name: first.source.name,
                    isUrgent: first.source.path.utf8.starts(with: "urgent/".utf8),
                    received: first.source.received, device: 0, inode: 0))
            return .pending
        }
        try insert(found, first, actor: actor)
        return .finished(hasOriginal: found.original != nil)
    }

    private func insert(_ found: FoundArrival, _ first: Report, actor: String) throws(PapillaError) {
        let time = now()
        let (source, id) = (first.source, found.id.description)
        let newest = found.versions.last?.report ?? first
        let examination = first.examination
        let place = newest.outcome.isQuarantined ? "quarantine" : "archive"
        // Where it is not there any more, where it was: retention or a person removed it.
        let original = found.original ?? (newest.outcome == .failed ? nil : "\(place)/\(found.received.day)/\(id)/\(source.name)")
        let ended = Timestamp(milliseconds: source.received.milliseconds + Int64(first.timing.total))
        try write { db in
            if let image = source.sha256 {
                try Self.know(db, image: image, bytes: source.bytes, at: time)
                try db.execute(
                    sql: "UPDATE image SET format = ?, width = ?, height = ? WHERE sha256 = ?",
                    arguments: [source.format, source.width, source.height, image.description])
            }
            try db.execute(
                sql: """
                    INSERT INTO arrival (id, path, name, urgent, received, device, inode, state, changed, sidecar, patient, study, eye, sha256,
                        bytes, outcome, finished, original, expired, issuer, accession, operator, equipment, taken, eye_from)
                    VALUES (?, ?, ?, ?, ?, 0, 0, 'finished', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, source.path, source.name, source.path.utf8.starts(with: "urgent/".utf8), source.received.description,
                    ended.description,
                    source.sidecar, source.patient, source.study, source.eye.rawValue, source.sha256?.description, source.bytes,
                    newest.outcome.rawValue, ended.description, original,
                    found.original == nil && original != nil ? time.description : nil,
                    first.subject?.issuer, examination.accession, examination.operatorName, examination.device,
                    examination.taken?.description, examination.statedEye.whence?.rawValue,
                ])
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

/// What our folders tell of one arrival that the ledger does not know.
private struct FoundArrival {
    struct Version {
        var report: Report
        /// Relative to the outbox.
        var bundle: String
        var digest: Digest
    }

    let id: ScreeningID
    /// Versions 1, 2, ... without a gap.
    private(set) var versions: [Version] = []
    private(set) var isInSpool = false
    /// `archive/…` or `quarantine/…`.
    private(set) var original: String?
    /// The original's name, where one is.
    private(set) var name: String?
    /// From the report, else the day that the ID names.
    private(set) var received: Timestamp

    init(_ id: ScreeningID, _ census: FolderCensus, _ folders: Folders, _ damaged: inout [String]) throws(PapillaError) {
        self.id = id
        let date = id.description
        let day = "\(date.prefix(4))-\(date.dropFirst(4).prefix(2))-\(date.dropFirst(6).prefix(2))"
        received = Timestamp(startOf: day) ?? Timestamp(milliseconds: 0)
        var found: [Version] = []
        for bundle in census.bundles[id] ?? [] {
            if let version = try Self.version(id, bundle, folders) { found.append(version) } else { damaged.append(bundle) }
        }
        for version in found.sorted(by: { $0.report.version < $1.report.version })
        where version.report.version == versions.count + 1 {
            versions.append(version)
        }
        if let first = versions.first { received = first.report.source.received }
        try findOriginal(census, folders)
    }

    private static func version(_ id: ScreeningID, _ bundle: String, _ folders: Folders) throws(PapillaError) -> Version? {
        let folder = folders.outbox + "/" + bundle
        guard let status = try FolderListing.status(of: folder + "/report.json"), status.isFile, status.bytes <= 64 << 20 else {
            return nil
        }
        let digest = Digest(of: try FileDigest.bytes(of: folder + "/report.json"))
        let check = try BundleCheck(of: id, in: folder, expecting: digest)
        guard check.problems.isEmpty, let report = check.report, report.id == id else { return nil }
        return Version(report: report, bundle: bundle, digest: digest)
    }

    private mutating func findOriginal(_ census: FolderCensus, _ folders: Folders) throws(PapillaError) {
        for folder in census.folders[id] ?? [] {
            let names = try FolderListing.entries(of: folder).map(\.name).filter {
                $0 != "reason.json" && $0 != "papilla-reason.json"
            }
            let told = versions.first?.report.source
            guard
                let name = names.first(where: { $0 == told?.name }) ?? names.first(where: {
                    $0 != told?.sidecar && !$0.lowercased().hasSuffix(".json")
                })
                    ?? names.first
            else { continue }
            self.name = name
            for (place, root) in [("archive", folders.archive), ("quarantine", folders.quarantine)]
            where folder.hasPrefix(root + "/") {
                original = place + folder.dropFirst(root.count) + "/" + name
            }
            if folder.hasPrefix(folders.spool + "/") { isInSpool = true }
        }
    }
}

extension Report.Timing {
    /// From arrival to the end of the drawing, ms.
    fileprivate var total: Double { wait + decode + route + infer + render }
}
