internal import Glibc
public import Ledger
public import Screening

extension LedgerStore {
    /// Copies the ledger, also while the service writes to it: one moment's state, whole. The copy is verified before it gets its name.
    ///
    /// - Parameter path: the file to be made; what is there already is never replaced.
    /// - Throws: `refused` where something is at `path`; `damaged` where the copy does not verify; `system`.
    public nonisolated func backUp(to path: String) throws(PapillaError) -> Backup {
        var status = stat()
        guard lstat(path, &status) != 0 else {
            throw PapillaError(.refused, "Something is at the backup's place already", place: path, hint: "Name a new file")
        }
        let draft = path + ".part"
        unlink(draft)
        do throws(PapillaError) {
            let mask = umask(0o027)
            defer { umask(mask) }
            var backup = try connection.backUp(to: draft)
            try Self.sync(draft)
            guard rename(draft, path) == 0 else {
                throw PapillaError.system("The backup could not be given its name", errno: errno, place: path)
            }
            try Self.syncFolder(of: path)
            backup.file = path
            return backup
        } catch {
            unlink(draft)
            throw error
        }
    }

    private static func sync(_ path: String) throws(PapillaError) {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .system("The backup could not be opened", errno: errno, place: path) }
        defer { Glibc.close(file) }
        guard fsync(file) == 0 else { throw .system("The backup did not reach the disk", errno: errno, place: path) }
    }

    /// Makes what was done to the entries of a file's folder last.
    private static func syncFolder(of path: String) throws(PapillaError) {
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("The backup's folder could not be opened", errno: errno, place: path) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("The backup did not reach the disk", errno: errno, place: path) }
    }
}
