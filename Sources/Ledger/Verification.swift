public import Screening

/// Everything that `papilla audit verify` checks: the chain, every row against it, the ledger's own invariants, the digests
/// of every published bundle and original, and the folders against the ledger both ways.
public struct Verification: Sendable, Codable, Hashable {
    /// One thing that is wrong.
    public struct Problem: Sendable, Codable, Hashable {
        /// What kind of thing is wrong.
        public enum Kind: String, Sendable, Codable, CaseIterable {
            /// The audit's chain is broken, has a gap, or lacks the expected head.
            case chain
            /// Rows of the ledger contradict each other, or the audit.
            case invariant
            /// A row of the ledger is not as the audit's entries left it.
            case row
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
            /// An original is not the one that was read.
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

    /// How far it is.
    public struct Progress: Sendable {
        /// Arrivals whose files were read.
        public var checked: Int
        /// Arrivals that have ended.
        public var arrivals: Int
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

extension MaintenanceLedger where Self: AuditLedger & DecisionLedger & VisitLedger {
    /// Checks everything; reads every published file and every original. The service may write meanwhile.
    ///
    /// - Parameters:
    ///   - head: an audit hash noted elsewhere, of any entry: the chain must still hold it.
    ///   - progress: told how far it is, before each arrival's files are read.
    /// - Throws: `system` for a file or folder that may not be read, `damaged` for a ledger that cannot be read at all. What is found
    ///   wrong is not thrown.
    public func verify(
        _ folders: Folders, expecting head: String? = nil, progress: (Verification.Progress) -> Void = { _ in }
    ) async throws(PapillaError) -> Verification {
        typealias Problem = Verification.Problem
        let chain = try await verifyWhole(expecting: head)
        var problems = chain.faults.map { Problem(kind: .chain, subject: "audit entry \($0.seq)", detail: $0.problem) }
        problems += chain.rows.map { Problem(kind: .row, subject: $0.row, detail: $0.problem) }
        var (arrivals, bundles) = (0, 0)
        do throws(PapillaError) {
            try await checkRows(folders, progress, &problems, &arrivals, &bundles)
        } catch {
            // A row that cannot even be read is named; what is left is not looked at.
            guard error.code == .damaged else { throw error }
            problems.append(Problem(kind: .row, subject: error.place ?? "ledger", detail: error.message))
        }
        return Verification(
            ok: problems.isEmpty, head: chain.head, entries: chain.entries, expectedAt: chain.expectedAt,
            forgotten: chain.forgotten,
            arrivals: arrivals, bundles: bundles, problems: problems)
    }

    /// What must hold between rows, and between rows and folders.
    private func checkRows(
        _ folders: Folders, _ progress: (Verification.Progress) -> Void, _ problems: inout [Verification.Problem],
        _ arrivals: inout Int, _ bundles: inout Int
    ) async throws(PapillaError) {
        typealias Problem = Verification.Problem
        for violation in try await violatedInvariants() {
            problems.append(Problem(kind: .invariant, subject: violation.subject, detail: violation.invariant))
        }

        // Folders before rows: a bundle or file is always announced in the ledger first.
        let census = try FolderCensus(folders)
        let (rows, lost) = try await whereabouts(day: nil, in: folders)
        // Before the screenings: a correction whose bundle is out is still pending here, or has its screening there.
        let correcting = Set(try await pendingCorrections().map(\.arrival))
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
        problems += try Self.check(try await allVisits(), census, folders)
        arrivals = rows.count
        var known: Set<String> = []
        let ended = rows.filter { $0.state == .finished }
        for (index, row) in ended.enumerated() {
            progress(Verification.Progress(checked: index, arrivals: ended.count))
            guard let found = try await check(row.id, folders, isMissing: lost.missing.contains(row.id), pace: { _ in }) else {
                continue
            }
            problems += found.problems
            bundles += found.bundles
            known.formUnion(found.known)
            await Task.yield()
        }
        problems += try await unknownBundles(
            census, folders, rows: rows.filter { !correcting.contains($0.id) }, known: known)
    }

    /// Bundles in the outbox that are not a screening's, although their arrival has ended. (One that has not may just have published.)
    private func unknownBundles(
        _ census: FolderCensus, _ folders: Folders, rows: [Whereabouts], known: Set<String>
    ) async throws(PapillaError) -> [Verification.Problem] {
        let forgotten = try await forgotten()
        var problems: [Verification.Problem] = []
        for row in rows where row.state == .finished {
            if forgotten.contains(row.id) {
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

extension MaintenanceLedger {
    /// Published visits, both ways.
    private static func check(
        _ rows: [VisitRow], _ census: FolderCensus, _ folders: Folders
    ) throws(PapillaError) -> [Verification.Problem] {
        typealias Problem = Verification.Problem
        var problems: [Problem] = []
        var known: Set<String> = []
        for row in rows where row.subject != nil {
            known.insert(row.folder)
            let place = folders.outbox + "/" + row.folder
            guard try FolderListing.status(of: place) != nil else {
                problems.append(
                    Problem(
                        kind: .bundleMissing, subject: "visit \(row.id)", detail: "the published visit is not in the outbox",
                        place: place))
                continue
            }
            for (name, digest, kind) in [
                ("visit.json", row.digest, Problem.Kind.bundleChanged), ("visit.html", row.pageDigest, .fileChanged),
            ] {
                let file = place + "/" + name
                guard try FolderListing.status(of: file)?.isFile == true else {
                    problems.append(
                        Problem(kind: .fileMissing, subject: "visit \(row.id)", detail: "\(name) is missing", place: file))
                    continue
                }
                guard try FileDigest.of(file) != digest else { continue }
                problems.append(
                    Problem(
                        kind: kind, subject: "visit \(row.id)", detail: "\(name) is not the one that was published", place: file))
            }
        }
        for folder in census.visits where !known.contains(folder) {
            problems.append(
                Problem(
                    kind: .stray, subject: "folders", detail: "a visit of ours, but no such visit in the ledger",
                    place: folders.outbox + "/" + folder))
        }
        return problems
    }

    /// Reads the files of an arrival that has ended; nil where it was forgotten.
    ///
    /// What the service did meanwhile (forgot it, removed its original, published a version) is no problem: then they are read again.
    func check(
        _ id: ScreeningID, _ folders: Folders, isMissing: Bool = false, pace: ArrivalFiles.Pace
    ) async throws(PapillaError) -> (problems: [Verification.Problem], bundles: Int, known: [String])? {
        var files = try await files(of: id)
        while let now = files {
            let found = try await now.check(folders, isMissing: isMissing, pace: pace)
            files = found.problems.isEmpty ? now : try await self.files(of: id)
            if files == now { return (found.problems, found.bundles, now.versions.map(\.bundle)) }
        }
        return nil
    }

    /// Reads every file of an arrival, and says what is no longer as it was written. A bundle that the site took out of the outbox is none
    /// of that.
    ///
    /// - Parameter pace: called after bytes were read, with how many.
    public func rot(
        of id: ScreeningID, in folders: Folders, pace: @escaping ArrivalFiles.Pace
    ) async throws(PapillaError) -> [Verification.Problem] {
        try await check(id, folders, pace: pace)?.problems.filter { $0.kind != .bundleMissing } ?? []
    }
}

/// What always holds between the rows of a ledger, whatever happened: checked by the tests after every step, and by `audit verify`.
public struct ViolatedInvariant: Sendable, Hashable {
    /// The sentence that should be true.
    public var invariant: String
    /// The arrival (or table) for which it is not.
    public var subject: String

    /// As a database has it.
    package init(
        invariant: String, subject: String
    ) {
        self.invariant = invariant
        self.subject = subject
    }
}
