import Foundation
import Ledger
import Screening
import TestSupport
import Testing

/// The steps of an arrival, each one transaction with its audit entry.
@Suite(.onEveryDatabase) struct StepTests {
    let clinic: Clinic
    var ledger: any WholeLedger { clinic.ledger }
    let id = Clinic.id(1)
    init() async throws { clinic = try await Clinic() }

    private func state() async throws -> ArrivalState? { try await ledger.arrival(id)?.state }

    @Test func theWholeWay() async throws {
        try await clinic.receive(id, name: "P7_R.jpg", urgent: true)
        #expect(try await state() == .received)
        try await clinic.claim(id, patient: "P7", study: "S1", eye: .right)
        #expect(try await state() == .claimed)
        #expect(try await ledger.begin(id) == 1)
        #expect(try await state() == .reading)
        let ending = try await clinic.finish(id)

        let row = try #require(try await ledger.arrival(id))
        #expect(row.state == .finished)
        #expect(row.outcome == .measured)
        #expect(row.isUrgent)
        #expect(row.patient == "P7" && row.study == "S1" && row.eye == .right)
        #expect(row.sha256 == Digest(of: "image".utf8))
        #expect(row.spool == nil)
        #expect(row.original == ending.original)
        #expect(row.bundle == ending.bundle)
        #expect(row.finished == row.changed)
        let audit = try await ledger.auditEntries(AuditFilter(subject: id.description))
        #expect(audit.map(\.event) == ["received", "claimed", "begun", "finished"])
        #expect(audit.allSatisfy { $0.actor == "service" && $0.detail != nil })
        #expect(try await ledger.violatedInvariants().isEmpty)
    }

    @Test func deathsCountAndWaitsDoNot() async throws {
        try await clinic.receive(id)
        try await clinic.claim(id)
        #expect(try await ledger.begin(id) == 1)
        #expect(try await ledger.begin(id) == 2)
        try await ledger.wait(id, for: "space")
        #expect(try await ledger.arrival(id)?.waitsFor == "space")
        #expect(try await ledger.arrival(id)?.attempts == 1)
        #expect(try await ledger.begin(id) == 2)
        #expect(try await ledger.begin(id) == 3)
        #expect(try await ledger.arrival(id)?.waitsFor == nil)
        try await clinic.finish(id, .failed)
        #expect(try await state() == .finished)
    }

    /// Whoever did not hear that a step was taken takes it again.
    @Test func aStepThatWasTakenIsNotTakenTwice() async throws {
        try await clinic.receive(id)
        try await clinic.claim(id)
        #expect(try await ledger.begin(id, attempt: 1) == 1)
        #expect(try await ledger.begin(id, attempt: 1) == 1)
        #expect(try await ledger.begin(id, attempt: 2) == 2)
        let ending = try await clinic.finish(id)
        let before = (row: try await ledger.arrival(id), head: try await ledger.head().hash)
        try await ledger.finish(id, ending)
        #expect(try await ledger.arrival(id) == before.row)
        #expect(try await ledger.head().hash == before.head)
        // Also once later versions followed; and another end is refused, as ever.
        try await clinic.correct(id)
        try await ledger.finish(id, ending)
        let other = Ending(
            report: ending.report, bundle: ending.bundle, bundleDigest: Digest(of: [1]), original: ending.original,
            timing: ending.timing)
        await #expect { try await ledger.finish(id, other) } throws: { ($0 as? PapillaError)?.code == .refused }
        #expect(try await ledger.auditEntries(AuditFilter(event: "finished")).count == 1)
        #expect(try await ledger.violatedInvariants().isEmpty)
    }

    @Test func waitingOnForTheSameThingIsNoChange() async throws {
        try await clinic.receive(id)
        try await ledger.wait(id, for: "space")
        let head = try await ledger.head().hash
        try await ledger.wait(id, for: "space")
        #expect(try await ledger.head().hash == head)
        try await ledger.wait(id, for: "the archive")
        #expect(try await ledger.head().hash != head)
    }

    @Test func aFileThatGrewIsClaimedAgain() async throws {
        try await clinic.receive(id)
        try await clinic.claim(id)
        _ = try await ledger.begin(id)
        try await ledger.wait(id, for: "the rest of the file")
        try await ledger.claim(id, Claim(spool: "\(id)/eye.jpg", sha256: Digest(of: "whole image".utf8), bytes: 11))
        #expect(try await ledger.arrival(id)?.sha256 == Digest(of: "whole image".utf8))
        #expect(try await ledger.begin(id) == 1)
    }

    /// Every state with every step: what is not listed as allowed is refused and changes nothing.
    @Test func illegalStepsAreRefused() async throws {
        let states: [(ArrivalState, Bool)] = [
            (.received, false), (.waiting, false), (.claimed, true), (.reading, true), (.waiting, true), (.finished, false),
        ]
        for (number, (state, isClaimed)) in states.enumerated() {
            for (offset, step) in [ArrivalState.Step.claim, .begin, .wait, .finish].enumerated() {
                let id = Clinic.id(10 * number + offset)
                try await clinic.receive(id)
                if isClaimed || state == .finished { try await clinic.claim(id) }
                if state == .reading || state == .finished { _ = try await ledger.begin(id) }
                if state == .waiting { try await ledger.wait(id, for: "space") }
                if state == .finished { try await clinic.finish(id) }
                let before = try await ledger.arrival(id)
                let head = try await ledger.head().hash
                let allowed: Bool =
                    switch (state, step) {
                    case (.finished, _), (.received, .begin), (.claimed, .claim), (.reading, .claim): false
                    case (.waiting, .begin): isClaimed
                    default: true
                    }
                do throws(PapillaError) {
                    switch step {
                    case .claim: try await ledger.claim(id, Claim(spool: "\(id)/eye.jpg", sha256: nil, bytes: 1))
                    case .begin: _ = try await ledger.begin(id)
                    case .wait: try await ledger.wait(id, for: "the archive")
                    case .finish: try await ledger.finish(id, failure(id))
                    }
                    #expect(allowed, "\(step) from \(state)")
                } catch {
                    #expect(!allowed, "\(step) from \(state): \(error.detailed)")
                    #expect(error.code == .refused)
                    #expect(try await ledger.arrival(id) == before)
                    #expect(try await ledger.head().hash == head)
                }
            }
        }
    }

    private func failure(_ id: ScreeningID) -> Ending {
        let report = Report(
            id: id, source: .init(name: "eye.jpg", path: "eye.jpg", sha256: nil, bytes: 0, received: Timestamp(milliseconds: 0)),
            outcome: .failed, reasons: [Reason(.vanished, "The file vanished")],
            engine: .init(version: "0.1.0", isa: "AVX512", threads: 2, batch: 1))
        return Ending(
            report: report, bundle: "2026-11-24/eye.\(id)", bundleDigest: Digest(of: [1]), original: nil, timing: Report.Timing())
    }

    @Test func anUnknownArrivalIsNotFound() async throws {
        await #expect { try await ledger.wait(id, for: "space") } throws: { ($0 as? PapillaError)?.code == .notFound }
    }

    @Test func anIDIsTakenOnce() async throws {
        try await clinic.receive(id)
        await #expect { try await clinic.receive(id) } throws: { ($0 as? PapillaError)?.code == .refused }
        #expect(try await ledger.auditEntries(AuditFilter(event: "received")).count == 1)
    }

    @Test func whatVanishedOrIsNoFileEndsWithoutAClaim() async throws {
        try await clinic.receive(id)
        try await ledger.finish(id, failure(id))
        #expect(try await ledger.arrival(id)?.original == nil)
        #expect(try await ledger.violatedInvariants().isEmpty)
    }

    /// An ending that cannot be this arrival's is refused whole.
    @Test func impossibleEndingsAreRefused() async throws {
        try await clinic.receive(id)
        try await clinic.claim(id)
        let row = try #require(try await ledger.arrival(id))
        func ending(_ outcome: Outcome, _ original: String?, _ change: (inout Report) -> Void = { _ in }) -> Ending {
            var report = Clinic.report(row, outcome)
            change(&report)
            return Ending(
                report: report, bundle: "b", bundleDigest: Digest(of: [1]), original: original, timing: Report.Timing(), key: nil)
        }
        let readingNotBegun = ending(.measured, "archive/x")
        await #expect(throws: PapillaError.self) { try await ledger.finish(id, readingNotBegun) }
        _ = try await ledger.begin(id)
        for impossible in [
            ending(.measured, "quarantine/x"), ending(.failed, "archive/x"), ending(.measured, nil),
            ending(.measured, "archive/x") { $0.id = Clinic.id(2) }, ending(.measured, "archive/x") { $0.version = 2 },
        ] {
            await #expect(throws: PapillaError.self) { try await ledger.finish(id, impossible) }
        }
        #expect(try await state() == .reading)
        try await ledger.finish(id, ending(.measured, "archive/x"))
    }

    @Test func aReadingIsUsedAgainOnlyForTheSameContentModelsAndSettings() async throws {
        let image = Digest(of: "image".utf8)
        #expect(try await ledger.reusable(sha256: image, key: "a") == nil)
        try await clinic.screen(Clinic.id(1), .failed, key: "a")
        #expect(try await ledger.reusable(sha256: image, key: "a") == nil)
        let first = try await clinic.screen(Clinic.id(2), .ungradable, key: "a")
        let found = try #require(try await ledger.reusable(sha256: image, key: "a"))
        #expect(found.id == Clinic.id(2) && found.bundle == first.bundle)
        #expect(try await ledger.reusable(sha256: image, key: "b") == nil)
        #expect(try await ledger.reusable(sha256: Digest(of: "other".utf8), key: "a") == nil)

        // A copy ends without a reading of its own, and the reading itself stays the one to use.
        try await clinic.receive(Clinic.id(3))
        try await clinic.claim(Clinic.id(3))
        try await clinic.finish(Clinic.id(3), .ungradable, key: "a", reusedFrom: Clinic.id(2))
        #expect(try await ledger.reusable(sha256: image, key: "a")?.id == Clinic.id(2))
        #expect(try await ledger.violatedInvariants().isEmpty)
    }

    @Test func pendingIsInTheOrderOfService() async throws {
        let early = Timestamp("2026-11-24T08:00:00.000Z")!
        let late = Timestamp("2026-11-24T09:00:00.000Z")!
        try await clinic.receive(Clinic.id(1), received: late)
        try await clinic.receive(Clinic.id(2), received: early)
        try await clinic.receive(Clinic.id(3), urgent: true, received: late)
        try await clinic.screen(Clinic.id(4))
        #expect(try await ledger.pending().map(\.id) == [Clinic.id(3), Clinic.id(2), Clinic.id(1)])
    }
}
