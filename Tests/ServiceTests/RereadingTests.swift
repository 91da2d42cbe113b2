import Control
import Custody
import FoundationEssentials
import Ledger
import Screening
import TestSupport
import Testing
import Trends

@testable import Service
import Settings

/// Earlier originals read again by later models: one next version of the same arrival, wherever the process stops on the way.
// One after the other: each test has an inbox, and the kernel allows a user 128 instances of inotify.
@Suite(.serialized) struct RereadingTests {
    private let clinic: Generations
    private var ledger: any WholeLedger { clinic.ledger }
    init() throws { clinic = try Generations() }

    private func decide(_ id: ScreeningID, _ verdict: Report.Decision.Verdict) async throws {
        _ = try await clinic.reviewing().run(.init(arrival: "\(id)", verdict: verdict, note: "said"), actor: "ben@1001")
    }

    @Test func anArrivalHasTheNextVersionByLaterModels() async throws {
        let id = try await clinic.screen(
            "eye", sidecar: #"{"patient": "7", "eye": "OS", "taken": "2024-02-29", "study": "S", "last": 5}"#)
        let before = try clinic.sandbox.files("outbox")
        #expect(try await clinic.reread(id) == RereadArrival(id, .read, version: 2, before: 0.5, after: 0.6))
        let (first, second) = try await (clinic.report(id, version: 1), clinic.report(id, version: 2))
        let formerly = try await ledger.versions(of: id)[0].bundle
        #expect(second.supersedes == formerly && second.decision == nil)
        #expect(second.reread != nil && first.reread == nil && second.models.map(\.name) == ["disc-later", "cup-later"])
        #expect(second.subject == first.subject && second.examination == first.examination && second.source == first.source)
        #expect(second.examination.eye == .init(.left, from: .sidecar) && second.attention == first.attention)
        #expect(first.attention.map(\.code) == [.sidecar])
        #expect(Set(try clinic.sandbox.files("outbox")).isSuperset(of: before))
        #expect(second.files.first { $0.name == "version.txt" }?.sha256 == Digest(of: "1 2".utf8))
        // Today's models have read it: nothing is to be gained.
        #expect(try await clinic.reread(id) == RereadArrival(id, .current, version: 2, before: 0.6, after: 0.6))
        let entries = try await ledger.auditEntries(AuditFilter(subject: "\(id)"))
        #expect(entries.suffix(2).map { "\($0.event) \($0.actor)" } == ["rereading anna@1000", "reread anna@1000"])
        // What comes again is a first version of its own, by whoever reads now.
        let copy = try await clinic.screen("copy", content: "image eye", sidecar: #"{"patient": "7", "eye": "OS"}"#)
        let again = try await clinic.report(copy, version: 1)
        #expect(again.version == 1 && again.reread == nil && again.supersedes == nil)
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test(arguments: [Stage.begun, .staged, .published]) func aStopEndsInOneVersionOrNone(stage: Stage) async throws {
        let id = try await clinic.screen("eye")
        await #expect(throws: Stopped.self) { try await clinic.reread(id, stopAt: stage) }
        // While it is under way nothing is wrong.
        #expect(try await clinic.sandbox.verify() == [])
        // The next start.
        try clinic.folders.publisher.clean()
        try await clinic.reviewing().recover()
        let isThere = stage == .published
        #expect(try await ledger.versions(of: id).map(\.version) == (isThere ? [1, 2] : [1]))
        #expect(try await ledger.pendingCorrections().isEmpty)
        #expect(try await ledger.decisions(of: id).isEmpty)
        #expect(try await clinic.sandbox.verify() == [])
        #expect(try await clinic.reread(id).result == (isThere ? .current : .read))
        #expect(try await ledger.versions(of: id).map(\.version) == [1, 2])
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test func whatAReaderRejectedStandsAndWhatOneAcceptedIsReadAgain() async throws {
        let sidecar = #"{"patient": "7"}"#
        let accepted = try await clinic.screen("accepted", sidecar: sidecar)
        let rejected = try await clinic.screen("rejected", sidecar: sidecar)
        let back = try await clinic.screen("back", sidecar: sidecar)
        try await decide(accepted, .accept)
        for id in [rejected, back] { try await decide(id, .reject) }
        try await decide(back, .accept)
        #expect(
            try await clinic.reread(rejected) == RereadArrival(rejected, .rejected, version: 1, before: 0.5, after: 0.5))
        for id in [accepted, back] { #expect(try await clinic.reread(id).result == .read) }
        // The acceptance is of the version that the reader saw.
        let rows = try await ledger.examined(of: Subject(identifier: "7"))
        #expect(Set(rows.filter { $0.row.decision == nil }.map(\.row.id)) == [accepted, back])
        #expect(rows.compactMap(\.row.decision) == [.reject])
        var undecided = ReviewFilter()
        (undecided.includesQuiet, undecided.undecidedOnly) = (true, true)
        #expect(Set(try await ledger.review(undecided).map(\.id)) == [accepted, back])
        #expect(try await ledger.decisions(of: accepted).map(\.version) == [1])
        #expect(try await ledger.cases().filter { $0.id == accepted }.map(\.version) == [1])
        // Accepted anew, it is a judgement of the later models.
        try await decide(accepted, .accept)
        let judgements = try await ledger.judgements()
        let judgement = try #require(judgements.first { $0.id == accepted })
        #expect(judgement.models[.cup] == "cup-later" && judgement.verdict == .accepted && judgement.shownRatio == 0.6)
        #expect(judgements.first { $0.id == back }?.models[.cup] == "cup-former")
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test func whatCannotBeReadIsSaidAndStaysAsItIs() async throws {
        let expired = try await clinic.screen("expired"), forgotten = try await clinic.screen("forgotten")
        let damaged = try await clinic.screen("damaged"), slow = try await clinic.screen("slow")
        let none = try await clinic.screen("none", content: "no image")
        try await ledger.expire(expired, because: "age")
        try clinic.folders.originals.erase(try #require(try await ledger.arrival(expired)?.original))
        _ = try await Forget(ledger: ledger, folders: clinic.folders, withdraw: { _ in false }).run("\(forgotten)", actor: "a@1")
        #expect(try await clinic.reread(expired).result == .expired)
        #expect(try await clinic.reread(forgotten).result == .forgotten)
        #expect(try await clinic.reread(none).result == .failed)
        await #expect {
            try await clinic.reread(slow, by: Generation(name: "slow", ratio: 0.5, isSlow: true))
        } throws: {
            "\($0)".contains("image_deadline")
        }
        #expect(try await clinic.sandbox.verify() == [])
        let original = try #require(try await ledger.arrival(damaged)?.original)
        try Data("another".utf8).write(to: URL(filePath: "\(clinic.sandbox.path)/\(original)"))
        await #expect { try await clinic.reread(damaged) } throws: { ($0 as? PapillaError)?.code == .damaged }
        for id in [expired, damaged, slow, none] { #expect(try await ledger.versions(of: id).map(\.version) == [1]) }
        #expect(try await ledger.pendingCorrections().isEmpty)
    }

    @Test func aHistoryThatModelsBrokeIsWholeAgainAndTheVisitHasItsNextVersion() async throws {
        let subject = Subject(identifier: "7")
        let id = try await clinic.screen("a", sidecar: #"{"patient": "7", "eye": "OD", "taken": "2024-02-29"}"#)
        let second = try await clinic.screen(
            "b", by: Generations.later, sidecar: #"{"patient": "7", "eye": "OD", "taken": "2026-02-28"}"#)
        let publisher = clinic.publisher
        #expect(try await publisher.publish(subject).count == 2)
        #expect(try await clinic.history(of: subject).eyes.first?.changes.map(\.why) == [.modelChanged])
        #expect(try await clinic.report(second, version: 1).prior == nil)
        for due in try await ledger.dueSubjects(settledBy: nil) { try await ledger.looked(at: due) }
        #expect(try await clinic.reread(id).result == .read)
        let change = try #require(try await clinic.history(of: subject).eyes.first?.changes.first)
        #expect(change.verdict == .stable && change.value == 0 && change.basis == .interval)
        // A start after a stop would find it, too.
        #expect(try await ledger.dueSubjects(settledBy: nil).map(\.subject) == [subject])
        // The later visit, whose photograph nobody touched, does not go on saying that models changed.
        #expect(try await publisher.publish(subject).map(\.version) == [2, 2])
        #expect(try await publisher.publish(subject).isEmpty)
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test func aLedgerThatIsLostHasItAgainFromItsBundles() async throws {
        let id = try await clinic.screen("eye", sidecar: #"{"patient": "7"}"#)
        try await clinic.reread(id)
        try await ledger.close()
        let paths = clinic.sandbox.configuration.paths
        for name in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: paths.ledger + name) }
        let anew = try await paths.openLedger(.create)
        _ = try await anew.adopt(paths.folders, actor: "root@0")
        #expect(try await anew.versions(of: id).map(\.version) == [1, 2])
        #expect(try await clinic.sandbox.verify() == [])
    }
}
