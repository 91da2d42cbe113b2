import Foundation
import Ledger
import Screening
import Synchronization
import TestSupport
import Testing

/// How often something was published.
private final class Published: Sendable {
    private let state = Mutex(0)
    var count: Int { state.withLock(\.self) }
    func note() { state.withLock { $0 += 1 } }
}

/// A subject's images, and the visits that were published.
@Suite(.onEveryDatabase) struct VisitTests {
    let clinic: Clinic
    var ledger: any WholeLedger { clinic.ledger }
    private let subject = Subject(identifier: "7", issuer: "A")
    init() async throws { clinic = try await Clinic() }

    @discardableResult
    private func screen(
        _ number: Int, patient: String? = "7", issuer: String? = "A", content: String? = nil, taken: String? = nil,
        eye: Eye = .right, outcome: Outcome = .measured, change: (inout Report) -> Void = { _ in }
    ) async throws -> ScreeningID {
        let id = Clinic.id(number)
        try await clinic.receive(id, content: content ?? "image \(number)")
        try await clinic.claim(id, patient: patient, eye: eye, issuer: issuer, taken: taken)
        _ = try await ledger.begin(id)
        try await clinic.finish(id, outcome, key: nil, change: change)
        return id
    }

    private func visit(_ number: Int, _ members: [ScreeningID], version: Int = 1, weight: Int = 8) throws -> VisitRow {
        let folder = "\(clinic.folders.outbox)/2026-11-24/visit.\(Clinic.id(number))" + (version > 1 ? ".v\(version)" : "")
        try Clinic.write("{\"version\": \(version)}", to: folder + "/visit.json")
        try Clinic.write("<p>\(version)</p>", to: folder + "/visit.html")
        return VisitRow(
            id: Clinic.id(number), version: version, at: Timestamp(milliseconds: 1_795_517_000_000), subject: subject, study: "S",
            day: "2026-11-24", weight: weight, worst: .left, attention: [.change, .ratioHigh],
            members: members.map { .init(id: $0, version: 1, decision: $0 == members.first ? .accept : nil) },
            repeats: [.init(device: "C", disc: "d", cup: "c", count: 2, squares: 0.001)],
            digest: Digest(of: "{\"version\": \(version)}".utf8), pageDigest: Digest(of: "<p>\(version)</p>".utf8))
    }

    private func problems() async throws -> [Verification.Problem] { try await ledger.verify(clinic.folders).problems }

    @Test func aSubjectsImagesAreItsOwnWithAllThatVisitsAsk() async throws {
        let first = try await screen(1, taken: "2024-02-29") { report in
            report.quality = Quality(
                grade: .good, checks: ["focus": .init(value: 0.032, threshold: 0.008, pass: true)])
        }
        try await screen(2, issuer: "B")
        try await screen(3, issuer: nil)
        try await screen(4, patient: "8")
        let unfit = try await screen(5, outcome: .ungradable)
        let rows = try await ledger.examined(of: subject)
        #expect(rows.map(\.row.id) == [first, unfit])
        #expect(
            rows[0].row.taken?.description == "2024-02-29" && rows[0].disc == "disc-20261124-1" && rows[0].cup == "cup-20261124-1"
        )
        #expect(rows[0].focus == 4 && rows[0].disagreement == 0.05 && rows[0].rimMinimumAngle == 85 && rows[0].sha256 != nil)
        #expect(rows[1].reasons == [.tooDark] && rows[1].focus == nil)
        #expect(
            try await ledger.subjects(numbered: "7") == [
                Subject(identifier: "7"), subject, Subject(identifier: "7", issuer: "B"),
            ])
        #expect(try await ledger.subjects(numbered: "9").isEmpty)
        #expect(try await ledger.examined(of: Subject(identifier: "7")).map(\.row.id) == [Clinic.id(3)])
        #expect(try await problems() == [])
    }

    @Test func whatCameAgainAsAnotherSubjectsIsCorrected() async throws {
        let wrong = try await screen(1, patient: "wrong", content: "the same")
        #expect(try await ledger.examined(of: Subject(identifier: "wrong", issuer: "A")).map(\.row.id) == [wrong])
        let right = try await screen(2, content: "the same")
        #expect(try await ledger.examined(of: Subject(identifier: "wrong", issuer: "A")).isEmpty)
        #expect(try await ledger.examined(of: subject).map(\.row.id) == [right])
        // A copy of the same subject's stays: which of them counts is for visits to say.
        let copy = try await screen(3, content: "the same")
        #expect(try await ledger.examined(of: subject).map(\.row.id) == [right, copy])
        // One of nobody corrects nothing.
        try await screen(4, patient: nil, issuer: nil, content: "the same")
        #expect(try await ledger.examined(of: subject).count == 2)
    }

    /// Whose visits are to be looked at, and from now on no more.
    private func look(settledBy time: Timestamp? = nil) async throws -> [Subject] {
        let due = try await ledger.dueSubjects(settledBy: time)
        for one in due { try await ledger.looked(at: one) }
        return due.map(\.subject)
    }

    @Test func subjectsAreDueOfWhomSomethingCameWasDecidedReadAgainOrForgotten() async throws {
        let id = try await screen(1), second = try await screen(2)
        try await screen(3, patient: nil, issuer: nil)
        #expect(try await look() == [subject])
        #expect(try await look() == [])
        _ = try await ledger.decide(NewDecision(id, reader: "Anna", verdict: .accept, note: nil), actor: "anna@1000")
        #expect(try await look() == [subject])
        try await clinic.reread(id)
        #expect(try await look() == [subject])
        try await clinic.correct(second)
        #expect(try await look() == [subject])
        // What is left of a subject is put together anew, and of whom nothing is left nobody asks.
        let row = try visit(90, [second])
        try await ledger.record(row)
        try FileManager.default.removeItem(atPath: "\(clinic.folders.outbox)/\(row.folder)")
        try await ledger.forgetVisit(row.id, actor: "anna@1000")
        #expect(try await look() == [subject])
        try await clinic.forget(second)
        #expect(try await ledger.dueSubjects(settledBy: nil).map(\.subject) == [subject])
        try await clinic.forget(id)
        #expect(try await look() == [])
        #expect(try await problems() == [])
    }

    @Test func theSubjectFromWhomAnImageWentIsDueToo() async throws {
        let wrong = Subject(identifier: "wrong", issuer: "A")
        try await screen(1, patient: "wrong", content: "the same")
        #expect(try await look() == [wrong])
        try await screen(2, content: "the same")
        #expect(Set(try await look()) == [wrong, subject])
        // One of nobody corrects nothing.
        try await screen(3, patient: nil, issuer: nil, content: "the same")
        #expect(try await look() == [])
        #expect(try await problems() == [])
    }

    @Test func whatIsDueWaitsUntilNothingMoreComes() async throws {
        try await screen(1)
        let before = Timestamp(milliseconds: 1_795_516_867_250), present = try #require(try await ledger.auditEntries().last?.at)
        #expect(try await look(settledBy: before) == [])
        let due = try await ledger.dueSubjects(settledBy: present)
        #expect(due.map(\.subject) == [subject])
        // Whatever happens meanwhile is looked at again, and waits in its turn.
        try await screen(2)
        for one in due { try await ledger.looked(at: one) }
        #expect(try await look(settledBy: present) == [])
        #expect(try await ledger.dueSubjects(settledBy: nil).map(\.subject) == [subject])
        let id = Clinic.id(3)
        try await clinic.receive(id, content: "image 3")
        try await clinic.claim(id, patient: "7", issuer: "A", isLast: true)
        _ = try await ledger.begin(id)
        try await clinic.finish(id)
        #expect(try await look(settledBy: before) == [subject])
        #expect(try await problems() == [])
    }

    /// Whose it is, was the right subject's word. Once that is forgotten, the wrong one does not get it back.
    @Test func whatIsForgottenGivesNoImageBackToTheWrongSubject() async throws {
        let wrong = Subject(identifier: "wrong", issuer: "A")
        let first = try await screen(1, patient: "wrong", content: "the same")
        let copy = try await screen(2, patient: "wrong", content: "another")
        try await screen(3, patient: "wrong", content: "another")
        let right = try await screen(4, content: "the same")
        let other = try await screen(5, patient: "wrong")
        try await ledger.beginForgetting(right, actor: "anna@1000")
        #expect(try await ledger.examined(of: subject).isEmpty)
        try await clinic.forget(right, isBegun: true)
        #expect(try await ledger.examined(of: wrong).map(\.row.id) == [copy, Clinic.id(3), other])
        #expect(try await ledger.earlier(than: other).map(\.row.id) == [Clinic.id(3), copy])
        // It stands in no list, and is still the wrong subject's to forget.
        var filter = ReviewFilter()
        (filter.includesQuiet, filter.loneOnly) = (true, true)
        #expect(try await ledger.review(filter).allSatisfy { $0.id != first })
        #expect(try await ledger.arrivals(of: wrong).first == first)
        // A copy of one's own that is forgotten takes nothing away.
        try await clinic.forget(Clinic.id(3))
        #expect(try await ledger.examined(of: wrong).map(\.row.id) == [copy, other])
        // What the site sends again is its last word.
        let again = try await screen(6, patient: "wrong", content: "the same")
        #expect(try await ledger.examined(of: wrong).map(\.row.id) == [copy, other, again])
        let entries = try await ledger.auditEntries(AuditFilter(event: "disowned"))
        #expect(entries.map(\.subject) == ["\(first)"] && entries.map(\.actor) == ["anna@1000"])
        #expect(try await problems() == [])
    }

    @Test func aVisitOfWhatIsForgottenIsNeitherPublishedNorWrittenDown() async throws {
        let first = try await screen(1), second = try await screen(2)
        let published = Published()
        func record(_ row: VisitRow) async -> Bool {
            do { try await ledger.record(row) { () throws(PapillaError) in published.note() } } catch { return false }
            return true
        }
        #expect(try await record(visit(90, [first, second])))
        #expect(published.count == 1)
        // The same version, by another station.
        #expect(try await !record(visit(90, [first, second])))
        try await ledger.beginForgetting(first, actor: "anna@1000")
        #expect(try await !record(visit(91, [first])))
        // It is erased with the image that stood in it.
        #expect(try await !record(visit(90, [second], version: 2)))
        #expect(published.count == 1)
        #expect(try await record(visit(92, [second])))
        #expect(published.count == 2)
        await #expect(throws: PapillaError.self) {
            try await ledger.record(try visit(93, [second])) { () throws(PapillaError) in throw PapillaError(.system, "No") }
        }
        #expect(try await ledger.allVisits().map(\.id) == [Clinic.id(90), Clinic.id(92)])
    }

    @Test func versionsFollowEachOtherAndTheNewestCounts() async throws {
        let id = try await screen(1)
        let first = try visit(90, [id])
        await #expect(throws: PapillaError.self) { try await ledger.record(try visit(90, [id], version: 2)) }
        try await ledger.record(first)
        await #expect(throws: PapillaError.self) { try await ledger.record(first) }
        #expect(try await ledger.visits(of: subject) == [first])
        let second = try visit(90, [id, Clinic.id(2)], version: 2, weight: 0)
        try await ledger.record(second)
        let other = try visit(91, [id], weight: 3)
        try await ledger.record(other)
        #expect(try await ledger.visits(of: subject) == [second, other])
        #expect(try await ledger.allVisits() == [first, second, other])
        #expect(try await ledger.visits(VisitFilter()) == [other])
        var filter = VisitFilter()
        filter.includesQuiet = true
        #expect(try await ledger.visits(filter) == [other, second])
        filter.limit = 1
        #expect(try await ledger.visits(filter) == [other])
        filter.since = "2026-11-25"
        #expect(try await ledger.visits(filter).isEmpty)
        #expect(try await ledger.repeats().count == 2)
        #expect(try await problems() == [])
    }

    @Test func imagesAreExaminedByTheirIDs() async throws {
        let (first, second) = (try await screen(1), try await screen(2, patient: nil, issuer: nil))
        try await screen(3)
        #expect(try await ledger.examined([second, Clinic.id(9), first]).map(\.row.id) == [first, second])
        #expect(try await ledger.examined([first]) == Array(try await ledger.examined(of: subject).prefix(1)))
        #expect(try await ledger.examined([]).isEmpty)
    }

    @Test func visitsAreChosenByWhatCallsForAPersonAndByWhatIsDecided() async throws {
        let right = try await screen(1), again = try await screen(2)
        let frame = try await screen(3, outcome: .noFinding)
        try await ledger.record(try visit(90, [right, again, frame]))
        func found(_ change: (inout VisitFilter) -> Void = { _ in }) async throws -> [Int] {
            var filter = VisitFilter()
            change(&filter)
            return try await ledger.visits(filter).compactMap { Int($0.id.suffix) }
        }
        #expect(try await found { $0.attention = [.change] } == [90])
        #expect(try await found { $0.attention = [.polyp] } == [])
        #expect(try await found { $0.modalities = [.fundus] } == [90])
        #expect(try await found { $0.modalities = [.neither] } == [])
        #expect(try await found { $0.offset = 1 } == [])
        #expect(try await found { $0.undecidedOnly = true } == [90])
        _ = try await ledger.decide(NewDecision(right, reader: "Anna", verdict: .reject, note: "no"), actor: "anna@1000")
        #expect(try await found { $0.undecidedOnly = true } == [90])
        // The other photograph of the eye was accepted after the repeat had come: nothing waits. What comes later does.
        _ = try await ledger.decide(NewDecision(again, reader: "Anna", verdict: .accept, note: nil), actor: "anna@1000")
        #expect(try await found { $0.undecidedOnly = true } == [])
        let late = try await screen(4)
        try await ledger.record(try visit(90, [right, again, frame, late], version: 2))
        #expect(try await found { $0.undecidedOnly = true } == [90])
        #expect(try await problems() == [])
    }

    @Test func visitsOfWhomSomethingIsToBeDrawnBlindTellNothing() async throws {
        let id = try await screen(1)
        try await ledger.record(try visit(90, [id], weight: 0))
        try await ledger.record(try visit(91, [], weight: 15))
        var filter = VisitFilter()
        filter.blindShare = 1
        let rows = try await ledger.visits(filter)
        #expect(
            Set(rows.map(\.id)) == [Clinic.id(90), Clinic.id(91)] && Set(rows.map(\.weight)) == [Attention.Code.ratioHigh.weight])
        #expect(rows.allSatisfy { $0.attention.isEmpty && $0.worst == nil })
        filter.attention = [.change]
        #expect(try await ledger.visits(filter).isEmpty)
        _ = try await ledger.decide(NewDecision(id, reader: "Anna", verdict: .accept, note: nil), actor: "anna@1000")
        #expect(try await ledger.visits(filter).map(\.weight) == [15, 0])
    }

    @Test func imagesStandAloneThatAreInNoVisit() async throws {
        let inside = try await screen(1), waiting = try await screen(2, patient: "8")
        let nobodys = try await screen(3, patient: nil, issuer: nil)
        try await screen(4, patient: "wrong", content: "the same")
        let right = try await screen(5, patient: "9", content: "the same")
        try await ledger.record(try visit(90, [inside]))
        var filter = ReviewFilter()
        filter.includesQuiet = true
        filter.loneOnly = true
        #expect(Set(try await ledger.review(filter).map(\.id)) == [waiting, nobodys, right])
    }

    @Test func aForgottenVisitIsNobodysAndTheAuditVerifies() async throws {
        let id = try await screen(1)
        try await ledger.record(try visit(90, [id]))
        try await ledger.record(try visit(90, [id], version: 2))
        for name in ["", ".v2"] {
            try FileManager.default.removeItem(atPath: "\(clinic.folders.outbox)/2026-11-24/visit.\(Clinic.id(90))\(name)")
        }
        try await ledger.forgetVisit(Clinic.id(90), actor: "anna@1000")
        try await ledger.forgetVisit(Clinic.id(90), actor: "anna@1000")
        #expect(try await ledger.visits(of: subject).isEmpty)
        #expect(try await ledger.repeats().isEmpty)
        #expect(try await ledger.forgottenVisits() == [Clinic.id(90)])
        #expect(try await ledger.allVisits().allSatisfy { $0.subject == nil && $0.study == nil })
        #expect(
            try await ledger.auditEntries(AuditFilter(subject: "\(Clinic.id(90))")).filter { $0.event == "visited" }.allSatisfy {
                $0.detail == nil
            })
        #expect(try await problems() == [])
    }

    @Test func verificationNamesWhatIsWrongWithAVisitsFolder() async throws {
        let id = try await screen(1)
        let row = try visit(90, [id])
        try await ledger.record(row)
        let folder = "\(clinic.folders.outbox)/\(row.folder)"
        try Clinic.write("<p>other</p>", to: folder + "/visit.html")
        #expect(try await problems().map(\.kind) == [.fileChanged])
        try Clinic.write("<p>1</p>", to: folder + "/visit.html")
        try Clinic.write("{}", to: folder + "/visit.json")
        #expect(try await problems().map(\.kind) == [.bundleChanged])
        try FileManager.default.removeItem(atPath: folder)
        #expect(try await problems().map(\.kind) == [.bundleMissing])
        _ = try visit(90, [id])
        try Clinic.write("x", to: "\(clinic.folders.outbox)/2026-11-24/visit.\(Clinic.id(95))/visit.json")
        #expect(try await problems().map(\.kind) == [.stray])
        // A photograph may be called visit.jpg.
        let statement = try await ledger.statement(in: clinic.folders)
        #expect(statement.unexplained == 0)
    }
}
