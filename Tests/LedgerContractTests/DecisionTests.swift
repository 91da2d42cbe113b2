import Foundation
import Ledger
import Screening
import TestSupport
import Testing

/// Readers' decisions: written down with their audit entry, never changed, the last one counts.
@Suite(.onEveryDatabase) struct DecisionTests {
    private let clinic: Clinic
    private var ledger: any WholeLedger { clinic.ledger }
    init() async throws { clinic = try await Clinic() }

    private func decision(
        _ verdict: Report.Decision.Verdict, _ number: Int = 1, reader: String = "Anna", note: String? = nil, seen: Seen? = nil
    ) throws -> NewDecision {
        try NewDecision(
            Clinic.id(number), reader: reader, verdict: verdict, note: note ?? (verdict == .reject ? "blurred" : nil), seen: seen)
    }

    /// A correction's way, as the service goes it: announced, published, written down. `stop` ends it before that step.
    @discardableResult
    private func correct(
        _ number: Int = 1, ratio: Double = 0.5, reader: String = "Anna", blind: Bool = false, stopBefore stop: String? = nil
    ) async throws
        -> DecisionRow?
    {
        let id = Clinic.id(number)
        let newest = try #require(try await ledger.versions(of: id).last)
        let bundle = "2026-11-24/eye.\(id).v\(newest.version + 1)"
        var report = Clinic.report(try #require(try await ledger.arrival(id)), .measured)
        (report.version, report.supersedes) = (newest.version + 1, newest.bundle)
        report.fundus?.cdr = CupToDiscRatio(vertical: ratio, horizontal: 0.5, area: 0.3, interval: [])
        report.decision = .init(
            reader: reader, verdict: .correct, note: nil, at: Timestamp(milliseconds: 1_795_516_900_000), blind: blind)
        let json = try CanonicalJSON.document(report)
        try await ledger.beginCorrection(
            try NewDecision(id, reader: reader, verdict: .correct, note: nil, blind: blind), version: report.version,
            actor: "anna@1000")
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
        #expect(try await ledger.review().map(\.decision) == [nil])
        let first = try await ledger.decide(try decision(.accept), actor: "anna@1000")
        let second = try await ledger.decide(try decision(.reject, reader: "Ben", note: "not the disc"), actor: "ben@1001")
        #expect(try await ledger.decisions(of: Clinic.id(1)) == [first, second])
        #expect(second.actor == "ben@1001" && second.note == "not the disc" && second.version == 1 && second.result == nil)
        let row = try #require(try await ledger.review().first)
        #expect(row.decision == .reject && row.reader == "Ben")
        #expect(try await ledger.auditEntries(AuditFilter(event: "decided")).map(\.actor) == ["anna@1000", "ben@1001"])
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
        #expect(try await ledger.decisions(of: Clinic.id(1)).map(\.reader) == ["Ben"])
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
        #expect(try await ledger.decisions(of: Clinic.id(1)).map(\.note) == [nil])
        #expect(try await ledger.violatedInvariants() == [])
    }

    @Test func aCorrectionIsTheNextVersion() async throws {
        try await clinic.screen(Clinic.id(1), .ungradable)
        let row = try #require(try await correct(ratio: 0.5))
        #expect(row.version == 1 && row.result == 2 && row.verdict == .correct && row.actor == "anna@1000")
        let export = try #require(try await ledger.review().first)
        #expect(export.version == 2 && export.vcdr == 0.5 && export.vcdrLow == nil && export.decision == .correct)
        #expect(try await ledger.statement(in: clinic.folders).measured == 1)
        try await expectSound()
        try await correct(ratio: 0.55, reader: "Ben")
        #expect(try await ledger.versions(of: Clinic.id(1)).map(\.version) == [1, 2, 3])
        try await expectSound()
    }

    @Test func aCorrectionThatStoppedIsTakenUpOrGivenUp() async throws {
        try await clinic.screen(Clinic.id(1))
        try await correct(stopBefore: "publication")
        #expect(try await ledger.pendingCorrections().map(\.version) == [2])
        await #expect(throws: PapillaError.self) { try await ledger.decide(try decision(.accept), actor: "a@1") }
        try await expectSound()
        try await ledger.abandonCorrection(of: Clinic.id(1))
        try await ledger.abandonCorrection(of: Clinic.id(1))
        #expect(try await ledger.pendingCorrections() == [])
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
        let cases = try await ledger.cases()
        #expect(cases.map(\.id) == [Clinic.id(1), Clinic.id(3)])
        #expect(cases.map(\.version) == [1, 2] && cases.map(\.verdict) == [.accept, .correct])
        #expect(cases[1].bundle == "2026-11-24/eye.\(Clinic.id(3)).v2")
        #expect(cases[0].original == "archive/2026-11-24/\(Clinic.id(1))/eye.jpg" && cases[0].image == Digest(of: "image".utf8))
        // Accepted by a second reader, the correction stays what the masks come from.
        _ = try await ledger.decide(try decision(.accept, 3, reader: "Ben"), actor: "b@2")
        #expect(try await ledger.cases().map(\.version) == [1, 2])
        let judgements = try await ledger.judgements()
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
        func ids(_ change: (inout ReviewFilter) -> Void = { _ in }) async throws -> [Int] {
            var filter = ReviewFilter()
            change(&filter)
            return try await ledger.review(filter).compactMap { Int($0.id.suffix) }
        }
        #expect(try await ids() == [2, 4, 1])
        #expect(try await ids { $0.includesQuiet = true } == [2, 4, 1, 5, 3])
        #expect(try await ids { ($0.includesQuiet, $0.order) = (true, .newest) } == [5, 4, 3, 2, 1])
        #expect(try await ids { $0.attention = [.rimThin, .qualityUsable] } == [2, 1])
        #expect(try await ids { ($0.includesQuiet, $0.modalities) = (true, [.endoscopy]) } == [5])
        #expect(try await ids { ($0.includesQuiet, $0.arrivals.outcomes) = (true, [.noFinding]) } == [5])
        #expect(try await ids { $0.arrivals.limit = 1 } == [2])
        #expect(try await ids { $0.arrivals.since = Timestamp(milliseconds: 1_795_516_867_251) } == [])
        _ = try await ledger.decide(try decision(.accept, 2), actor: "a@1")
        #expect(try await ids { $0.undecidedOnly = true } == [4, 1])
    }

    @Test("C6: what was drawn blind says so in rows, audit, export and cases, and nobody changes it")
    func blind() async throws {
        try await clinic.screen(Clinic.id(1), content: "first")
        try await clinic.screen(Clinic.id(2), content: "second")
        let row = try #require(try await correct(1, ratio: 0.5, blind: true))
        #expect(row.blind && row.verdict == .correct)
        try await correct(2, ratio: 0.4)
        #expect(try await ledger.cases().map(\.blind) == [true, false])
        #expect(try await ledger.review().map(\.blind) == [false, true])
        var blind: [Bool?] = []
        try await ledger.export { blind.append($0.blind) }
        #expect(blind == [true, false])
        let entries = try await ledger.auditEntries(AuditFilter(event: "corrected"))
        #expect(entries.map { $0.detail?.contains(#""blind":true"#) } == [true, false])
        try await expectSound()
        // The next correction saw what there was; what was drawn blind stays what agreement is about.
        try await correct(1, ratio: 0.6)
        #expect(try await ledger.cases().map(\.blind) == [false, false])
        let judgement = try #require(try await ledger.judgements().first)
        #expect(judgement.blind && judgement.verdict == .corrected && judgement.keptRatio == 0.5 && judgement.shownRatio == 0.7)
        // A second reader's word on what was drawn blind leaves it the truth.
        try await clinic.screen(Clinic.id(3), content: "third")
        try await correct(3, blind: true)
        _ = try await ledger.decide(try decision(.accept, 3, reader: "Ben"), actor: "b@2")
        #expect(try await ledger.cases().map(\.blind) == [false, false, true])
        try await expectSound()
    }

    @Test("C6: what anybody decided on is not drawn blind any more, under any ID; only outlines are")
    func blindIsFirst() async throws {
        for number in 1...3 { try await clinic.screen(Clinic.id(number), content: number == 3 ? "other" : "same") }
        _ = try await ledger.decide(try decision(.accept), actor: "a@1")
        for number in [1, 2] {
            await #expect {
                try await correct(number, blind: true)
            } throws: { ($0 as? PapillaError)?.code == .refused && "\($0)".contains("no secret") }
        }
        #expect(try await ledger.pendingCorrections().isEmpty)
        for verdict in [Report.Decision.Verdict.accept, .reject] {
            #expect(throws: PapillaError.self) {
                try NewDecision(Clinic.id(3), reader: "Anna", verdict: verdict, note: "why", blind: true)
            }
        }
        #expect(try await correct(3, blind: true)?.blind == true)
    }

    @Test("C6: a share is drawn blind, the same ones each time; where they stand in the list says nothing of them")
    func blindShare() async throws {
        for number in 1...200 {
            let outcome = [Outcome.measured, .noFinding, .ungradable, .outOfDomain, .failed][number % 5]
            try await clinic.screen(Clinic.id(number), outcome, content: "image \(number)") {
                if number % 2 == 0 { $0.attention = [] }
                if number % 10 == 5 { $0.attention = [Attention(.ratioHigh, "High"), Attention(.rimThin, "Thin")] }
            }
        }
        let (fifth, half) = (try await ledger.blind(share: 0.2), try await ledger.blind(share: 0.5))
        #expect((8...24).contains(fifth.count) && (28...52).contains(half.count) && fifth.isSubset(of: half))
        #expect(try await ledger.blind(share: 0).isEmpty)
        #expect(try await ledger.blind(share: 1).count == 80)
        for id in half.prefix(5) {
            #expect(try await ledger.blind(share: 0.5, only: id) == [id])
            #expect(try await ledger.blind(share: 0, only: id) == [])
        }
        func list(_ change: (inout ReviewFilter) -> Void = { _ in }) async throws -> [ScreeningID] {
            var filter = ReviewFilter()
            filter.blindShare = 0.5
            change(&filter)
            return try await ledger.review(filter).map(\.id)
        }
        let rows = try await list()
        #expect(half.isSubset(of: rows))
        // They stand together, whatever was found.
        let places = rows.indices.filter { half.contains(rows[$0]) }
        let urgent = rows.prefix { !half.contains($0) }
        #expect(places.count == half.count && urgent.allSatisfy { (Int($0.suffix) ?? 0) % 10 == 5 })
        var everything = ReviewFilter()
        everything.includesQuiet = true
        #expect(Set(try await ledger.review(everything).filter { half.contains($0.id) }.map(\.attention)).count > 1)
        // A list by what was found has none.
        #expect(try await half.isDisjoint(with: list { $0.attention = [.ratioHigh] }))
        #expect(
            try await half.isDisjoint(with: list { ($0.includesQuiet, $0.arrivals.outcomes) = (true, [.measured, .noFinding]) }))
        #expect(try await half.isSubset(of: list { ($0.includesQuiet, $0.undecidedOnly) = (true, true) }))
        // Decided, forgotten: no more of them.
        let first = try #require(half.first), second = try #require(half.subtracting([first]).first)
        _ = try await ledger.decide(try NewDecision(first, reader: "A", verdict: .accept, note: nil), actor: "a@1")
        try await ledger.forget(second, actor: "a@1")
        #expect(try await ledger.blind(share: 0.5) == half.subtracting([first, second]))
    }

    @Test("C5: earlier results go by the time of the examination; rejected ones and the same image again never count")
    func earlierByExamination() async throws {
        func screen(_ number: Int, day: Int64, taken: String? = nil, issuer: String? = nil, content: String? = nil) async throws {
            try await clinic.receive(
                Clinic.id(number), content: content ?? "image \(number)",
                received: Timestamp(milliseconds: 1_795_516_867_250 + day * 86_400_000))
            try await clinic.claim(Clinic.id(number), patient: "7", eye: .left, issuer: issuer, taken: taken)
            _ = try await ledger.begin(Clinic.id(number))
            try await clinic.finish(Clinic.id(number))
        }
        // The oldest came last.
        try await screen(1, day: 0, taken: "2026-11-20")
        try await screen(2, day: 1)
        try await screen(3, day: 2, taken: "2019-03-01T08:00:00.000Z")
        func earlier(_ number: Int) async throws -> [Int] {
            try await ledger.earlier(than: Clinic.id(number)).compactMap { Int($0.row.id.suffix) }
        }
        #expect(try await earlier(2) == [1, 3])
        #expect(try await earlier(1) == [3])
        #expect(try await earlier(3) == [])
        #expect(try await ledger.earlier(than: Clinic.id(2)).map(\.examined) == ["2026-11-20", "2019-03-01T08:00:00.000Z"])
        // Of one number, but from another issuer: another person.
        try await screen(4, day: 3, issuer: "other hospital")
        #expect(try await earlier(4) == [])
        // The same photograph, dropped again.
        try await screen(5, day: 4, content: "image 2")
        #expect(try await earlier(5) == [1, 3])
        _ = try await ledger.decide(try decision(.reject, 1), actor: "a@1")
        #expect(try await earlier(2) == [3])
        // Accepted after all: the last word counts.
        _ = try await ledger.decide(try decision(.accept, 1), actor: "a@1")
        #expect(try await earlier(2) == [1, 3])
        #expect(try await ledger.earlier(than: Clinic.id(2)).map(\.cup) == ["cup-20261124-1", "cup-20261124-1"])
    }

    @Test func earlierResultsAreOfTheSameEye() async throws {
        func screen(_ number: Int, _ patient: String?, _ eye: Eye, day: Int64) async throws {
            try await clinic.receive(
                Clinic.id(number), content: "image \(number)",
                received: Timestamp(milliseconds: 1_795_516_867_250 + day * 86_400_000))
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
        func earlier(_ number: Int) async throws -> [Int] {
            try await ledger.earlier(than: Clinic.id(number)).compactMap { Int($0.row.id.suffix) }
        }
        #expect(try await earlier(5) == [4, 1])
        #expect(try await earlier(1) == [])
        #expect(try await earlier(2) == [])
        #expect(try await earlier(6) == [])
        #expect(try await earlier(7) == [])
        try await correct(4, ratio: 0.41)
        #expect(try await ledger.earlier(than: Clinic.id(5)).map(\.row.vcdr) == [0.41, 0.7])
    }
}
