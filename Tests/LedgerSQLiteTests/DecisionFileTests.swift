import Foundation
import GRDB
import Ledger
import LedgerSQL
import Screening
import TestSupport
import Testing

@testable import LedgerSQLite

/// What the file itself says of decisions.
@Suite struct DecisionFileTests {
    let clinic: Clinic
    var ledger: any WholeLedger { clinic.ledger }
    init() async throws { clinic = try await Clinic() }

    private static let sentence = "a decision is in the audit, as it was made"

    @Test(arguments: [
        "UPDATE decision SET reader = 'Eve'", "UPDATE decision SET verdict = 'accept'", "UPDATE decision SET blind = 1",
        "DELETE FROM decision",
    ])
    func theFileRefuses(_ sql: String) async throws {
        try await clinic.screen(Clinic.id(1))
        _ = try await ledger.decide(
            NewDecision(Clinic.id(1), reader: "Anna", verdict: .reject, note: "not the disc"), actor: "anna@1000")
        await #expect(throws: PapillaError.self) { try await clinic.store.write { db in try db.execute(sql: sql) } }
        #expect(try await ledger.verify(clinic.folders).problems == [])
    }

    /// A decision that is not in the audit, or a version that no decision made, is found.
    @Test func aChangedDecisionIsNamed() async throws {
        try await clinic.screen(Clinic.id(1), .ungradable)
        try await clinic.correct(Clinic.id(1))
        #expect(try await ledger.violatedInvariants() == [])
        try clinic.tamper("UPDATE decision SET reader = 'Eve' WHERE id = 1")
        #expect(try await ledger.violatedInvariants().map(\.invariant) == [Self.sentence])
        try clinic.tamper("UPDATE decision SET reader = 'Anna', screening = 2 WHERE id = 1")
        #expect(try await !ledger.violatedInvariants().isEmpty)
    }

    @Test("C6: whether a decision was drawn blind cannot be changed") func blind() async throws {
        try await clinic.screen(Clinic.id(1))
        try await clinic.correct(Clinic.id(1))
        #expect(throws: (any Error).self) { try clinic.tamper("UPDATE decision SET blind = 2") }
        try clinic.tamper("UPDATE decision SET blind = 1 WHERE id = 1")
        #expect(try await ledger.violatedInvariants().map(\.invariant) == [Self.sentence])
        try clinic.tamper("UPDATE decision SET blind = 0 WHERE id = 1")
        #expect(try await ledger.violatedInvariants() == [])
    }
}
