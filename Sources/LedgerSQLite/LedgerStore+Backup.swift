internal import GRDB
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
        do {
            let mask = umask(0o027)
            defer { umask(mask) }
            let copy = try DatabaseQueue(path: draft)
            try LedgerFile.reader(self.path).backup(to: copy)
            // A file by itself, without a log beside it.
            try copy.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
            try copy.close()
        } catch {
            unlink(draft)
            throw .ledger(error, "The backup could not be written", path: path)
        }
        do throws(PapillaError) {
            var backup = try Self.verify(backup: draft)
            try Self.sync(draft)
            guard rename(draft, path) == 0 else {
                throw PapillaError.system("The backup could not be given its name", errno: errno, place: path)
            }
            try LedgerFile.syncFolder(of: path)
            backup.file = path
            return backup
        } catch {
            unlink(draft)
            throw error
        }
    }

    /// Reads a backup whole: SQLite's integrity check, the audit's chain, and what must hold between the rows.
    ///
    /// - Throws: `damaged` where anything is wrong with it; `notFound`.
    public static func verify(backup path: String) throws(PapillaError) -> Backup {
        let ledger = try LedgerStore(path: path, mode: .readOnly)
        func damaged(_ cause: String) -> PapillaError {
            var error = PapillaError(.damaged, "The backup does not verify", place: path, hint: "Take another one")
            error.cause = cause
            return error
        }
        let findings = try ledger.read { db in try String.fetchAll(db, sql: "PRAGMA integrity_check(10)") }
        guard findings == ["ok"] else { throw damaged(findings.joined(separator: "; ")) }
        let chain = try ledger.read { db in try ChainVerdict(db, expecting: nil) }
        if let fault = chain.faults.first { throw damaged("audit entry \(fault.seq): \(fault.problem)") }
        if let fault = chain.rows.first { throw damaged("\(fault.row): \(fault.problem)") }
        if let violation = try ledger.violatedInvariants().first { throw damaged("\(violation.subject): \(violation.invariant)") }
        let arrivals = try ledger.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM arrival") ?? 0 }
        guard let digest = try FileDigest.of(path), let status = try FolderListing.status(of: path) else {
            throw PapillaError(.notFound, "There is no backup", place: path)
        }
        return Backup(
            file: path, bytes: status.bytes, sha256: digest, arrivals: arrivals, head: chain.head, entries: chain.entries)
    }

    private static func sync(_ path: String) throws(PapillaError) {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .system("The backup could not be opened", errno: errno, place: path) }
        defer { Glibc.close(file) }
        guard fsync(file) == 0 else { throw .system("The backup did not reach the disk", errno: errno, place: path) }
    }
}
