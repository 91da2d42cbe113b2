internal import Glibc
public import Ledger
public import Screening

extension LedgerStore {
    /// Copies the ledger, also while the service writes to it: one moment's state, whole. The copy is verified before it gets its name.
    ///
    /// - Parameter path: the file to be made; what is there already is never replaced.
    /// - Throws: `refused` where something is at `path`; `damaged` where the copy does not verify; `system`.
    public nonisolated func backUp(to path: String) throws(PapillaError) -> Backup {
        let draft = try LedgerDraft(of: path)
        do throws(PapillaError) {
            var backup = try draft.make { (draft) throws(PapillaError) in try connection.backUp(to: draft) }
            try draft.finish()
            backup.file = path
            return backup
        } catch {
            draft.discard()
            throw error
        }
    }
}

/// A new file on its way: written as `PATH.part`, on disk, then renamed.
package struct LedgerDraft: Sendable {
    private let path: String
    private var draft: String { path + ".part" }

    /// - Throws: `refused` where something is at `path`; `system` where nothing can be made there.
    package init(of path: String) throws(PapillaError) {
        var status = stat()
        guard lstat(path, &status) != 0 else {
            throw PapillaError(.refused, "Something is at this place already", place: path, hint: "Name a new file")
        }
        let folder = Self.folder(of: path)
        guard access(folder, W_OK | X_OK) == 0 else {
            throw .system(
                "No file can be made in this folder", errno: errno, place: folder,
                hint: "Name a new file in a folder that is there and that this user may write to")
        }
        self.path = path
        discard()
    }

    /// Has the draft written, at the path that `body` is given, readable by the group and nobody else.
    package func make<Value>(_ body: (String) throws(PapillaError) -> Value) throws(PapillaError) -> Value {
        let mask = umask(0o027)
        defer { umask(mask) }
        return try body(draft)
    }

    /// Gives the draft its name, once all of it is on disk.
    package func finish() throws(PapillaError) {
        try Self.sync(draft, O_RDONLY)
        guard rename(draft, path) == 0 else {
            throw PapillaError.system("The file could not be given its name", errno: errno, place: path)
        }
        try Self.syncFolder(of: path)
    }

    /// Takes the draft away.
    package func discard() { for suffix in ["", "-wal", "-shm", "-journal"] { unlink(draft + suffix) } }

    /// Makes what was done to the entries of a file's folder last.
    package static func syncFolder(of path: String) throws(PapillaError) { try sync(folder(of: path), O_RDONLY | O_DIRECTORY) }

    private static func folder(of path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    private static func sync(_ path: String, _ flags: Int32) throws(PapillaError) {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("It could not be opened", errno: errno, place: path) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("It did not reach the disk", errno: errno, place: path) }
    }
}
