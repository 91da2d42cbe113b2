import Foundation
import Ledger
import LedgerSQL
import LedgerSQLite
import Screening
import TestSupport
import Testing

/// Whom arrivals and visits are of.
@Suite(.onEveryDatabase) struct SubjectTests {
    let clinic: Clinic
    var ledger: any WholeLedger { clinic.ledger }
    private let ofA = Subject(identifier: "P4711", issuer: "A")
    private let ofB = Subject(identifier: "P4711", issuer: "B")
    init() async throws { clinic = try await Clinic() }

    private func store() throws -> LedgerStore { try #require(ledger as? LedgerStore) }

    @discardableResult
    private func screen(_ number: Int, _ subject: Subject?) async throws -> ScreeningID {
        let id = Clinic.id(number)
        try await clinic.receive(id, content: "image \(number)")
        try await clinic.claim(id, patient: subject?.identifier, issuer: subject?.issuer)
        _ = try await ledger.begin(id)
        try await clinic.finish(id, key: nil)
        return id
    }

    private func forgetVisit(_ number: Int) async throws {
        try FileManager.default.removeItem(atPath: "\(clinic.folders.outbox)/2026-11-24/visit.\(Clinic.id(number))")
        try await ledger.forgetVisit(Clinic.id(number), actor: "anna@1000")
    }

    /// How many cells of the whole ledger hold a text, by table.
    private func cells(with text: String) throws -> [String: Int] {
        var found: [String: Int] = [:]
        try store().read { db in
            for table in [
                "image", "subject", "arrival", "model", "screening", "finding", "decision", "correction", "delivery", "visit",
                "audit", "setting",
            ] {
                try db.each(sql: "SELECT * FROM \(table)") { row in
                    for case .text(let cell) in row.values where cell.contains(text) { found[table, default: 0] += 1 }
                }
            }
        }
        return found
    }

    @Test func aSubjectStandsOnce() async throws {
        let first = try await screen(1, ofA), second = try await screen(2, ofA)
        try await screen(3, ofB)
        try await screen(4, Subject(identifier: "P4711"))
        try await ledger.record(clinic.visit(90, of: ofA, members: [first, second]))
        try await ledger.record(clinic.visit(91, of: ofB, members: []))
        #expect(try cells(with: "P4711") == ["subject": 3])
        #expect(try await ledger.arrivals(of: ofA) == [first, second])
        #expect(try await ledger.arrivals(of: ofB) == [Clinic.id(3)])
        #expect(try await ledger.arrivals(of: Subject(identifier: "P4711")) == [Clinic.id(4)])
        #expect(try await ledger.visits(of: ofB).map(\.subject) == [ofB])
        #expect(try await ledger.arrival(first)?.identification.subject == ofA)
        #expect(try await clinic.problems() == [])
    }

    @Test func itGoesWithTheLastThatIsOfIt() async throws {
        let first = try await screen(1, ofA), second = try await screen(2, ofA), other = try await screen(3, ofB)
        try await ledger.record(clinic.visit(90, of: ofA, members: [first]))
        try await clinic.forget(first)
        #expect(try await ledger.arrivals(of: ofA) == [second])
        try await clinic.forget(second)
        // Until the visit is forgotten as well.
        #expect(try await ledger.visits(of: ofA).count == 1)
        #expect(try cells(with: "P4711") == ["subject": 2])
        try await forgetVisit(90)
        #expect(try cells(with: "P4711") == ["subject": 1])
        #expect(try await ledger.arrivals(of: ofB) == [other])
        try await clinic.forget(other)
        #expect(try cells(with: "P4711") == [:])
        #expect(try await clinic.problems() == [])
        // Whoever comes again is somebody new.
        try await screen(4, ofA)
        #expect(try await ledger.arrivals(of: ofA) == [Clinic.id(4)])
        #expect(try await clinic.problems() == [])
    }

    /// Bindings stay for ever: a subject's number in them would say which of the forgotten were of one person.
    @Test func noBindingNamesASubject() async throws {
        let id = try await screen(1, ofA)
        try await ledger.record(clinic.visit(90, of: ofA, members: [id]))
        try await forgetVisit(90)
        try await clinic.forget(id)
        let rows = try await ledger.auditEntries().compactMap(\.binding).flatMap { try Binding($0).rows.keys }
        #expect(Set(rows.map { $0.split(separator: " ")[0] }) == ["arrival", "image", "model", "screening", "visit"])
    }

    @Test func aLaterClaimMovesAnArrivalToAnotherSubject() async throws {
        let id = Clinic.id(1)
        try await clinic.receive(id)
        try await clinic.claim(id, patient: "P4711", issuer: "A")
        try await ledger.wait(id, for: "the rest of the file")
        let row = try #require(try await ledger.arrival(id))
        func claim(_ subject: Subject?) async throws {
            var identification = row.identification
            identification.subject = subject
            try await ledger.claim(
                id,
                Claim(
                    spool: try #require(row.spool), sha256: row.sha256, bytes: row.bytes ?? 0, sidecar: nil, sidecarDigest: nil,
                    identification: identification))
        }
        try await claim(ofB)
        #expect(try await ledger.arrival(id)?.identification.subject == ofB)
        #expect(try await ledger.subjects(numbered: "P4711") == [ofB])
        #expect(try cells(with: "P4711") == ["subject": 1])
        // Of whom something else is, stays.
        try await screen(2, ofB)
        try await ledger.wait(id, for: "the rest of the file")
        try await claim(nil)
        #expect(try await ledger.arrivals(of: ofB) == [Clinic.id(2)])
        #expect(try await ledger.arrival(id)?.identification.subject == nil)
        #expect(try await clinic.problems() == [])
    }

    @Test func theDatabaseKeepsItAsItIs() async throws {
        let id = try await screen(1, ofA)
        try await ledger.record(clinic.visit(90, of: ofB, members: []))
        let store = try store()
        for sql in [
            "UPDATE subject SET identifier = 'other'", "UPDATE subject SET issuer = NULL",
            "DELETE FROM subject WHERE issuer = 'A'", "DELETE FROM subject WHERE issuer = 'B'",
            "INSERT INTO subject (identifier, issuer) VALUES ('P4711', 'A')",
            "UPDATE visit SET subject = (SELECT subject FROM arrival)",
        ] {
            await #expect(throws: PapillaError.self, "\(sql)") { try await store.write { db in _ = try db.execute(sql: sql) } }
        }
        #expect(try await ledger.arrivals(of: ofA) == [id])
        #expect(try await clinic.problems() == [])
    }

    @Test func verificationNamesASubjectOfWhomNothingIs() async throws {
        try await store().write { db in _ = try db.execute(sql: "INSERT INTO subject (identifier) VALUES ('P4711')") }
        #expect(try await ledger.violatedInvariants().map(\.subject) == ["subject 1"])
    }

    @Test func aLedgerOfAnEarlierSchemaIsRefusedWhereNothingMigratesIt() async throws {
        guard LedgerSubject.current.name == "PostgreSQL" else { return }
        try await store().write { db in _ = try db.execute(sql: "UPDATE schema_version SET version = 4") }
        await #expect { _ = try await clinic.reopened() } throws: { ($0 as? PapillaError)?.code == .refused }
    }

    @Test func aBackupHasItsSubjects() async throws {
        let id = try await screen(1, ofA)
        try await ledger.record(clinic.visit(90, of: ofA, members: [id]))
        let file = clinic.root + "/backup.sqlite"
        _ = try await ledger.backUp(to: file)
        let backup: any WholeLedger = try LedgerStore(path: file, mode: .readOnly)
        #expect(try await backup.arrivals(of: ofA) == [id])
        #expect(try await backup.visits(of: ofA).count == 1)
        #expect(try await backup.dueSubjects(settledBy: nil) == ledger.dueSubjects(settledBy: nil))
        #expect(try await backup.dueSubjects(settledBy: nil).map(\.subject) == [ofA])
        #expect(try await backup.verifyChain().isIntact)
    }
}
