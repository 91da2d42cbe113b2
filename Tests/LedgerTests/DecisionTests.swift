import Foundation
import GRDB
import Screening
import Testing

@testable import Ledger

/// Readers' decisions: written down with their audit entry, never changed, the last one counts.
@Suite struct DecisionTests {
    private let clinic: Clinic
    private var ledger: Ledger { clinic.ledger }
    init() throws { clinic = try Clinic() }

    private func decision(
        _ verdict: Report.Decision.Verdict, _ number: Int = 1, reader: String = "Anna", note: String? = nil, seen: Seen? = nil
    ) throws -> NewDecision {
        try NewDecision(
            Clinic.id(number), reader: reader, verdict: verdict, note: note ?? (verdict == .reject ? "blurred" : nil), seen: seen)
    }

    /// A correction's way, as the service goes it: announced, published, written down. `stop` ends it before that step.
    @discardableResult
    private func correct(_ number: Int = 1, ratio: Double = 0.5, reader: String = "Anna", stopBefore stop: String? = nil)
        async throws
        -> DecisionRow?
    {
        let id = Clinic.id(number)
        let newest = try #require(try ledger.versions(of: id).last)
        let bundle = "2026-11-24/eye.\(id).v\(newest.version + 1)"
        var report = Clinic.report(try #require(try await ledger.arrival(id)), .measured)
        (report.version, report.supersedes) = (newest.version + 1, newest.bundle)
        report.fundus?.cdr = CupToDiscRatio(vertical: ratio, horizontal: 0.5, area: 0.3, interval: [])
        report.decision = .init(reader: reader, verdict: .correct, note: nil, at: Timestamp(milliseconds: 1_795_516_900_000))
        let json = try CanonicalJSON.document(report)
        try await ledger.beginCorrection(
            try decision(.correct, number, reader: reader), version: report.version, actor: "anna@1000")
        if stop == "publication" { return nil }
        try Clinic.write(json, to: "\(clinic.folders.outbox)/\(bundle)/report.json")
        if stop == "conclusion" { return nil }
        return try await ledger.concludeCorrection(
            Ending(report: report, bundle: bundle, bundleDigest: Digest(of: json.utf8), original: nil, timing: report.timing))
    }

    private func expectSound(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let verdict = try await ledger.verify(clinic.folders)
        #expect(verdict.problems == [], sourceLocation: sourceLocation)
    }

    @Test func theLastOneCountsAndNoneIsChanged() async throws {
        try await clinic.screen(Clinic.id(1))
        #expect(try ledger.review().map(\.decision) == [nil])
        let first = try await ledger.decide(try decision(.accept), actor: "anna@1000")
        let second = try await ledger.decide(try decision(.reject, reader: "Ben", note: "not the disc"), actor: "ben@1001")
        #expect(try ledger.decisions(of: Clinic.id(1)) == [first, second])
        #expect(second.actor == "ben@1001" && second.note == "not the disc" && second.version == 1 && second.result == nil)
        let row = try #require(try ledger.review().first)
        #expect(row.decision == .reject && row.reader == "Ben")
        #expect(try await ledger.auditEntries(AuditFilter(event: "decided")).map(\.actor) == ["anna@1000", "ben@1001"])
        for sql in ["UPDATE decision SET reader = 'Eve'", "UPDATE decision SET verdict = 'accept'", "DELETE FROM decision"] {
            await #expect(throws: PapillaError.self) { try await ledger.write { db in try db.execute(sql: sql) } }
        }
        try await expectSound()
    }

    @Test func whatWasDecidedBehindAReadersBackIsTold() async throws {
        try await clinic.screen(Clinic.id(1))
        let seen = Seen(version: 1, decisions: 0)
        _ = try await ledger.decide(try decision(.accept, reader: "Ben", seen: seen), actor: "ben@1001")
        await #expect {
            try await ledger.decide(try decision(.reject, seen: seen), actor: "anna@1000")
        } throws: {
            let error = $0 as? PapillaError
            return error?.code == .refused && error?.message.hasPrefix("Ben decided at") == true
        }
        #expect(try ledger.decisions(of: Clinic.id(1)).map(\.reader) == ["Ben"])
        _ = try await ledger.decide(try decision(.reject, seen: Seen(version: 1, decisions: 1)), actor: "anna@1000")
        await #expect(throws: PapillaError.self) {
            try await ledger.beginCorrection(try decision(.correct, seen: seen), version: 2, actor: "anna@1000")
        }
    }

    @Test func whatCannotBeDecided() async throws {
        await #expect(throws: PapillaError.self) { try await ledger.decide(try decision(.accept), actor: "a@1") }
        try await clinic.receive(Clinic.id(1))
        await #expect(throws: PapillaError.self) { try await ledger.decide(try decision(.accept), actor: "a@1") }
        try await clinic.claim(Clinic.id(1))
        _ = try await ledger.begin(Clinic.id(1))
        try await clinic.finish(Clinic.id(1))
        #expect(throws: PapillaError.self) { try NewDecision(Clinic.id(1), reader: "Anna", verdict: .reject, note: " ") }
        #expect(throws: PapillaError.self) { try NewDecision(Clinic.id(1), reader: " ", verdict: .accept, note: nil) }
        #expect(throws: PapillaError.self) { try NewDecision(Clinic.id(1), reader: "A\u{1B}[2J", verdict: .accept, note: nil) }
        _ = try await ledger.decide(try decision(.reject, note: "of Mrs. X"), actor: "a@1")
        try await ledger.forget(Clinic.id(1), actor: "a@1")
        await #expect(throws: PapillaError.self) { try await ledger.decide(try decision(.accept), actor: "a@1") }
        #expect(try ledger.decisions(of: Clinic.id(1)).map(\.note) == [nil])
        #expect(try ledger.violatedInvariants() == [])
    }

    @Test func aCorrectionIsTheNextVersion() async throws {
        try await clinic.screen(Clinic.id(1), .ungradable)
        let row = try #require(try await correct(ratio: 0.5))
        #expect(row.version == 1 && row.result == 2 && row.verdict == .correct && row.actor == "anna@1000")
        let export = try #require(try ledger.review().first)
        #expect(export.version == 2 && export.vcdr == 0.5 && export.vcdrLow == nil && export.decision == .correct)
        #expect(try await ledger.statement(in: clinic.folders).measured == 1)
        try await expectSound()
        try await correct(ratio: 0.55, reader: "Ben")
        #expect(try ledger.versions(of: Clinic.id(1)).map(\.version) == [1, 2, 3])
        try await expectSound()
        // Only a decision that is not in the audit, or a version that no decision made, is found.
        try clinic.tamper("UPDATE decision SET reader = 'Eve' WHERE id = 1")
        #expect(try ledger.violatedInvariants().map(\.invariant) == ["a decision is in the audit, as it was made"])
        try clinic.tamper("UPDATE decision SET reader = 'Anna', screening = 2 WHERE id = 1")
        #expect(try !ledger.violatedInvariants().isEmpty)
    }

    @Test func aCorrectionThatStoppedIsTakenUpOrGivenUp() async throws {
        try await clinic.screen(Clinic.id(1))
        try await correct(stopBefore: "publication")
        #expect(try ledger.pendingCorrections().map(\.version) == [2])
        await #expect(throws: PapillaError.self) { try await ledger.decide(try decision(.accept), actor: "a@1") }
        try await expectSound()
        try await ledger.abandonCorrection(of: Clinic.id(1))
        try await ledger.abandonCorrection(of: Clinic.id(1))
        #expect(try ledger.pendingCorrections() == [])
        #expect(try await ledger.auditEntries(AuditFilter(event: "abandoned")).count == 1)
        _ = try await ledger.decide(try decision(.accept), actor: "a@1")
        // Published, and not written down yet: nothing to complain about while it is under way; afterwards the bundle is unknown.
        try await correct(stopBefore: "conclusion")
        try await expectSound()
        try await ledger.abandonCorrection(of: Clinic.id(1))
        #expect(try await ledger.verify(clinic.folders).problems.map(\.kind) == [.bundleUnknown])
    }

    @Test func casesAreWhatReadersStandBy() async throws {
        for number in 1...5 { try await clinic.screen(Clinic.id(number)) }
        _ = try await ledger.decide(try decision(.accept, 1), actor: "a@1")
        _ = try await ledger.decide(try decision(.reject, 2), actor: "a@1")
        try await correct(3)
        _ = try await ledger.decide(try decision(.accept, 4), actor: "a@1")
        _ = try await ledger.decide(try decision(.reject, 4), actor: "a@1")
        let cases = try ledger.cases()
        #expect(cases.map(\.id) == [Clinic.id(1), Clinic.id(3)])
        #expect(cases.map(\.version) == [1, 2] && cases.map(\.verdict) == [.accept, .correct])
        #expect(cases[1].bundle == "2026-11-24/eye.\(Clinic.id(3)).v2")
        #expect(cases[0].original == "archive/2026-11-24/\(Clinic.id(1))/eye.jpg" && cases[0].image == Digest(of: "image".utf8))
        // Accepted by a second reader, the correction stays what the masks come from.
        _ = try await ledger.decide(try decision(.accept, 3, reader: "Ben"), actor: "b@2")
        #expect(try ledger.cases().map(\.version) == [1, 2])
        let judgements = try ledger.judgements()
        #expect(judgements.map(\.verdict) == [.accepted, .rejected, .corrected, .rejected])
        #expect(judgements[2].shownRatio == 0.7 && judgements[2].keptRatio == 0.5 && judgements[2].attention == [.ratioHigh])
        #expect(judgements[2].models[.cup] == "cup-20261124-1")
    }

    @Test func theWorkListBeginsWithWhatMostNeedsAPerson() async throws {
        try await clinic.screen(Clinic.id(1)) { $0.attention = [Attention(.qualityUsable, "Not good")] }
        try await clinic.screen(Clinic.id(2)) { $0.attention = [Attention(.ratioHigh, "High"), Attention(.rimThin, "Thin")] }
        try await clinic.screen(Clinic.id(3)) { $0.attention = [] }
        try await clinic.screen(Clinic.id(4)) { $0.attention = [Attention(.ratioHigh, "High")] }
        try await clinic.screen(Clinic.id(5), .noFinding)
        func ids(_ change: (inout ReviewFilter) -> Void = { _ in }) throws -> [Int] {
            var filter = ReviewFilter()
            change(&filter)
            return try ledger.review(filter).compactMap { Int($0.id.suffix) }
        }
        #expect(try ids() == [2, 4, 1])
        #expect(try ids { $0.includesQuiet = true } == [2, 4, 1, 5, 3])
        #expect(try ids { ($0.includesQuiet, $0.order) = (true, .newest) } == [5, 4, 3, 2, 1])
        #expect(try ids { $0.attention = [.rimThin, .qualityUsable] } == [2, 1])
        #expect(try ids { ($0.includesQuiet, $0.modalities) = (true, [.endoscopy]) } == [5])
        #expect(try ids { ($0.includesQuiet, $0.arrivals.outcomes) = (true, [.noFinding]) } == [5])
        #expect(try ids { $0.arrivals.limit = 1 } == [2])
        #expect(try ids { $0.arrivals.since = Timestamp(milliseconds: 1_795_516_867_251) } == [])
        _ = try await ledger.decide(try decision(.accept, 2), actor: "a@1")
        #expect(try ids { $0.undecidedOnly = true } == [4, 1])
    }

    @Test func earlierResultsAreOfTheSameEye() async throws {
        func screen(_ number: Int, _ patient: String?, _ eye: Eye, day: Int64) async throws {
            try await clinic.receive(
                Clinic.id(number), received: Timestamp(milliseconds: 1_795_516_867_250 + day * 86_400_000))
            try await clinic.claim(Clinic.id(number), patient: patient, eye: eye)
            _ = try await ledger.begin(Clinic.id(number))
            try await clinic.finish(Clinic.id(number))
        }
        try await screen(1, "7", .left, day: 0)
        try await screen(2, "7", .right, day: 1)
        try await screen(3, "8", .left, day: 2)
        try await screen(4, "7", .left, day: 3)
        try await screen(5, "7", .left, day: 4)
        try await screen(6, nil, .left, day: 5)
        try await screen(7, "7", .unknown, day: 6)
        func earlier(_ number: Int) throws -> [Int] {
            try ledger.earlier(than: Clinic.id(number)).compactMap { Int($0.id.suffix) }
        }
        #expect(try earlier(5) == [4, 1])
        #expect(try earlier(1) == [] && earlier(2) == [] && earlier(6) == [] && earlier(7) == [])
        try await correct(4, ratio: 0.41)
        #expect(try ledger.earlier(than: Clinic.id(5)).map(\.vcdr) == [0.41, 0.7])
    }
}
