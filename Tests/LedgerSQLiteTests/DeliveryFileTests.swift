import Foundation
import GRDB
import Ledger
import Screening
import TestSupport
import Testing

import LedgerSQL
@testable import LedgerSQLite

/// What the file itself says of deliveries.
@Suite struct DeliveryFileTests {
    private let clinic: Clinic
    private var ledger: any WholeLedger { clinic.ledger }
    private let terms = [DeliveryTerms(target: "ehr", takesUnidentified: true)]

    init() async throws { clinic = try await Clinic() }

    @Test(
        "The file itself refuses what must never happen",
        arguments: [
            "DELETE FROM delivery", "UPDATE delivery SET state = 'due'", "UPDATE delivery SET target = 'other'",
            "INSERT INTO delivery (screening, target, state, due, changed) VALUES (1, 'ehr', 'due', '', '')",
            "INSERT INTO delivery (screening, target, state, due, changed) VALUES (1, 'x', 'withheld', '', '')",
        ])
    func theFileRefuses(_ sql: String) async throws {
        try await clinic.screen(Clinic.id(1), deliveries: terms)
        try await ledger.deliver(try #require(try await ledger.due(to: "ehr", limit: 1).first?.number))
        let other = try DatabaseQueue(path: clinic.path)
        #expect(throws: DatabaseError.self) { try other.write { db in try db.execute(sql: sql) } }
        try other.close()
    }

    @Test(arguments: [
        ("UPDATE delivery SET state = 'delivered'", "the audit says so"),
        ("UPDATE delivery SET state = 'cancelled', why = 'forgotten'", "forgotten"),
        ("UPDATE delivery SET state = 'cancelled', why = 'superseded'", "until a later one does"),
        ("UPDATE screening SET outcome = 'failed'", "goes nowhere"),
        ("DELETE FROM delivery", "gone"),
    ])
    func aViolationIsNamed(_ sql: String, _ words: String) async throws {
        try await clinic.screen(Clinic.id(1), deliveries: terms)
        #expect(try await ledger.violatedInvariants() == [])
        try clinic.tamper(sql)
        let chain = try await ledger.verifyChain()
        #expect(!chain.isIntact)
        let said = try await ledger.violatedInvariants().map(\.invariant) + chain.rows.map(\.problem)
        #expect(said.contains { $0.contains(words) }, "\(said)")
    }

    /// A ledger of schema 2, as 0.2 began with: it goes on, and what had ended is not due.
    @Test func aLedgerOfSchemaTwoGoesOn() async throws {
        let path = clinic.root + "/old.sqlite"
        let dump = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/ledger-0.1.0.sql")
        let connection = try DatabaseQueue(path: path)
        let sql = try String(contentsOf: dump, encoding: .utf8)
        try await connection.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try Schema.migrator(at: .now).migrate(connection, upTo: "2")
        #expect(try await connection.read { db in try Int.fetchOne(db, sql: "PRAGMA user_version") } == 2)
        try connection.close()
        // Who only reads sees it as it will be.
        #expect(try await LedgerStore(path: path, mode: .readOnly).deliveryCounts() == [])
        let ledger: any WholeLedger = try LedgerStore(path: path, mode: .open)
        #expect(try await ledger.auditEntries().last?.event == "migrated")
        #expect(try await ledger.verifyChain().isIntact)
        #expect(try await ledger.violatedInvariants() == [])
        #expect(try await ledger.deliveries() == [])
        #expect(try await ledger.statement().undelivered == 0)
    }
}
