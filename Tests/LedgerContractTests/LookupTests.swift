import Foundation
import Ledger
import Screening
import TestSupport
import Testing

/// Finding arrivals: by what a person types, by filter, and for `status`.
@Suite(.onEveryDatabase) struct LookupTests {
    let clinic: Clinic
    var ledger: any WholeLedger { clinic.ledger }
    init() async throws { clinic = try await Clinic() }

    @Test func anyUniqueBeginningWillDo() async throws {
        let ids = ["20261124-k7q2m9xd", "20261124-k7q3m9xd", "20261125-zzzzzzzz", "20261125-20261124"].compactMap {
            ScreeningID($0)
        }
        for id in ids { try await clinic.receive(id) }
        for (text, expected) in [
            ("k7q2", ids[0]), ("K7Q3M9XD", ids[1]), ("zzz", ids[2]), ("20261125-z", ids[2]), ("20261124-k7q2m9xd", ids[0]),
            ("202", ids[3]),
        ] {
            #expect(try await ledger.arrival(matching: text).id == expected, "\(text)")
        }
        for text in ["", "k7", "zz"] {
            await #expect { try await ledger.arrival(matching: text) } throws: { ($0 as? PapillaError)?.code == .badInput }
        }
        for text in ["abc", "20261126-", "k7q2m9xdd", "%%%", "zzzzzzzz'; --"] {
            await #expect { try await ledger.arrival(matching: text) } throws: { ($0 as? PapillaError)?.code == .notFound }
        }
        await #expect {
            try await ledger.arrival(matching: "k7q")
        } throws: { error in
            guard let error = error as? PapillaError else { return false }
            return error.code == .badInput && error.hint == "One of: 20261124-k7q2m9xd, 20261124-k7q3m9xd"
        }
    }

    @Test func filters() async throws {
        for (number, outcome) in Outcome.allCases.enumerated() {
            try await clinic.screen(Clinic.id(number), outcome)
        }
        let late = Timestamp("2026-11-25T00:00:00.000Z")!
        try await clinic.receive(Clinic.id(9), received: late)
        #expect(try await ledger.arrivals(ArrivalFilter(outcomes: [.failed, .ungradable])).count == 2)
        #expect(try await ledger.arrivals(ArrivalFilter(states: [.received])).map(\.id) == [Clinic.id(9)])
        #expect(try await ledger.arrivals(ArrivalFilter(since: late)).map(\.id) == [Clinic.id(9)])
        #expect(try await ledger.arrivals(ArrivalFilter(until: late)).count == 5)
        #expect(try await ledger.arrivals(ArrivalFilter(limit: 2, newestFirst: true)).map(\.id) == [Clinic.id(9), Clinic.id(4)])
        #expect(try await ledger.arrivals(ArrivalFilter(states: [])).isEmpty)
    }

    @Test func theOverviewCountsStatesWaitsAndFailures() async throws {
        let start = Timestamp("2026-11-24T10:41:07.250Z")!.milliseconds
        let clinic = try await Clinic(now: Clinic.clock(from: start))
        let ledger = clinic.ledger
        try await clinic.screen(Clinic.id(1))
        try await clinic.screen(Clinic.id(2), .failed)
        try await clinic.screen(Clinic.id(3), .failed)
        for number in 4...6 { try await clinic.receive(Clinic.id(number)) }
        try await ledger.wait(Clinic.id(4), for: "space")
        try await ledger.wait(Clinic.id(5), for: "space")
        try await ledger.wait(Clinic.id(6), for: "the archive")
        let overview = try await ledger.overview(failures: 1)
        #expect(overview.states == ["received": 0, "claimed": 0, "reading": 0, "waiting": 3, "finished": 3])
        #expect(overview.outcomes == ["measured": 1, "no_finding": 0, "ungradable": 0, "out_of_domain": 0, "failed": 2])
        #expect(overview.waits.map(\.what) == ["space", "the archive"])
        #expect(overview.waits.map(\.count) == [2, 1])
        #expect(overview.oldestPending?.id == Clinic.id(4))
        #expect(overview.failures.map(\.id) == [Clinic.id(3)])
        #expect(overview.failures.map(\.code) == ["corrupt"])
        #expect(overview.finishedLastHour == 3 && overview.finishedLastDay == 3 && overview.receivedLastDay == 6)

        // Two hours, then two days later.
        for (hours, expected) in [(2, [0, 3, 6]), (48, [0, 0, 0])] {
            let later = Timestamp(milliseconds: start + Int64(hours) * 3_600_000)
            let overview = try await clinic.reopened(now: { later }).overview()
            #expect([overview.finishedLastHour, overview.finishedLastDay, overview.receivedLastDay] == expected)
        }
    }
}
