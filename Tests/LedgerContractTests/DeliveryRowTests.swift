import Foundation
import Ledger
import Screening
import TestSupport
import Testing

/// The rows of deliveries: made with what they carry, changed with the audit, and never otherwise.
@Suite(.onEveryDatabase) struct DeliveryRowTests {
    private let clinic: Clinic
    private var ledger: any WholeLedger { clinic.ledger }
    private let terms = [DeliveryTerms(target: "ehr", takesUnidentified: true)]

    init() async throws { clinic = try await Clinic() }

    @Test func aStepThatIsRefusedChangesNothing() async throws {
        try await clinic.screen(Clinic.id(1), deliveries: terms)
        let number = try #require(try await ledger.due(to: "ehr", limit: 1).first?.number)
        try await ledger.deliver(number)
        let entries = try await ledger.head().entries
        await #expect { try await ledger.deliver(number) } throws: { ($0 as? PapillaError)?.code == .refused }
        await #expect { try await ledger.deliver(99) } throws: { ($0 as? PapillaError)?.code == .notFound }
        #expect(try await ledger.head().entries == entries)
        #expect(try await ledger.due(number) == nil)
    }

    @Test func aLaterVersionTakesThePlaceAtItsOwnTargetsOnly() async throws {
        let both = terms + [DeliveryTerms(target: "former", takesUnidentified: true)]
        try await clinic.screen(Clinic.id(1), deliveries: both)
        try await clinic.correct(Clinic.id(1), deliveries: terms)
        let rows = try await ledger.deliveries(of: Clinic.id(1))
        #expect(rows.map(\.target) == ["ehr", "former", "ehr"])
        #expect(rows.map(\.state) == [.cancelled, .due, .due])
        #expect(try await ledger.violatedInvariants() == [])
        #expect(try await ledger.verifyChain().isIntact)
        let batch = try await ledger.due(to: "ehr", after: rows[2].number, limit: 10)
        #expect(batch == [])
    }
}
