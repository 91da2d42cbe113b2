import Foundation
import GRDB
import Ledger
import Screening
import TestSupport
import Testing

import LedgerSQL
@testable import LedgerSQLite

/// A ledger of schema 4, in which every arrival and visit repeats whose it is.
@Suite struct SubjectMigrationTests {
    private let root: String
    private let path: String
    private let subject = Subject(identifier: "4711", issuer: "A")

    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "papilla-subjects-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        path = root + "/papilla.sqlite"
        let dump = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/ledger-schema-4.sql")
        let connection = try DatabaseQueue(path: path)
        let sql = try String(contentsOf: dump, encoding: .utf8)
        try connection.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try connection.close()
    }

    private func remove() { try? FileManager.default.removeItem(atPath: root) }

    private static let head = "460eb82c742a2b0b86a5759c705423d5280b46df7202165cee3dad83b11865ad"

    /// What must be the same of a ledger that is only looked at and of one that the service has migrated.
    private func expectWhatWasThere(_ ledger: any WholeLedger) async throws {
        let verdict = try await ledger.verifyChain(expecting: Self.head)
        #expect(verdict.faults == [] && verdict.rows == [] && verdict.expectedAt == 42)
        #expect(try await ledger.violatedInvariants() == [])
        #expect(
            try await ledger.subjects(numbered: "4711") == [
                Subject(identifier: "4711"), subject, Subject(identifier: "4711", issuer: "B"),
            ])
        #expect(try await ledger.arrivals(of: subject) == [Clinic.id(1), Clinic.id(2)])
        #expect(try await ledger.examined(of: subject).map(\.row.subject) == ["4711", "4711"])
        #expect(try await ledger.visits(of: subject).map(\.version) == [2])
        #expect(try await ledger.visits(of: Subject(identifier: "4712", issuer: "A")).map(\.id) == [Clinic.id(92)])
        #expect(try await ledger.arrival(Clinic.id(9))?.identification.subject == Subject(identifier: "4713", issuer: "B"))
        #expect(try await ledger.forgottenVisits() == [Clinic.id(91)])
        let first = try await ledger.auditEntries(AuditFilter(event: "created")).first
        #expect(try await ledger.visitsBegin() == first?.at)
    }

    @Test func itOpensVerifiesAndGoesOn() async throws {
        defer { remove() }
        let reader: any WholeLedger = try LedgerStore(path: path, mode: .readOnly)
        try await expectWhatWasThere(reader)
        #expect(try await reader.head().entries == 42)
        #expect(try await reader.backUp(to: root + "/backup.sqlite").head == Self.head)
        try await reader.close()

        let ledger: any WholeLedger = try LedgerStore(path: path, mode: .open, now: Clinic.clock())
        try await expectWhatWasThere(ledger)
        #expect(try await ledger.auditEntries().suffix(from: 42).map(\.event) == ["migrated", "migrated"])
        try await ledger.close()
        let connection = try DatabaseQueue(path: path)
        try await connection.read { db in
            for table in ["arrival", "visit"] {
                let columns = try db.columns(in: table).map(\.name)
                #expect(columns.contains("subject") && !columns.contains("patient") && !columns.contains("issuer"))
            }
            #expect(
                try Row.fetchAll(db, sql: "SELECT identifier, issuer FROM subject").count == 5, "one row for each subject")
        }
    }

    @Test func whatIsForgottenAfterwardsIsNowhereInTheFile() async throws {
        defer { remove() }
        let ledger: any WholeLedger = try LedgerStore(path: path, mode: .open, now: Clinic.clock())
        for subject in try await ledger.subjects(numbered: "4711") {
            for visit in try await ledger.visits(of: subject) { try await ledger.forgetVisit(visit.id, actor: "anna@1000") }
            for id in try await ledger.arrivals(of: subject) { try await ledger.forget(id, actor: "anna@1000") }
        }
        #expect(try await ledger.subjects(numbered: "4711").isEmpty)
        #expect(try await ledger.verifyChain(expecting: Self.head).isIntact)
        #expect(try await ledger.violatedInvariants() == [])
        try await ledger.close()
        for file in ["", "-wal"] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path + file))
            #expect(bytes.range(of: Data("4711".utf8)) == nil)
        }
    }

    /// The entries of before bind the rows of after.
    @Test(arguments: [
        "UPDATE subject SET identifier = '4799' WHERE issuer IS NULL",
        "UPDATE subject SET issuer = 'C' WHERE issuer = 'B'",
        "UPDATE arrival SET subject = (SELECT subject FROM arrival WHERE id = '20261124-00000003') WHERE id = '20261124-00000001'",
        "UPDATE arrival SET subject = 1 WHERE id = '20261124-00000006'",
        "UPDATE visit SET subject = 1 WHERE id = '20261124-00000091'",
        "UPDATE visit SET subject = NULL WHERE id = '20261124-00000092'",
    ]) func itsRowsAreBound(_ sql: String) async throws {
        defer { remove() }
        let ledger: any WholeLedger = try LedgerStore(path: path, mode: .open)
        try await ledger.close()
        try Clinic.tamper(path, sql)
        let reader: any WholeLedger = try LedgerStore(path: path, mode: .readOnly)
        #expect(try await !reader.verifyChain().rows.isEmpty)
    }
}
