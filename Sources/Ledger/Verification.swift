internal import GRDB
public import Screening

/// Everything that `papilla audit verify` checks: the chain, the ledger's own invariants, every published bundle's digests, and the
/// folders against the ledger both ways.
public struct Verification: Sendable, Codable, Hashable {
    /// One thing that is wrong.
    public struct Problem: Sendable, Codable, Hashable {
        /// What kind of thing is wrong.
        public enum Kind: String, Sendable, Codable, CaseIterable {
            /// The audit's chain is broken, has a gap, or lacks the expected head.
            case chain
            /// Rows of the ledger contradict each other, or the audit.
            case invariant
            /// A row's bundle is not in the outbox.
            case bundleMissing = "bundle_missing"
            /// A bundle's report.json is not the published one.
            case bundleChanged = "bundle_changed"
            /// A bundle that the ledger does not know, of an arrival that it knows.
            case bundleUnknown = "bundle_unknown"
            /// A file of a bundle is missing.
            case fileMissing = "file_missing"
            /// A file of a bundle is not the published one.
            case fileChanged = "file_changed"
            /// A file lies in a bundle that its report does not list.
            case fileUnlisted = "file_unlisted"
            /// The findings in the ledger are not those of the published report.
            case findingsDiffer = "findings_differ"
            /// An arrival's file is nowhere.
            case originalMissing = "original_missing"
            /// An arrival's file is in our folders, but not where the ledger says.
            case originalMoved = "original_moved"
            /// An original has another size than the ledger says.
            case originalChanged = "original_changed"
            /// A file or bundle of ours without an arrival.
            case stray
            /// Something lies among our folders that is not ours.
            case unknownEntry = "unknown_entry"
            /// Files of an arrival that was forgotten are still there.
            case forgottenRemains = "forgotten_remains"
        }
        /// What kind of thing is wrong.
        public var kind: Kind
        /// The arrival's ID, or `audit entry 7`, or a folder.
        public var subject: String
        /// One sentence, without patient or file names.
        public var detail: String
        /// The path, where there is one; it may name a file.
        @Nullable public var place: String?

        /// One thing that is wrong.
        init(kind: Kind, subject: String, detail: String, place: String? = nil) {
            (self.kind, self.subject, self.detail) = (kind, subject, detail)
            self.place = place
        }
    }

    /// Whether nothing is wrong.
    public var ok: Bool
    /// The audit's last hash: note it elsewhere, and expect it next time.
    public var head: String
    /// Audit entries.
    public var entries: Int64
    /// The entry whose hash was expected; null where none was, or where it is not in the chain.
    @Nullable public var expectedAt: Int64?
    /// Audit entries whose detail was forgotten.
    public var forgotten: Int
    /// Arrivals in the ledger.
    public var arrivals: Int
    /// Published bundles whose every file was read.
    public var bundles: Int
    /// What is wrong.
    public var problems: [Problem]

    enum CodingKeys: String, CodingKey {
        case ok, head, entries, forgotten, arrivals, bundles, problems
        case expectedAt = "expected_at"
    }
}

extension Ledger {
    /// Checks everything; reads every published file. The service may write meanwhile.
    ///
    /// - Parameter head: an audit hash noted elsewhere, of any entry: the chain must still hold it.
    /// - Throws: `system` for a file or folder that may not be read, `damaged` for a ledger that cannot be read at all. What is found
    ///   wrong is not thrown.
    public nonisolated func verify(_ folders: Folders, expecting head: String? = nil) async throws(PapillaError) -> Verification {
        typealias Problem = Verification.Problem
        let chain = try read { db in try ChainVerdict(db, expecting: head) }
        var problems = chain.faults.map { Problem(kind: .chain, subject: "audit entry \($0.seq)", detail: $0.problem) }
        for violation in try violatedInvariants() {
            problems.append(Problem(kind: .invariant, subject: violation.subject, detail: violation.invariant))
        }

        // Folders before rows: a bundle or file is always announced in the ledger first.
        let census = try FolderCensus(folders)
        let (rows, lost) = try whereabouts(day: nil, in: folders)
        // Before the screenings: a correction whose bundle is out is still pending here, or has its screening there.
        let correcting = Set(try pendingCorrections().map(\.arrival))
        let screenings = try read { db in try PublishedScreening.all(db) }
        for id in lost.missing.sorted() {
            problems.append(Problem(kind: .originalMissing, subject: id.description, detail: "the arrival's file is nowhere"))
        }
        for id in lost.strays.sorted() {
            let place = census.bundles[id]?.first.map { folders.outbox + "/" + $0 } ?? census.folders[id]?.first
            problems.append(
                Problem(
                    kind: .stray, subject: id.description, detail: "files of ours, but no arrival in the ledger", place: place))
        }
        for place in census.unknown {
            problems.append(
                Problem(
                    kind: .unknownEntry, subject: "folders", detail: "something lies among our folders that is not ours",
                    place: place))
        }
        problems += try originals(folders, except: lost.missing)

        var bundles = 0
        var known: Set<String> = []
        for screening in screenings {
            known.insert(screening.bundle)
            // Taken out of the outbox by the site, after which the original went too.
            if screening.isExpired, try FolderListing.status(of: folders.outbox + "/" + screening.bundle) == nil { continue }
            let check = try BundleCheck(
                of: screening.id, in: folders.outbox + "/" + screening.bundle, expecting: screening.bundleDigest)
            problems += check.problems
            if let report = check.report {
                bundles += 1
                if try read({ db in try Finding.stored(db, screening: screening.rowID) }) != Finding.all(of: report) {
                    problems.append(
                        Problem(
                            kind: .findingsDiffer, subject: screening.id.description,
                            detail: "the findings in the ledger are not those of the published report"))
                }
            }
            await Task.yield()
        }
        problems += try unknownBundles(
            census, folders, rows: rows.filter { !correcting.contains($0.id) }, known: known)
        return Verification(
            ok: problems.isEmpty, head: chain.head, entries: chain.entries, expectedAt: chain.expectedAt,
            forgotten: chain.forgotten,
            arrivals: rows.count, bundles: bundles, problems: problems)
    }

    /// Originals of finished arrivals: at their place, and of their size.
    private nonisolated func originals(_ folders: Folders, except missing: Set<ScreeningID>) throws(PapillaError) -> [Verification
        .Problem]
    {
        let rows = try read { db in
            try Row.fetchAll(
                db,
                sql:
                    """
                    SELECT id, original, bytes FROM arrival
                    WHERE original IS NOT NULL AND sha256 IS NOT NULL AND outcome IS NOT NULL AND expired IS NULL
                    """
            )
        }
        var problems: [Verification.Problem] = []
        for row in rows {
            guard let id = ScreeningID(row["id"]), !missing.contains(id) else { continue }
            let place = folders.place(ofOriginal: row["original"])
            guard let status = try FolderListing.status(of: place) else {
                problems.append(
                    .init(
                        kind: .originalMoved, subject: id.description, detail: "the original is not where the ledger says",
                        place: place))
                continue
            }
            if status.isFile, let bytes = row["bytes"] as Int?, status.bytes != bytes {
                problems.append(
                    .init(
                        kind: .originalChanged, subject: id.description,
                        detail: "the original has \(status.bytes) bytes, and had \(bytes) when it was read", place: place))
            }
        }
        return problems
    }

    /// Bundles in the outbox that are not a screening's, although their arrival has ended. (One that has not may just have published.)
    private nonisolated func unknownBundles(
        _ census: FolderCensus, _ folders: Folders, rows: [Whereabouts], known: Set<String>
    ) throws(PapillaError) -> [Verification.Problem] {
        let forgotten = Set(try read { db in try String.fetchAll(db, sql: "SELECT id FROM arrival WHERE forgotten IS NOT NULL") })
        var problems: [Verification.Problem] = []
        for row in rows where row.state == .finished {
            if forgotten.contains(row.id.description) {
                guard try census.holdsAnything(of: row.id) else { continue }
                problems.append(
                    .init(
                        kind: .forgottenRemains, subject: row.id.description,
                        detail: "files of a forgotten arrival are still there"))
                continue
            }
            for bundle in census.bundles[row.id] ?? [] where !known.contains(bundle) {
                problems.append(
                    .init(
                        kind: .bundleUnknown, subject: row.id.description, detail: "a bundle that the ledger does not know",
                        place: folders.outbox + "/" + bundle))
            }
        }
        return problems
    }
}

/// A screening whose bundle is known.
struct PublishedScreening {
    var rowID: Int64
    var id: ScreeningID
    var bundle: String
    var bundleDigest: Digest
    /// Its original was kept long enough and is gone.
    var isExpired: Bool

    static func all(_ db: Database) throws -> [PublishedScreening] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT screening.id, arrival, bundle, bundle_sha256, expired FROM screening JOIN arrival ON arrival.id = arrival
                WHERE bundle IS NOT NULL ORDER BY screening.id
                """
        )
        .map { row in
            guard let id = ScreeningID(row["arrival"]), let digest = Digest(row["bundle_sha256"] as String) else {
                throw PapillaError(.damaged, "A screening of the ledger cannot be read", hint: LedgerFile.damageHint)
            }
            return PublishedScreening(
                rowID: row["id"], id: id, bundle: row["bundle"], bundleDigest: digest, isExpired: row["expired"] != nil)
        }
    }
}
