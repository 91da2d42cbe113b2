internal import Files
internal import Glibc
public import Ledger
public import Screening
public import Settings

/// Puts a ledger into its place while no service runs: a verified backup, or a new one made from the bundles. The one that was there is
/// kept beside it, and everything in our folders that the new one does not know is taken up.
public struct Restore: Sendable {
    /// Where the ledger comes from.
    public enum Source: Sendable, Hashable {
        /// A file that `papilla backup` made.
        case backup(String)
        /// What is in the outbox, archive, quarantine and spool.
        case bundles
    }

    /// What was done.
    public struct Result: Sendable, Codable, Hashable {
        /// The ledger.
        public var ledger: String
        /// Where the one before it is kept; null where there was none.
        @Nullable public var before: String?
        /// What was taken up that the backup did not know.
        public var adopted: Adopted
        /// The audit's last hash.
        public var head: String
        /// Audit entries.
        public var entries: Int64
    }

    private let configuration: Configuration
    private let actor: String
    private let ledgers: any LedgerProvider

    /// - Parameters:
    ///   - actor: `user@uid` who asked for it.
    ///   - ledgers: the kind of database that the ledger is kept in.
    public init(_ configuration: Configuration, actor: String, ledgers: any LedgerProvider) {
        (self.configuration, self.actor, self.ledgers) = (configuration, actor, ledgers)
    }

    /// Restores.
    ///
    /// - Throws: `refused` where a service runs; `damaged` where the backup, or what was made, does not verify: nothing has changed then.
    public func run(from source: Source) async throws -> Result {
        let (path, isShared) = (configuration.paths.ledger, configuration.paths.isShared)
        try checkUser(AbsolutePath.parent(of: configuration.paths.locked))
        let folders = try ServiceFolders(configuration.paths)
        let lock = try await LedgerLock.take(beside: configuration.paths.locked, patience: .zero)
        defer { withExtendedLifetime(lock) {} }
        // A file in any case: a database takes it up as a whole.
        let draft = configuration.paths.locked + ".restoring"
        for suffix in Self.suffixes { _ = try? NamedPath.remove(draft + suffix) }
        let (adopted, identity) = try await make(draft, from: source)
        let verified = try await ledgers.verify(backup: draft)
        for suffix in ["-wal", "-shm"] { _ = try? NamedPath.remove(draft + suffix) }
        if isShared {
            let copied = try await ledgers.copy(try await ledgers.open(draft, .readOnly), to: path, replacing: true) { _ in }
            _ = try? NamedPath.remove(draft)
            try FolderMark.set(folders, identity)
            return Result(
                ledger: copied.ledger, before: copied.before, adopted: adopted, head: copied.head, entries: copied.entries)
        }
        let before = try setAside(path)
        do {
            let folder = try Folder.open(AbsolutePath.parent(of: path))
            do throws(FileError) { try NamedPath.rename(draft, to: path) } catch {
                throw FileError("the ledger could not be put into its place", place: path, number: error.number)
            }
            try folder.sync()
        } catch { throw PapillaError(any: error) }
        try FolderMark.set(folders, identity)
        return Result(ledger: path, before: before, adopted: adopted, head: verified.head, entries: verified.entries)
    }

    /// What root makes here, the service could not open.
    private func checkUser(_ folder: String) throws(PapillaError) {
        guard CurrentUser.isRoot, let owner = try? NamedPath.owner(of: folder), owner != 0 else { return }
        let user = UserAccount.actor(owner).split(separator: "@").first ?? ""
        throw PapillaError(
            .refused, "The ledger's folder is the service's, and root would leave a ledger in it that the service cannot open",
            place: folder, hint: "Run it as the service's user: sudo -u \(user) papilla restore ...")
    }

    private static let suffixes = ["", "-wal", "-shm", "-journal"]

    /// Makes the new ledger beside its place.
    private func make(_ draft: String, from source: Source) async throws -> (Adopted, identity: String) {
        struct Detail: Encodable {
            var from: String
            var head: String?
            var adopted: Adopted
        }
        var head: String?
        if case .backup(let file) = source {
            head = try await ledgers.verify(backup: file).head
            try copy(file, to: draft)
        }
        let ledger = try await ledgers.open(draft, source == .bundles ? .create : .open)
        var folders = configuration.paths.folders
        folders.otherSpools = Spool.places(of: try await ledger.stations(), but: folders.spool)
        let adopted = try await ledger.adopt(folders, actor: actor)
        try await ledger.record(
            "restored", subject: "service",
            detail: Detail(from: source == .bundles ? "bundles" : "backup", head: head, adopted: adopted),
            actor: actor)
        let identity = try await ledger.identity()
        try await ledger.close()
        return (adopted, identity)
    }

    private func copy(_ file: String, to draft: String) throws(PapillaError) {
        do {
            let (from, to) = (AbsolutePath.of(file), AbsolutePath.of(draft))
            func name(_ path: String) -> FileName { FileName(ours: path.pathNames().last ?? "") }
            let source = try OpenFile.open(name(from), in: try Folder.open(AbsolutePath.parent(of: from)))
            let target = try OpenFile.create(name(to), in: try Folder.open(AbsolutePath.parent(of: to)))
            try source.forEachChunk { (bytes) throws(FileError) in try target.write(bytes) }
            try target.sync()
        } catch { throw PapillaError(any: error) }
    }

    /// Renames the present ledger with its log; nothing of it is ever removed.
    private func setAside(_ path: String) throws(PapillaError) -> String? {
        let stamp = Timestamp.now.description.filter { $0 != ":" }
        let before = "\(path).before-\(stamp)"
        var isThere = false
        // The log first: a ledger without its log would be an older one that nobody can tell from a whole one.
        for suffix in Self.suffixes.reversed() {
            do throws(FileError) {
                try NamedPath.rename(path + suffix, to: before + suffix)
                isThere = true
            } catch  where error.number != ENOENT {
                throw .system("The present ledger could not be set aside", errno: error.number, place: path + suffix)
            } catch {}
        }
        return isThere ? before : nil
    }
}
