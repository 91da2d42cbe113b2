import Foundation
import Ledger
import Screening
import TestSupport
import Testing

/// The chain: every change of any field, any missing, moved or added entry is found.
@Suite(.onEveryDatabase) struct AuditTests {
    let clinic: Clinic
    var ledger: any WholeLedger { clinic.ledger }
    init() async throws { clinic = try await Clinic() }

    @Test func recordsKeepActorAndCanonicalDetail() async throws {
        struct Detail: Encodable { var model = "disc-20261124-1", before: String? = nil, at = 3 }
        try await ledger.record("promoted", subject: "disc", detail: Detail(), actor: "anna@1000")
        let entry = try #require(try await ledger.auditEntries(AuditFilter(event: "promoted")).first)
        #expect(entry.detail == #"{"at":3,"model":"disc-20261124-1"}"#)
        #expect(entry.actor == "anna@1000" && entry.subject == "disc" && entry.seq == 2)
        let head = try await ledger.head()
        #expect(head.hash == entry.hash && head.entries == 2)
    }

    @Test func theNewestOfSeveralEventsIsFound() async throws {
        #expect(try await ledger.newestEntry(of: ["tick", "tock"]) == nil)
        for event in ["tick", "tock", "tock", "other"] { try await ledger.record(event, subject: "clock", detail: ["n": 1]) }
        #expect(try await ledger.newestEntry(of: ["tick", "tock"])?.seq == 4)
        #expect(try await ledger.newestEntry(of: ["tick", "never"])?.seq == 2)
        #expect(try await ledger.newestEntry(of: []) == nil)
    }

    /// What such a ledger knows came before it: its visits are in the outbox, and are taken up again.
    @Test func aLedgerMadeOfBundlesKnowsNoBeginningOfVisits() async throws {
        let begin = try await ledger.visitsBegin()
        #expect(begin > Timestamp(milliseconds: 0))
        try await ledger.record("restored", subject: "service", detail: ["from": "backup"])
        #expect(try await ledger.visitsBegin() == begin)
        try await ledger.record("restored", subject: "service", detail: ["from": "bundles"])
        #expect(try await ledger.visitsBegin() == Timestamp(milliseconds: 0))
    }

    @Test func filtersAndLimits() async throws {
        for number in 0..<5 { try await ledger.record("tick", subject: "clock\(number % 2)", detail: ["n": number]) }
        #expect(try await ledger.auditEntries(AuditFilter(subject: "clock1")).count == 2)
        #expect(try await ledger.auditEntries(AuditFilter(limit: 2)).map(\.seq) == [5, 6])
        let third = try await ledger.auditEntries()[2].at
        #expect(try await ledger.auditEntries(AuditFilter(since: third)).map(\.seq) == [3, 4, 5, 6])
        #expect(try await ledger.auditEntries(AuditFilter(until: third)).map(\.seq) == [1, 2])
    }
}
