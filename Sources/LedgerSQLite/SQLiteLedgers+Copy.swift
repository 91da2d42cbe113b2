internal import GRDB
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
        let draft = try LedgerDraft(of: address)
        do throws(PapillaError) {
            let (path, rows) = try draft.make { (path) throws(PapillaError) in
                (path, try source.read { db in try Self.copy(of: db, to: path, copied: copied) })
            }
            var result = try await LedgerCopy.verify(try LedgerStore(path: path, mode: .readOnly), of: ledger, rows: rows)
            try draft.finish()
            draft.discard()
            result.ledger = address
            return result
        } catch {
            draft.discard()
            throw error
        }
    }
}
