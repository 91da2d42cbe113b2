import Ledger
import Screening
import TestSupport
import Testing

/// Versions by later models: announced, published, written down, each once.
@Suite(.onEveryDatabase) struct RereadTests {
    let clinic: Clinic
    var ledger: any WholeLedger { clinic.ledger }
    private let id = Clinic.id(1)
    private let terms = [DeliveryTerms(target: "archive", takesUnidentified: true)]
    init() async throws { clinic = try await Clinic() }

    private func problems() async throws -> [Verification.Problem] { try await clinic.problems() }

    @Test func itIsTheNextVersionWithItsDeliveriesAndItsEntry() async throws {
        try await clinic.screen(id, deliveries: terms)
        try await clinic.reread(id, .ungradable, deliveries: terms)
        #expect(try await ledger.arrival(id)?.outcome == .ungradable)
        #expect(try await ledger.versions(of: id).map(\.version) == [1, 2])
        #expect(try await ledger.deliveries(of: id).map(\.state) == [.cancelled, .due])
        #expect(try await ledger.decisions(of: id).isEmpty)
        #expect(try await ledger.pendingCorrections().isEmpty)
        #expect(try await ledger.auditEntries(AuditFilter(event: "reread")).map(\.actor) == ["anna@1000"])
        #expect(try await problems() == [])
        // Forgotten, it still is what the audit says.
        try await clinic.forget(id)
        #expect(try await ledger.violatedInvariants() == [])
        #expect(try await ledger.verifyChain().isIntact)
    }

    @Test func oneVersionAtATimeFollowsTheNewest() async throws {
        await #expect(throws: PapillaError.self) { try await ledger.beginRereading(of: id, version: 2, actor: "a@1") }
        try await clinic.screen(id)
        for version in [1, 3] {
            await #expect(throws: PapillaError.self) { try await ledger.beginRereading(of: id, version: version, actor: "a@1") }
        }
        try await ledger.beginRereading(of: id, version: 2, actor: "a@1")
        let decision = try NewDecision(id, reader: "Anna", verdict: .correct, note: nil)
        await #expect(throws: PapillaError.self) { try await ledger.beginCorrection(decision, version: 2, actor: "a@1") }
        await #expect(throws: PapillaError.self) { try await ledger.beginRereading(of: id, version: 2, actor: "a@1") }
        #expect(try await ledger.pendingCorrections().map(\.version) == [2])
        try await ledger.abandonCorrection(of: id)
        #expect(try await problems() == [])
        try await clinic.correct(id)
        // Who looked at what was read since is told so.
        try await clinic.reread(id, version: 3)
        let late = try NewDecision(
            id, reader: "Ben", verdict: .accept, note: nil, seen: Seen(version: 2, decisions: 1))
        await #expect { try await ledger.decide(late, actor: "b@2") } throws: { "\($0)".contains("read again") }
        #expect(try await problems() == [])
    }

    @Test func whatWasNotBegunDoesNotEnd() async throws {
        let ending = try await clinic.screen(id)
        var next = ending
        next.report.version = 2
        let end = next
        await #expect(throws: PapillaError.self) { try await ledger.concludeRereading(end) }
        #expect(try await ledger.versions(of: id).count == 1)
        #expect(try await problems() == [])
    }
}
