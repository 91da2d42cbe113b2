package import Screening

/// What the ledger knows of the files of one arrival that has ended: every version's bundle, and the original with what lies beside it.
public struct ArrivalFiles: Sendable, Equatable {
    /// A version whose bundle is known.
    package struct Version: Sendable, Equatable {
        package var bundle: String
        package var bundleDigest: Digest
        package var findings: [Finding]

        /// A version whose bundle is known.
        package init(bundle: String, bundleDigest: Digest, findings: [Finding]) {
            (self.bundle, self.bundleDigest, self.findings) = (bundle, bundleDigest, findings)
        }
    }

    /// Called after bytes were read, with how many: whoever reads slowly on purpose sleeps in it.
    public typealias Pace = @Sendable (_ bytes: Int) async -> Void

    let id: ScreeningID
    /// `archive/…` or `quarantine/…`; nil where there is none (any more).
    let original: String?
    private let sha256: Digest?
    private let sidecar: String?
    private let sidecarDigest: Digest?
    /// Its original was kept long enough and is gone, and the site may have taken its bundles before.
    private let isExpired: Bool
    private let reason: ReasonFile?
    let versions: [Version]

    /// Nil for what has not ended, and for what was forgotten.
    ///
    /// - Parameters:
    ///   - sidecarDigest: of the sidecar that came with it.
    ///   - versions: those whose bundle is known, the first one first.
    package init?(_ row: ArrivalRow, sidecarDigest: Digest?, versions: [Version]) {
        guard let outcome = row.outcome, row.forgotten == nil else { return nil }
        id = row.id
        (isExpired, sidecar, sha256) = (row.expired != nil, row.sidecar, row.sha256)
        original = isExpired ? nil : row.original
        (self.sidecarDigest, self.versions) = (sidecarDigest, versions)
        reason =
            outcome.isQuarantined
            ? ReasonFile(
                id: id, outcome: outcome,
                reasons: (versions.first?.findings ?? []).filter { $0.kind == .reason }.compactMap { finding in
                    Reason.Code(rawValue: finding.code).map { Reason($0, finding.detail ?? "") }
                }, received: row.received)
            : nil
    }

    /// What was found.
    struct Found {
        var problems: [Verification.Problem] = []
        /// Bundles whose every file was read.
        var bundles = 0
    }

    /// Reads every file.
    ///
    /// - Parameter isMissing: the original was found nowhere, which is told already.
    func check(_ folders: Folders, isMissing: Bool = false, pace: Pace) async throws(PapillaError) -> Found {
        var found = Found()
        for version in versions {
            let folder = folders.outbox + "/" + version.bundle
            // Taken out of the outbox by the site, after which the original went too.
            if isExpired, try FolderListing.status(of: folder) == nil { continue }
            let check = try BundleCheck(of: id, in: folder, expecting: version.bundleDigest)
            found.problems += check.problems
            if let report = check.report {
                found.bundles += 1
                if !Finding.are(version.findings, of: report) {
                    found.problems.append(
                        .init(
                            kind: .findingsDiffer, subject: id.description,
                            detail: "the findings in the ledger are not those of the published report"))
                }
            }
            await pace(check.bytes)
        }
        if let original, !isMissing { try await checkOriginal(folders.place(ofOriginal: original), pace, &found.problems) }
        return found
    }

    private func checkOriginal(_ place: String, _ pace: Pace, _ problems: inout [Verification.Problem]) async throws(PapillaError)
    {
        func add(_ kind: Verification.Problem.Kind, _ detail: String, _ place: String) {
            problems.append(.init(kind: kind, subject: id.description, detail: detail, place: place))
        }
        guard try FolderListing.status(of: place) != nil else {
            return add(.originalMoved, "the original is not where the ledger says", place)
        }
        // What is no file has no content that could be known.
        if let sha256 {
            if try await digest(place, pace) != sha256 {
                add(.originalChanged, "the original is not the one that was read: its digest differs from the ledger's", place)
            }
        }
        let names = place.split(separator: "/", omittingEmptySubsequences: false)
        let folder = names.dropLast().joined(separator: "/")
        var companions = Set(try FolderListing.entries(of: folder).map(\.name))
        if let name = names.last { companions.remove(String(name)) }
        if let sidecar {
            if companions.remove(sidecar) == nil {
                add(.fileMissing, "the sidecar of the original is missing", folder + "/" + sidecar)
            } else if let sidecarDigest, try await digest(folder + "/" + sidecar, pace) != sidecarDigest {
                add(.fileChanged, "the sidecar is not the one that came with the original", folder + "/" + sidecar)
            }
        }
        if let reason {
            if let name = ReasonFile.names.first(where: companions.contains) {
                companions.remove(name)
                if try await digest(folder + "/" + name, pace) != Digest(of: reason.bytes()) {
                    add(.fileChanged, "the reason beside the original is not the one that was written", folder + "/" + name)
                }
            } else {
                add(.fileMissing, "the reason beside the original is missing", folder)
            }
        }
        for name in companions.sorted() {
            add(.fileUnlisted, "a file that is not the arrival's lies beside its original", folder + "/" + name)
        }
    }

    /// Nil for what is no file (any more).
    private func digest(_ path: String, _ pace: Pace) async throws(PapillaError) -> Digest? {
        guard try FolderListing.status(of: path)?.isFile == true else { return nil }
        return try await FileDigest.of(path, pace)
    }
}
