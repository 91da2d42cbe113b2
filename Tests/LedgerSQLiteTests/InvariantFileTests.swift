import Foundation
import Glibc
import GRDB
import Ledger
import Screening
import TestSupport
import Testing

import LedgerSQL
@testable import LedgerSQLite

/// The invariants, violated in the file, and writers that die or take turns.
@Suite struct InvariantFileTests {
    /// Each invariant, violated behind the ledger's back, is named.
    @Test(arguments: [
        ("UPDATE arrival SET spool = NULL WHERE state = 'claimed'", "spool"),
        ("UPDATE arrival SET original = 'quarantine/x' WHERE outcome = 'measured'", "quarantine"),
        ("DELETE FROM finding; DELETE FROM screening WHERE outcome = 'failed'", "screenings 1, 2"),
        ("UPDATE screening SET version = 2 WHERE outcome = 'failed'", "screenings 1, 2"),
        ("UPDATE arrival SET outcome = 'no_finding' WHERE outcome = 'measured'", "newest screening"),
        ("DELETE FROM finding WHERE kind = 'reason'", "have no reason"),
        ("UPDATE finding SET code = 'too_dark' WHERE kind = 'reason'", "belongs to its outcome"),
        ("UPDATE arrival SET state = 'received', spool = NULL WHERE state = 'claimed'", "last audit entry"),
        ("DELETE FROM audit WHERE event = 'begun'", "was begun"),
        (
            "INSERT INTO audit SELECT seq + 100, at, actor, event, subject, detail, detail_sha256, previous, hash, rule, binding FROM audit",
            "once"
        ),
        ("DELETE FROM image", "reference"),
        ("DELETE FROM arrival WHERE state = 'claimed'", "is in the ledger"),
        ("UPDATE screening SET key = 'other' WHERE outcome = 'measured'", "audit entry says"),
    ]) func aViolationIsNamed(_ sql: String, _ words: String) async throws {
        let clinic = try await Clinic()
        try await clinic.screen(Clinic.id(1))
        try await clinic.screen(Clinic.id(2), .failed)
        try await clinic.receive(Clinic.id(3))
        try await clinic.claim(Clinic.id(3))
        #expect(try await clinic.ledger.violatedInvariants() == [])
        try clinic.tamper(sql)
        #expect(try await clinic.ledger.violatedInvariants().contains { $0.invariant.contains(words) })
    }

    /// A writer killed in the middle of a transaction: what was committed is there, what was not is not.
    @Test func aKilledWriterLeavesWholeTransactions() async throws {
        let clinic = try await Clinic()
        try await clinic.ledger.close()
        let path = clinic.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let ledger = try LedgerStore(path: path, mode: .open)
            for number in 0..<20 {
                try await ledger.receive(
                    NewArrival(
                        id: Clinic.id(number), path: "eye.jpg", name: "eye.jpg", isUrgent: false,
                        received: Timestamp(milliseconds: 0),
                        device: 1, inode: 1))
            }
            try await ledger.dieInATransaction()
        }
        let ledger: any WholeLedger = try LedgerStore(path: path, mode: .open)
        #expect(try await ledger.pending().count == 20)
        #expect(try await ledger.pending().allSatisfy { $0.state == .received })
        #expect(try await ledger.head().entries == 21)
        #expect(try await ledger.verifyChain().isIntact)
        #expect(try await ledger.violatedInvariants() == [])
        try await ledger.wait(Clinic.id(3), for: "space")
    }

    /// Several processes on one file: the chain is one chain, whoever appends.
    @Test func writersTakeTurns() async throws {
        let clinic = try await Clinic()
        let ledgers = try (0..<3).map { _ in try LedgerStore(path: clinic.path, mode: .open) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for ledger in ledgers {
                group.addTask {
                    for number in 0..<20 { try await ledger.record("tick", subject: "clock", detail: ["n": number]) }
                }
            }
            try await group.waitForAll()
        }
        let verdict = try await clinic.ledger.verifyChain()
        #expect(verdict.isIntact && verdict.entries == 61)
    }
}

extension LedgerStore {
    /// Changes every row, spills the pages into the log, and dies before the commit.
    func dieInATransaction() throws {
        try write { db in
            try db.execute(sql: "PRAGMA cache_spill = 1")
            try db.execute(sql: "PRAGMA cache_size = 1")
            try db.execute(sql: "UPDATE arrival SET state = 'waiting', waits_for = hex(randomblob(4000))")
            try AuditEntry.append(db, at: now(), actor: "service", event: "tick", subject: "clock", detail: ["n": 1])
            kill(getpid(), SIGKILL)
        }
    }
}
