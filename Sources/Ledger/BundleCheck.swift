internal import Screening

/// A published bundle held against its own report: nothing in it may ever change.
struct BundleCheck {
    /// What is wrong with it.
    private(set) var problems: [Verification.Problem] = []
    /// The report, where its bytes are the ones that the ledger knows.
    private(set) var report: Report?
    /// How many were read.
    private(set) var bytes = 0

    private let id: ScreeningID
    private let folder: String

    /// Reads every file of the bundle in `folder`.
    ///
    /// - Parameter expected: the digest of report.json's bytes, from the ledger.
    init(of id: ScreeningID, in folder: String, expecting expected: Digest) throws(PapillaError) {
        (self.id, self.folder) = (id, folder)
        guard try FolderListing.status(of: folder)?.isFolder == true else {
            add(.bundleMissing, "the published bundle is not in the outbox", folder)
            return
        }
        guard let bytes = try read("report.json") else { return }
        self.bytes = bytes.count
        guard Digest(of: bytes) == expected else {
            add(
                .bundleChanged, "report.json is not the one that was published: its digest differs from the ledger's",
                folder + "/report.json")
            return
        }
        guard let report = try? CanonicalJSON.decode(Report.self, from: bytes) else {
            add(.bundleChanged, "report.json cannot be read as a report", folder + "/report.json")
            return
        }
        self.report = report
        try checkFiles(of: report)
    }

    private mutating func checkFiles(of report: Report) throws(PapillaError) {
        for file in report.files {
            let path = folder + "/" + file.name
            guard !file.name.utf8.contains(UInt8(ascii: "/")), file.name != ".", file.name != ".." else {
                add(.bundleChanged, "the report lists a file outside its bundle", path)
                continue
            }
            guard let status = try FolderListing.status(of: path) else {
                add(.fileMissing, "a file that the report lists is missing", path)
                continue
            }
            bytes += status.bytes
            guard status.isFile, status.bytes == file.bytes, try FileDigest.of(path) == file.sha256 else {
                add(.fileChanged, "a file is not the one that was published: its size or digest differs from the report's", path)
                continue
            }
        }
        let listed = Set(report.files.map(\.name)).union(["report.json"])
        for entry in try FolderListing.entries(of: folder) where !listed.contains(entry.name) {
            add(.fileUnlisted, "a file that the report does not list lies in the bundle", folder + "/" + entry.name)
        }
    }

    /// A small file's bytes; nil, with the problem noted, where it is not there.
    private mutating func read(_ name: String) throws(PapillaError) -> [UInt8]? {
        let path = folder + "/" + name
        guard let status = try FolderListing.status(of: path), status.isFile else {
            add(.fileMissing, "\(name) is missing", path)
            return nil
        }
        guard status.bytes <= 64 << 20 else {
            add(.bundleChanged, "\(name) is \(status.bytes) bytes, more than any report", path)
            return nil
        }
        return try FileDigest.bytes(of: path)
    }

    private mutating func add(_ kind: Verification.Problem.Kind, _ detail: String, _ place: String) {
        problems.append(Verification.Problem(kind: kind, subject: id.description, detail: detail, place: place))
    }
}
