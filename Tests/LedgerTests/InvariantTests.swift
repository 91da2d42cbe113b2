import Foundation
import Glibc
import GRDB
import Screening
import Testing

@testable import Ledger

/// Whatever happens, in whatever order, and wherever the process dies, the invariants hold.
@Suite struct InvariantTests {
    /// Random steps, legal or not, on a handful of arrivals, with the process starting anew in between.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func randomStepsKeepThem(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed)
        let clinic = try Clinic()
        var ledger = clinic.ledger
        var expected: [ScreeningID: ArrivalState] = [:]
        var finished: [Outcome: Int] = [:]
        var refused = 0
        for step in 0..<150 {
            let id = Clinic.id(Int.random(in: 0..<12, using: &random))
            let outcome = Outcome.allCases.randomElement(using: &random)!
            let before = try await ledger.head().entries
            do {
                switch Int.random(in: 0..<6, using: &random) {
                case 0:
                    try await clinic.receive(id)
                    expected[id] = .received
                case 1 where expected[id] == .received:
                    try await clinic.claim(id)
                    expected[id] = .claimed
                case 2:
                    _ = try await ledger.begin(id)
                    expected[id] = .reading
                case 3:
                    try await ledger.wait(id, for: ["space", "the archive"].randomElement(using: &random)!)
                    expected[id] = .waiting
                case 4 where expected[id] == .reading:
                    try await clinic.finish(id, outcome)
                    expected[id] = .finished
                    finished[outcome, default: 0] += 1
                case 5: ledger = try LedgerStore(path: clinic.path, mode: .create, now: Clinic.clock())
                default: try await ledger.claim(id, Claim(spool: "\(id)/eye.jpg", sha256: nil, bytes: -1))
                }
            } catch let error as PapillaError {
                // Refused by the state machine, or by the tables (a size of -1): whole.
                #expect([.refused, .notFound, .internal].contains(error.code), "\(error.detailed)")
                #expect(try await ledger.head().entries == before)
                refused += 1
            }
            if step % 25 == 24 {
                #expect(try ledger.violatedInvariants() == [])
                #expect(try await ledger.verifyChain().isIntact)
                let states = Dictionary(uniqueKeysWithValues: try await ledger.arrivals().map { ($0.id, $0.state) })
                #expect(states == expected)
            }
        }
        #expect(refused > 10 && !finished.isEmpty)
        let statement = try await ledger.statement(in: clinic.folders)
        #expect(statement.received == expected.count && statement.unexplained == 0)
        #expect(statement.measured == finished[.measured] ?? 0 && statement.failed == finished[.failed] ?? 0)
        let verification = try await ledger.verify(clinic.folders)
        #expect(verification.problems == [])
    }

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
        let clinic = try Clinic()
        try await clinic.screen(Clinic.id(1))
        try await clinic.screen(Clinic.id(2), .failed)
        try await clinic.receive(Clinic.id(3))
        try await clinic.claim(Clinic.id(3))
        #expect(try clinic.ledger.violatedInvariants() == [])
        try clinic.tamper(sql)
        #expect(try clinic.ledger.violatedInvariants().contains { $0.invariant.contains(words) })
    }

    /// A writer killed in the middle of a transaction: what was committed is there, what was not is not.
    @Test func aKilledWriterLeavesWholeTransactions() async throws {
        let clinic = try Clinic()
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
        let ledger = try LedgerStore(path: path, mode: .open)
        #expect(try await ledger.pending().count == 20)
        #expect(try await ledger.pending().allSatisfy { $0.state == .received })
        #expect(try await ledger.head().entries == 21)
        #expect(try await ledger.verifyChain().isIntact)
        #expect(try ledger.violatedInvariants() == [])
        try await ledger.wait(Clinic.id(3), for: "space")
    }

    /// Several processes on one file: the chain is one chain, whoever appends.
    @Test func writersTakeTurns() async throws {
        let clinic = try Clinic()
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
            try db.execute(sql: "PRAGMA cache_spill = 1; PRAGMA cache_size = 1")
            try db.execute(sql: "UPDATE arrival SET state = 'waiting', waits_for = hex(randomblob(4000))")
            try AuditEntry.append(db, at: now(), actor: "service", event: "tick", subject: "clock", detail: ["n": 1])
            kill(getpid(), SIGKILL)
        }
    }
}
