import Ledger
import Screening
import TestSupport
import Testing

/// What retention asks of a ledger, in pieces.
@Suite(.onEveryDatabase) struct RetentionTests {
    let clinic: Clinic
    var ledger: any WholeLedger { clinic.ledger }
    init() async throws { clinic = try await Clinic() }

    @Test("Originals come in the order in which their arrivals ended, with the bundles that keep them") func originals()
        async throws
    {
        for number in [3, 1, 2] { try await clinic.screen(Clinic.id(number)) }
        try await clinic.screen(Clinic.id(4), .failed)
        // A copy keeps the original of the reading that it used.
        try await clinic.receive(Clinic.id(5))
        try await clinic.claim(Clinic.id(5))
        try await clinic.finish(Clinic.id(5), reusedFrom: Clinic.id(1))
        // What somebody decided upon stays, and what waits.
        try await clinic.screen(Clinic.id(6))
        _ = try await ledger.decide(NewDecision(Clinic.id(6), reader: "Anna", verdict: .accept, note: nil), actor: "anna@1000")
        try await clinic.receive(Clinic.id(7))
        let found = try await ledger.expirable(in: .archive)
        #expect(found.map(\.id) == [3, 1, 2, 5].map { Clinic.id($0) })
        #expect(found[1].standing.sorted() == [1, 5].map { "2026-11-24/eye.\(Clinic.id($0))" })
        #expect(try await ledger.expirable(in: .quarantine).map(\.id) == [Clinic.id(4)])
        #expect(try await ledger.bytes(in: .archive) == 25)
        #expect(try await ledger.bytes(in: .quarantine) == 5)
        try await clinic.expire(Clinic.id(3))
        #expect(try await ledger.expirable(in: .archive).map(\.id) == [1, 2, 5].map { Clinic.id($0) })
        #expect(try await ledger.bytes(in: .archive) == 20)
    }

    @Test("Old is what ended before a time, by its row and in the order of the audit") func age() async throws {
        for number in 1...4 { try await clinic.screen(Clinic.id(number)) }
        let third = try #require(try await ledger.arrival(Clinic.id(3))?.finished)
        let limit = try await ledger.ageLimit(third)
        let first = try #require(try await ledger.auditEntries().first { $0.at > third })
        #expect(limit == AgeLimit(time: third, entry: first.seq))
        #expect(try await ledger.expirable(in: .archive, endedBefore: third).map(\.isOld) == [true, true, false, false])
        let last = Timestamp(milliseconds: third.milliseconds + 3_600_000)
        #expect(try await ledger.ageLimit(last).entry == .max)
    }

    @Test("A piece is small, and all pieces are everything") func pieces() async throws {
        let count = 260
        for number in 1...count { try await clinic.screen(Clinic.id(number), key: nil) }
        let first = try await ledger.expirable(in: .archive, olderThan: nil, after: 0)
        let last = try #require(first.last)
        #expect(first.originals.count < count)
        let second = try await ledger.expirable(in: .archive, olderThan: nil, after: last)
        #expect((first.originals + second.originals).map(\.id) == (1...count).map { Clinic.id($0) })
        let end = try #require(second.last)
        #expect(try await ledger.expirable(in: .archive, olderThan: nil, after: end) == ExpirablePiece(originals: [], last: nil))
        #expect(try await ledger.expirable(in: .archive).count == count)
    }
}

extension MaintenanceLedger {
    /// All originals in a folder that nobody has decided upon, the longest kept first.
    ///
    /// - Parameter time: what ended before it is old; nil: nothing is.
    fileprivate func expirable(
        in place: OriginalsFolder, endedBefore time: Timestamp? = nil
    ) async throws(PapillaError) -> [Expirable] {
        var limit: AgeLimit?
        if let time { limit = try await ageLimit(time) }
        var (found, last): ([Expirable], Int64?) = ([], 0)
        while let entry = last {
            let piece = try await expirable(in: place, olderThan: limit, after: entry)
            found += piece.originals
            last = piece.last
        }
        return found
    }
}
