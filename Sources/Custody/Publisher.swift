package import Files
package import Reading
package import Screening
internal import Synchronization

/// Puts bundles into the outbox, each complete or not at all: written under OUTBOX/.staging, every file and folder on disk, then one rename.
package struct Publisher: Sendable {
    /// A bundle in the outbox.
    package struct Published: Sendable {
        /// Relative to the outbox: `2026-11-24/STEM.ID`.
        package let folder: String
        /// As in its report.json.
        package let report: Report
        /// Of the bytes of its report.json.
        package let digest: Digest
    }

    /// The entries of the staging folder that somebody works with.
    private final class Staged: Sendable {
        private let names = Mutex<Set<FileName>>([])
        func begin(_ name: FileName) { names.withLock { _ = $0.insert(name) } }
        func end(_ name: FileName) { names.withLock { _ = $0.remove(name) } }
        /// Does something to an entry that nobody works with, and nobody begins to meanwhile.
        func unlessBegun(_ name: FileName, _ body: () throws(FileError) -> Void) throws(FileError) {
            let result = names.withLock { names -> Result<Void, FileError> in
                guard !names.contains(name) else { return .success(()) }
                do throws(FileError) { return .success(try body()) } catch { return .failure(error) }
            }
            try result.get()
        }
    }

    package static let staging = FileName(ours: ".staging")
    private static let reportLimit = 64 << 20
    package let outbox: Folder
    package var checkpoint: Checkpoint = { _ in }
    /// The station that publishes; nil: the only service. Each has a staging folder of its own, `OUTBOX/.staging/STATION`.
    package var station: FileName?
    /// Throws where nothing may be published any more. Asked right before the rename that publishes.
    package var gate: @Sendable () throws(PapillaError) -> Void = { () throws(PapillaError) in }
    private let staged = Staged()

    package init(outbox: Folder) { self.outbox = outbox }

    /// Takes away what a stop left half written, and nothing that is being written: corrections may be under way.
    package func clean() throws(FileError) {
        if let status = try outbox.status(Self.staging), status.kind != .folder { try outbox.removeTree(Self.staging) }
        let staging = try makeStaging()
        for name in try staging.names() {
            try staged.unlessBegun(name) { () throws(FileError) in try staging.removeTree(name) }
        }
        try staging.sync()
        try outbox.sync()
    }

    private func makeStaging() throws(FileError) -> Folder {
        let staging = try outbox.make(Self.staging)
        return try station.map { (station) throws(FileError) in try staging.make(station) } ?? staging
    }

    /// Takes what a station that was shut out has half written out of its reach: each draft is moved away whole before it is removed, so that
    /// it is published whole or not at all.
    package func takeDrafts(of other: FileName) throws(FileError) {
        let all = try outbox.make(Self.staging)
        guard other != station, try all.status(other) != nil else { return }
        let theirs = try all.folder(other)
        let names = try theirs.names()
        guard !names.isEmpty else { return }
        let own = try makeStaging()
        for name in names {
            let aside = FileName(ours: "\(name.text).taken")
            try own.removeTree(aside)
            do throws(FileError) { try theirs.rename(name, to: own, as: aside) } catch  where error.isMissing { continue }
            try own.removeTree(aside)
        }
        try own.sync()
    }

    /// Publishes a bundle under the day of its arrival.
    package func publish(_ bundle: Bundle, day: String) throws -> Published {
        let staging = try makeStaging()
        let aside = FileName(ours: bundle.report.id.description)
        staged.begin(aside)
        defer { staged.end(aside) }
        try staging.removeTree(aside)
        let folder = try staging.make(aside)
        for file in bundle.files { try folder.write(file.bytes, as: FileName(ours: file.name)) }
        try folder.sync()
        try checkpoint(.staged)
        let target = try outbox.make(FileName(ours: day))
        try gate()
        try staging.rename(aside, to: target, as: FileName(ours: bundle.folder))
        try target.sync()
        try staging.sync()
        let report = bundle.files.last?.bytes ?? []
        return Published(folder: "\(day)/\(bundle.folder)", report: bundle.report, digest: Digest(of: report))
    }

    /// Publishes the folder of a visit. One of the same name, which a stop left behind before the ledger knew of it, makes way.
    ///
    /// - Parameters:
    ///   - id: the visit's.
    ///   - path: relative to the outbox, `2026-11-24/visit.ID`.
    ///   - record: writes it down; what it is given puts the folder into the outbox, and is called where nothing speaks against that any more.
    package func publish(
        _ files: [(name: String, bytes: [UInt8])], of id: ScreeningID, as path: String,
        record: (@escaping @Sendable () throws(PapillaError) -> Void) async throws -> Void
    ) async throws {
        guard let path = RelativePath(ours: path) else {
            throw PapillaError(.internal, "A visit's folder has no name", place: path)
        }
        let staging = try makeStaging()
        let aside = FileName(ours: id.description), former = FileName(ours: "\(id).erased")
        for name in [aside, former] { staged.begin(name) }
        defer { for name in [aside, former] { staged.end(name) } }
        for name in [aside, former] { try staging.removeTree(name) }
        let folder = try staging.make(aside)
        for file in files { try folder.write(file.bytes, as: FileName(ours: file.name)) }
        try folder.sync()
        try checkpoint(.staged)
        let day = String(path.description.prefix(10))
        let target = try outbox.make(FileName(ours: day))
        do {
            try await record { () throws(PapillaError) in
                try gate()
                do throws(FileError) {
                    if try target.status(path.name) != nil { try target.rename(path.name, to: staging, as: former) }
                    try staging.rename(aside, to: target, as: path.name)
                    try target.sync()
                } catch { throw PapillaError(any: error) }
            }
        } catch {
            for name in [aside, former] { try staging.removeTree(name) }
            throw error
        }
        try staging.removeTree(former)
        try staging.sync()
    }

    /// The bundle that an arrival has already, of its first version or a later one; nil where it has none.
    /// - Throws: `damaged` for one whose report cannot be read.
    package func find(_ id: ScreeningID, day: String, version: Int = 1) throws -> Published? {
        guard let folder = try folder(of: day), let name = try Self.bundle(of: id, version: version, in: folder) else {
            return nil
        }
        return try read(name, in: try folder.folder(name), day: day)
    }

    /// Whether an arrival has a bundle already, readable or not.
    package func holds(_ id: ScreeningID, day: String) throws(FileError) -> Bool {
        guard let folder = try folder(of: day) else { return false }
        return try Self.bundle(of: id, version: 1, in: folder) != nil
    }

    /// The bytes of a published report, by its folder's path relative to the outbox; nil where they are not there, or not of this digest.
    ///
    /// - Parameter name: a bundle's report by default.
    package func report(
        _ bundle: String, named name: String = Bundle.reportName, expecting digest: Digest
    ) throws(FileError) -> [UInt8]? {
        guard let path = RelativePath(ours: bundle) else { return nil }
        let bytes: [UInt8]?
        do { bytes = try outbox.folder(path).read(FileName(ours: name), limit: Self.reportLimit) } catch
            where error.isMissing
        {
            return nil
        }
        return bytes.flatMap { Digest(of: $0) == digest ? $0 : nil }
    }

    private func read(_ name: FileName, in folder: Folder, day: String) throws -> Published {
        guard let bytes = try folder.read(FileName(ours: Bundle.reportName), limit: Self.reportLimit),
            let report = try? CanonicalJSON.decode(Report.self, from: bytes)
        else {
            throw PapillaError(
                .damaged, "A published bundle's report cannot be read", place: "\(folder.path)",
                hint:
                    "Nothing of ours leaves a bundle so: look at the disk, and move the folder away to have the image read again")
        }
        return Published(folder: "\(day)/\(name.text)", report: report, digest: Digest(of: bytes))
    }

    /// A bundle published before, with all its files; nil where any is missing or not as its report says.
    package func load(_ path: String) throws -> Bundle? {
        guard let path = RelativePath(ours: path), let folder = try? outbox.folder(path),
            let published = try? read(path.name, in: folder, day: "")
        else { return nil }
        var files: [(name: String, bytes: [UInt8])] = []
        for file in published.report.files {
            guard let bytes = try folder.read(FileName(ours: file.name), limit: max(Self.reportLimit * 4, file.bytes)),
                Digest(of: bytes) == file.sha256
            else {
                return nil
            }
            files.append((name: file.name, bytes: bytes))
        }
        return try Bundle(report: published.report, files: files)
    }

    /// Whether a bundle, named relative to the outbox, is there.
    package func has(_ path: String) throws(FileError) -> Bool {
        guard let path = RelativePath(ours: path) else { return false }
        do { return try outbox.folder(path.parent).status(path.name) != nil } catch  where error.isMissing { return false }
    }

    /// Takes every version of an arrival's bundle away: each vanishes whole.
    ///
    /// - Returns: how many there were.
    package func erase(_ id: ScreeningID, day: String) throws(FileError) -> Int {
        guard let folder = try folder(of: day) else { return 0 }
        let staging = try makeStaging()
        var count = 0
        let aside = FileName(ours: "\(id).erased")
        staged.begin(aside)
        defer { staged.end(aside) }
        for name in try folder.names() where Self.isBundle(name, of: id) {
            try staging.removeTree(aside)
            try folder.rename(name, to: staging, as: aside)
            try folder.sync()
            try staging.removeTree(aside)
            count += 1
        }
        return count
    }

    private func folder(of day: String) throws(FileError) -> Folder? {
        guard try outbox.status(FileName(ours: day)) != nil else { return nil }
        return try outbox.folder(FileName(ours: day))
    }

    /// Whether a folder is a bundle of an arrival, of any version. A stem may hold another arrival's ID: only the end counts.
    private static func isBundle(_ name: FileName, of id: ScreeningID) -> Bool {
        var text = name.text[...]
        if let version = text.lastIndex(of: "."), text[version...].hasPrefix(".v"), Int(text[version...].dropFirst(2)) != nil {
            text = text[..<version]
        }
        return text.hasSuffix(".\(id)")
    }

    /// `STEM.ID` or `STEM.ID.v2`, whatever the stem.
    private static func bundle(of id: ScreeningID, version: Int, in folder: Folder) throws(FileError) -> FileName? {
        let ending = version == 1 ? ".\(id)" : ".\(id).v\(version)"
        var found: FileName?
        try folder.forEachName { (name) throws(FileError) in if name.hasSuffix(ending) { found = name } }
        return found
    }
}
