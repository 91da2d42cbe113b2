import Foundation
import Ledger
import Screening
import TestSupport
import Testing

/// Whatever happens, in whatever order, and wherever the process dies, the invariants hold.
@Suite(.onEveryDatabase) struct InvariantTests {
    /// Random steps, legal or not, on a handful of arrivals, with the process starting anew in between.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func randomStepsKeepThem(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed)
        let clinic = try await Clinic()
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
                case 5: ledger = try await clinic.reopened()
                default: try await ledger.claim(id, Claim(spool: "\(id)/eye.jpg", sha256: nil, bytes: -1))
                }
            } catch let error as PapillaError {
                // Refused by the state machine, or by the tables (a size of -1): whole.
                #expect([.refused, .notFound, .internal].contains(error.code), "\(error.detailed)")
                #expect(try await ledger.head().entries == before)
                refused += 1
            }
            if step % 25 == 24 {
                #expect(try await ledger.violatedInvariants() == [])
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
}
