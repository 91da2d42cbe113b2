import Foundation
import GRDB
import Ledger
import Screening
import TestSupport
import Testing

@testable import LedgerSQLite

/// The chain in its file: every change of any field, any missing, moved or added entry is found.
@Suite struct AuditFileTests {
    let clinic: Clinic
    var ledger: any WholeLedger { clinic.ledger }
    init() async throws { clinic = try await Clinic() }

    /// What the file itself refuses, whoever writes to it.
    @Test(arguments: [
        "DELETE FROM audit WHERE seq = 3",
        "DELETE FROM audit",
        "UPDATE audit SET actor = 'nobody' WHERE seq = 3",
        "UPDATE audit SET detail = '{}' WHERE seq = 3",
        "UPDATE audit SET detail = NULL, actor = 'nobody' WHERE seq = 3",
        "UPDATE audit SET seq = 30 WHERE seq = 3",
        "UPDATE OR REPLACE audit SET seq = 2, detail = NULL WHERE seq = 3",
        "INSERT OR REPLACE INTO audit SELECT seq, at, 'nobody', event, subject, detail, detail_sha256, previous, hash, rule, binding FROM audit WHERE seq = 3",
        "INSERT INTO audit SELECT seq + 100, at, actor, event, subject, detail, detail_sha256, previous, hash, rule, binding FROM audit WHERE seq = 3",
        "INSERT INTO audit SELECT 7, at, actor, event, subject, detail, detail_sha256, previous, hash, rule, binding FROM audit WHERE seq = 3",
        // In the place of the last entry, and with a gap after it, chained to it.
        """
        INSERT OR REPLACE INTO audit SELECT seq, at, 'nobody', event, subject, detail, detail_sha256, hash, hash, rule, binding FROM audit
        ORDER BY seq DESC LIMIT 1
        """,
        """
        INSERT INTO audit SELECT seq + 2, at, actor, event, subject, detail, detail_sha256, hash, hash, rule, binding FROM audit ORDER BY seq DESC LIMIT 1
        """,
        "DELETE FROM arrival",
        "DELETE FROM screening",
    ]) func theFileRefuses(_ sql: String) async throws {
        try await clinic.screen(Clinic.id(1))
        try await ledger.record("tick", subject: "clock", detail: ["n": 1])
        // A connection of somebody else's, with SQLite's defaults.
        let other = try DatabaseQueue(path: clinic.path)
        #expect(throws: DatabaseError.self) { try other.write { db in try db.execute(sql: sql) } }
        #expect(try await ledger.verifyChain().isIntact)
    }

    @Test("A1: a blank detail is allowed with a forgotten entry of its subject alone") func onlyABlankedDetailIsAllowed()
        async throws
    {
        try await clinic.screen(Clinic.id(1))
        let other = try DatabaseQueue(path: clinic.path)
        let blank = "UPDATE audit SET detail = NULL WHERE seq = 3"
        await #expect(throws: DatabaseError.self) { try await other.write { db in try db.execute(sql: blank) } }
        try clinic.tamper(blank)
        let faults = try await ledger.verifyChain().faults
        #expect(faults.map(\.seq) == [3] && faults[0].problem.contains("blank"))
    }

    /// Each field of an entry in the middle, changed behind the triggers' back.
    @Test(arguments: [
        "UPDATE audit SET at = '2026-11-24T10:41:07.251Z' WHERE seq = 3",
        "UPDATE audit SET actor = 'nobody' WHERE seq = 3",
        "UPDATE audit SET event = 'tock' WHERE seq = 3",
        "UPDATE audit SET subject = 'watch' WHERE seq = 3",
        "UPDATE audit SET detail = '{\"n\":7}' WHERE seq = 3",
        "UPDATE audit SET detail_sha256 = hash WHERE seq = 3",
        "UPDATE audit SET previous = hash WHERE seq = 3",
        "UPDATE audit SET hash = previous WHERE seq = 3",
        "UPDATE audit SET seq = 30 WHERE seq = 6",
        "DELETE FROM audit WHERE seq = 3",
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM audit",
        "UPDATE audit SET seq = -3 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = -3",
        "INSERT INTO audit SELECT 7, at, actor, event, subject, detail, detail_sha256, hash, hash, rule, binding FROM audit WHERE seq = 6",
    ]) func tamperingIsFound(_ sql: String) async throws {
        for number in 0..<5 { try await ledger.record("tick", subject: "clock", detail: ["n": number]) }
        #expect(try await ledger.verifyChain().isIntact)
        try clinic.tamper(sql)
        #expect(try await !ledger.verifyChain().isIntact)
    }

    @Test func aGapIsNamed() async throws {
        for number in 0..<5 { try await ledger.record("tick", subject: "clock", detail: ["n": number]) }
        try clinic.tamper("DELETE FROM audit WHERE seq IN (3, 4)")
        let faults = try await ledger.verifyChain().faults
        #expect(faults.map(\.problem) == ["entries 3 to 4 are missing", "it does not follow the entry before it"])
        #expect(faults.map(\.seq) == [5, 5])
    }

    /// An entry changed and its own hash made good: the next entry no longer follows.
    @Test func aRehashedEntryIsFound() async throws {
        for number in 0..<5 { try await ledger.record("tick", subject: "clock", detail: ["n": number]) }
        let entry = try await ledger.auditEntries()[2]
        let hash = AuditEntry.hash(
            previous: entry.previous.description, seq: 3, at: entry.at.description, actor: "nobody", event: entry.event,
            subject: entry.subject, detailDigest: entry.detailDigest.description, rule: entry.rule, binding: entry.binding)
        try clinic.tamper("UPDATE audit SET actor = 'nobody', hash = '\(hash)' WHERE seq = 3")
        #expect(try await ledger.verifyChain().faults.map(\.seq) == [4])
    }

    /// What the chain alone cannot show: a head that was noted elsewhere shows it.
    @Test func aCutEndIsFoundByItsHead() async throws {
        for number in 0..<5 { try await ledger.record("tick", subject: "clock", detail: ["n": number]) }
        let entries = try await ledger.auditEntries()
        let (head, older) = (entries[5].hash.description, entries[2].hash.description)
        #expect(try await ledger.verifyChain(expecting: head).isIntact)
        #expect(try await ledger.verifyChain(expecting: older).expectedAt == 3)
        // With the ledger's own note of its end made to fit.
        try clinic.tamper(
            """
            DELETE FROM audit WHERE seq > 4;
            UPDATE setting SET (value, at) = (SELECT hash, audit.at FROM audit WHERE seq = 4) WHERE name = 'head'
            """)
        #expect(try await ledger.verifyChain().isIntact)
        #expect(try await ledger.verifyChain(expecting: older).isIntact)
        #expect(try await !ledger.verifyChain(expecting: head).isIntact)
    }

    /// The state and its entry are one transaction: when the entry cannot be written, nothing is.
    @Test func noStateWithoutItsEntry() async throws {
        try await clinic.receive(Clinic.id(1))
        try clinic.tamper("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END")
        await #expect(throws: PapillaError.self) { try await ledger.wait(Clinic.id(1), for: "space") }
        await #expect(throws: PapillaError.self) { try await clinic.claim(Clinic.id(1)) }
        await #expect(throws: PapillaError.self) { try await clinic.receive(Clinic.id(2)) }
        #expect(try await ledger.arrivals().map(\.state) == [.received])
        #expect(try await ledger.violatedInvariants().isEmpty)
    }
}
