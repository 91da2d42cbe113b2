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

extension MaintenanceLedger where Self: ArrivalLedger {
    /// Takes up every arrival that our folders hold and the ledger does not know.
    ///
    /// A bundle's report has all that the ledger knew of it, except when the stages of its way were and the key under which its reading could
    /// be used again. What has an original and no bundle becomes pending. The files stay where they are.
    /// - Parameter actor: `user@uid` who asked for it.
    /// - Throws: `system` for a folder that may not be looked into, or where the ledger could not be written.
    public func adopt(_ folders: Folders, actor: String) async throws(PapillaError) -> Adopted {
        let census = try FolderCensus(folders)
        let unknown = try await unknown(among: census.ids)
        var adopted = Adopted()
        var arrivals: [FoundArrival] = []
        for id in unknown { arrivals.append(try FoundArrival(id, census, folders, &adopted.damaged)) }
        // A reading that was used again comes before those that used it.
        for found in arrivals.sorted(by: { ($0.received, $0.id) < ($1.received, $1.id) }) {
            if let pending = found.pending {
                try await receive(pending)
                adopted.pending += 1
            } else if !found.versions.isEmpty {
                try await takeUp(found, actor: actor)
                adopted.finished += 1
                if found.original == nil { adopted.withoutOriginal += 1 }
            }
        }
        return adopted
    }
}

extension FoundArrival {
    /// What is read at the service's next start; nil for what had ended, and where there is nothing to read.
    fileprivate var pending: NewArrival? {
        guard let first = versions.first?.report else {
            guard original != nil || isInSpool, let name else { return nil }
            return NewArrival(id: id, path: name, name: name, isUrgent: false, received: received, device: 0, inode: 0)
        }
        guard isInSpool else { return nil }
        // It stopped between its bundle and its end: the service finds the bundle and ends it.
        return NewArrival(
            id: id, path: first.source.path, name: first.source.name,
            isUrgent: first.source.path.utf8.starts(with: "urgent/".utf8), received: first.source.received, device: 0, inode: 0)
    }
}

/// What our folders tell of one arrival that the ledger does not know.
public struct FoundArrival: Sendable {
    /// A version of its screening.
    public struct Version: Sendable {
        /// As it was published.
        public var report: Report
        /// Relative to the outbox.
        public var bundle: String
        /// Of the bytes of its report.json.
        public var digest: Digest
    }

    /// The ID that its folders bear.
    public let id: ScreeningID
    /// Versions 1, 2, ... without a gap.
    public private(set) var versions: [Version] = []
    /// Whether its original is in the spool.
    public private(set) var isInSpool = false
    /// `archive/…` or `quarantine/…`.
    public private(set) var original: String?
    /// The original's name, where one is.
    public private(set) var name: String?
    /// From the report, else the day that the ID names.
    public private(set) var received: Timestamp

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
            for spool in [folders.spool] + folders.otherSpools where folder.hasPrefix(spool + "/") { isInSpool = true }
        }
    }
}

extension Report.Timing {
    /// From arrival to the end of the drawing, ms.
    package var total: Double { wait + decode + route + infer + render }
}
