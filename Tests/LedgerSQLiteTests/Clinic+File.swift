import GRDB
import Ledger
import TestSupport

import LedgerSQL
@testable import LedgerSQLite

extension Clinic {
    /// The ledger's file.
    var path: String { root + "/papilla.sqlite" }

    /// The ledger as what it is.
    var store: LedgerStore {
        guard let store = ledger as? LedgerStore else { preconditionFailure("the clinic's ledger is no file") }
        return store
    }

    /// A look at the tables themselves.
    func look(_ query: (Database) throws -> Void) throws { try LedgerFile.reader(path).read(query) }

    // MARK: what nobody should do

    /// Changes the file behind the ledger's back, its triggers out of the way.
    func tamper(_ sql: String) throws { try Self.tamper(path, sql) }

    /// The same, to any ledger.
    static func tamper(_ path: String, _ sql: String) throws {
        let connection = try DatabaseQueue(path: path)
        try connection.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            let triggers = try String.fetchAll(db, sql: "SELECT sql FROM sqlite_schema WHERE type = 'trigger'")
            for name in try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
                try db.execute(sql: "DROP TRIGGER \(name)")
            }
            try db.execute(sql: sql)
            for trigger in triggers { try db.execute(sql: trigger) }
        }
        try connection.close()
    }
}
