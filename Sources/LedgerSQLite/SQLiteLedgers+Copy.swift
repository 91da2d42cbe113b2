internal import GRDB
internal import Glibc
public import Ledger
package import LedgerSQL
public import Screening

extension SQLiteLedgers {
    /// Makes a new file at `path` with every row of the ledger whose transaction `source` is.
    @discardableResult
    package static func copy(of source: any SQLDatabase, to path: String, copied: (Int) -> Void = { _ in }) throws -> Int {
        do {
            let copy = try DatabaseQueue(path: path)
            try Schema.migrator(at: nil).migrate(copy)
            let rows = try copy.write { db in try LedgerCopy.copy(source, to: SQLiteDatabase(db), copied: copied) }
            try copy.close()
            return rows
        } catch { throw PapillaError.ledger(error, "The copy could not be written", path: path) }
    }

    /// Copies a ledger into a new file. What is in its place is never replaced: a file is put there by renaming.
    public func copy(
        _ ledger: any WholeLedger, to address: String, replacing: Bool, copied: @escaping (Int) -> Void
    ) async throws(PapillaError) -> LedgerCopyResult {
        guard let source = ledger as? LedgerStore else { throw PapillaError(.internal, "This ledger cannot be copied") }
        guard access(address, F_OK) != 0 else {
            throw PapillaError(.refused, "Something is at the copy's place already", place: address, hint: "Name a new file")
        }
        let draft = address + ".part"
        unlink(draft)
        do throws(PapillaError) {
            let mask = umask(0o027)
            defer { umask(mask) }
            let rows = try source.read { db in try Self.copy(of: db, to: draft, copied: copied) }
            var result = try await LedgerCopy.verify(try LedgerStore(path: draft, mode: .readOnly), of: ledger, rows: rows)
            for suffix in ["-wal", "-shm"] { unlink(draft + suffix) }
            guard rename(draft, address) == 0 else {
                throw PapillaError.system("The copy could not be given its name", errno: errno, place: address)
            }
            try LedgerFile.syncFolder(of: address)
            result.ledger = address
            return result
        } catch {
            unlink(draft)
            throw error
        }
    }
}
