internal import GRDB
package import LedgerSQL
internal import Screening

extension SQLiteLedgers {
    /// Makes a new file at `path` with every row of the ledger whose transaction `source` is.
    package static func copy(of source: any SQLDatabase, to path: String) throws {
        do {
            let copy = try DatabaseQueue(path: path)
            try Schema.migrator(at: nil).migrate(copy)
            try copy.write { db in try LedgerCopy.copy(source, to: SQLiteDatabase(db)) }
            try copy.close()
        } catch { throw PapillaError.ledger(error, "The copy could not be written", path: path) }
    }
}
