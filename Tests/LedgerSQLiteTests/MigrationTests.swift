import Foundation
import GRDB
import Ledger
import Screening
import TestSupport
import Testing

import LedgerSQL
@testable import LedgerSQLite

/// A ledger that 0.1.0 wrote: it opens, verifies with its own rule, and goes on with ours.
@Suite struct MigrationTests {
    private let root: String
    private let path: String

    /// Drained and served phantoms: two accepted or rejected, one corrected, one forgotten, one read again, one that waits.
    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "papilla-migration-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        path = root + "/papilla.sqlite"
        let dump = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/ledger-0.1.0.sql")
        let connection = try DatabaseQueue(path: path)
        let sql = try String(contentsOf: dump, encoding: .utf8)
        try connection.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try connection.close()
    }

    private func remove() { try? FileManager.default.removeItem(atPath: root) }

    private static let head = "873dd4298c2bece63802b5c18b707ed5327b81b5f685fa5bda62eb44a431b954"

    @Test("A1: a ledger of 0.1.0 opens, verifies and goes on") func itOpensVerifiesAndGoesOn() async throws {
        defer { remove() }
        // Before the service was there: who only reads sees it as it is.
        let before: any WholeLedger = try LedgerStore(path: path, mode: .readOnly)
        #expect(try await before.verifyChain(expecting: Self.head).isIntact)
        #expect(try await before.violatedInvariants() == [])
        #expect(try await before.overview().outcomes["measured"] == 6)
        #expect(try await before.auditEntries().allSatisfy { $0.rule == 1 && $0.binding == nil })
        #expect(try SQLiteLedgers().verify(backup: path).head == Self.head)
        // A backup of it is as old as itself.
        #expect(try await before.backUp(to: root + "/backup.sqlite").head == Self.head)
        let backup = try DatabaseQueue(path: root + "/backup.sqlite")
        let columns = try await backup.read { db in try db.columns(in: "audit").map(\.name) }
        #expect(!columns.contains("binding"))
        #expect(try await before.arrivals().count == 9)
        try await before.close()

        let ledger: any WholeLedger = try LedgerStore(path: path, mode: .open, now: Clinic.clock())
        let verdict = try await ledger.verifyChain(expecting: Self.head)
        #expect(verdict.faults == [] && verdict.rows == [] && verdict.expectedAt == 55 && verdict.forgotten == 6)
        #expect(try await ledger.violatedInvariants() == [])
        let added = try await ledger.auditEntries().suffix(from: 55)
        #expect(added.map(\.event) == ["migrated"] + Array(repeating: "bound", count: 9) + Array(repeating: "migrated", count: 4))

        // On: a new arrival, a decision on an old one, the end of the one that waits, and one more is forgotten.
        let id = Clinic.id(1)
        try await ledger.receive(
            NewArrival(
                id: id, path: "eye.jpg", name: "eye.jpg", isUrgent: false, received: Timestamp(milliseconds: 1_795_516_867_250),
                device: 1, inode: 2))
        let old = try await ledger.arrivals(ArrivalFilter(outcomes: [.measured]))
        let named = try #require(old.first { $0.patient == "P-1" })
        _ = try await ledger.decide(
            NewDecision(named.id, reader: "Ben", verdict: .reject, note: "not the disc"), actor: "ben@1001")
        try await ledger.forget(named.id, actor: "anna@1000")
        #expect(try await ledger.verifyChain(expecting: Self.head).isIntact)
        #expect(try await ledger.violatedInvariants() == [])
        #expect(try SQLiteLedgers().verify(backup: path).arrivals == 10)
        try await ledger.close()
        for file in ["", "-wal"] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path + file))
            #expect(bytes.range(of: Data("P-1".utf8)) == nil)
        }
    }

    /// From the migration on every row of it is bound, and every change is named.
    @Test(
        "A1: an old ledger's rows are bound from its migration on",
        arguments: [
            "UPDATE finding SET value = 0.1 WHERE code = 'vcdr'",
            "UPDATE screening SET publish_ms = publish_ms + 1 WHERE id = 1",
            "UPDATE decision SET reader = 'Eve' WHERE id = 1",
            "UPDATE model SET precision = 'int8' WHERE id = 1",
            "UPDATE image SET width = width + 1",
            "UPDATE arrival SET study = 'S-2' WHERE study = 'S-1'",
            "UPDATE subject SET identifier = 'P-2'",
            "UPDATE audit SET detail = NULL WHERE event = 'finished'",
            "UPDATE audit SET rule = 2 WHERE seq = 3",
            "DELETE FROM audit WHERE seq > 55",
        ]) func itsRowsAreBound(_ sql: String) async throws
    {
        defer { remove() }
        let ledger: any WholeLedger = try LedgerStore(path: path, mode: .open)
        try await ledger.close()
        try Clinic.tamper(path, sql)
        let reader: any WholeLedger = try LedgerStore(path: path, mode: .readOnly)
        #expect(try await !reader.verifyChain().isIntact)
    }
}
