import Custody
import Ledger
import Registry
import Screening
import TestSupport
import Testing
import Trends

@testable import Service
import Settings

/// Subjects at the edges, through the service's own rooms: what history, visits and reports' earlier ratios make of them.
@Suite(.serialized) struct SubjectEdgeTests {
    private let clinic: Generations
    init() throws { clinic = try Generations() }

    private func sidecar(_ taken: String, patient: String = "7", issuer: String? = nil, eye: String = "OD") -> String {
        let whose = issuer.map { #", "issuer": "\#($0)""# } ?? ""
        return #"{"patient": "\#(patient)", "eye": "\#(eye)", "taken": "\#(taken)"\#(whose)}"#
    }

    @Test func twoSubjectsOfOneNumberAreTwoPeople() async throws {
        try await clinic.screen("a", sidecar: sidecar("2024-02-29", issuer: "A"))
        try await clinic.screen("b", sidecar: sidecar("2024-02-29", issuer: "B"))
        let later = try await clinic.screen("c", sidecar: sidecar("2025-02-28", issuer: "B"))
        let nobodys = try await clinic.screen("d", sidecar: sidecar("2025-02-28"))
        let subjects = try await clinic.ledger.subjects(numbered: "7")
        #expect(subjects.map(\.issuer) == [nil, "A", "B"])
        var counts: [Int] = []
        for subject in subjects {
            counts.append(try await clinic.history(of: subject).eyes.first?.points.count ?? 0)
            #expect(try await clinic.publisher.publish(subject).allSatisfy { $0.subject == subject })
        }
        #expect(counts == [1, 1, 2])
        #expect(try await clinic.report(later, version: 1).prior?.taken.day == "2024-02-29")
        #expect(try await clinic.report(nobodys, version: 1).prior == nil)
        _ = try await Forget(ledger: clinic.ledger, folders: clinic.folders, withdraw: { _ in false }).run(
            try #require(subjects.last), actor: "a@1")
        #expect(try await clinic.ledger.subjects(numbered: "7").map(\.issuer) == [nil, "A"])
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test func whatComesYearsLateTakesItsPlaceInTheLine() async throws {
        let subject = Subject(identifier: "7")
        try await clinic.screen("new", by: .init(name: "former", ratio: 0.7), sidecar: sidecar("2026-02-28"))
        #expect(try await clinic.publisher.publish(subject).count == 1)
        // The oldest, on a leap day, comes last but one; what is earlier of it is nothing.
        let oldest = try await clinic.screen("old", by: .init(name: "former", ratio: 0.3), sidecar: sidecar("2020-02-29"))
        let middle = try await clinic.screen("middle", by: .init(name: "former", ratio: 0.5), sidecar: sidecar("2023-03-01"))
        #expect(try await clinic.report(oldest, version: 1).prior == nil)
        let prior = try await clinic.report(middle, version: 1).prior
        #expect(prior?.taken.description == "2020-02-29" && prior?.verdict == .change)
        let line = try #require(try await clinic.history(of: subject).eyes.first)
        #expect(line.points.map(\.value) == [0.3, 0.5, 0.7])
        #expect(line.changes.filter { $0.against == .previous }.allSatisfy { $0.years > 2.9 && $0.years < 3.1 })
        // The visit that was published first says now what it changed by.
        let published = try await clinic.publisher.publish(subject)
        #expect(published.map { "\($0.day) \($0.version)" } == ["2020-02-29 1", "2023-03-01 1", "2026-02-28 2"])
        #expect(published.last?.attention.contains(.change) == true)
        #expect(try await clinic.publisher.publish(subject).isEmpty)
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test func aClockThatIsOffMovesNobodyIntoTheFutureOrThePast() async throws {
        let subject = Subject(identifier: "7")
        try await clinic.screen("true", sidecar: sidecar("2024-02-29"))
        for (name, taken) in [("ahead", "2091-01-01"), ("unset", "1970-01-01T00:00:30Z"), ("none", "2023-02-29")] {
            let id = try await clinic.screen(name, by: .init(name: "former", ratio: 0.52), sidecar: sidecar(taken))
            let report = try await clinic.report(id, version: 1)
            #expect(report.prior?.taken.day == "2024-02-29")
            // A day that there never was is said to the person who looks.
            #expect(report.attention.contains { $0.code == .sidecar } == (name == "none"))
        }
        let points = try #require(try await clinic.history(of: subject).eyes.first?.points)
        #expect(points.count == 2 && points.map(\.clock).first == .stated)
        #expect(points.last?.repeats.count == 2 && [.clockAhead, .clockUnset, .arrival].contains(points.last?.clock))
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test func whatIsSentAgainWithTheRightSidecarBelongsToWhomThatNames() async throws {
        let wrong = Subject(identifier: "6"), right = Subject(identifier: "7")
        try await clinic.screen("eye", sidecar: sidecar("2024-02-29", patient: "6", eye: "OD"))
        #expect(try await clinic.publisher.publish(wrong).map(\.members.count) == [1])
        try await clinic.screen("again", content: "image eye", sidecar: sidecar("2024-02-29", patient: "7", eye: "OS"))
        #expect(try await clinic.publisher.publish(wrong).map { "\($0.version) \($0.members.count)" } == ["2 0"])
        #expect(try await clinic.publisher.publish(right).map(\.members.count) == [1])
        #expect(try await clinic.history(of: wrong).eyes.isEmpty)
        #expect(try await clinic.history(of: right).eyes.map(\.eye) == [.left])
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test("A subject with very many visits: all are there, and a new one makes one")
    func manyVisits() async throws {
        let count = Machine.isSoak ? 5000 : 150
        let scale = try await Clinic()
        let subject = Subject(identifier: "7")
        let start = Timestamp("1970-06-01T10:00:00Z")?.milliseconds ?? 0
        func add(_ number: Int) async throws {
            let id = Clinic.id(number)
            let taken = ExaminationTime(Timestamp(milliseconds: start + Int64(number) * 4 * 86_400_000)).day
            // After the ledger began to know visits.
            try await scale.receive(id, content: "image \(number)", received: Timestamp(milliseconds: 1_795_600_000_000))
            try await scale.claim(id, patient: "7", eye: .right, taken: taken)
            _ = try await scale.ledger.begin(id)
            try await scale.finish(id, key: nil)
        }
        for number in 0..<count { try await add(number) }
        let configuration = Configuration.Paths(
            inbox: scale.folders.inbox, outbox: scale.folders.outbox, spool: scale.folders.spool, archive: scale.folders.archive,
            quarantine: scale.folders.quarantine, ledger: scale.root + "/papilla.sqlite", models: scale.root + "/models",
            socket: scale.root + "/socket")
        let publisher = VisitPublisher(
            ledger: scale.ledger, folders: try ServiceFolders(configuration), store: .init(directory: configuration.models))
        let clock = ContinuousClock()
        var published: [VisitRow] = []
        let all = try await clock.measure { published = try await publisher.publish(subject) }
        #expect(published.count == count)
        try await add(count)
        var history: History?
        let line = try await clock.measure {
            history = History(
                of: subject, VisitGroup.all(of: try await scale.ledger.examined(of: subject).map { ExaminedImage($0) }),
                repeatability: Repeatability(try await scale.ledger.repeats(), ofModels: [:]))
        }
        #expect(history?.eyes.first?.points.count == count + 1)
        let one = try await clock.measure { published = try await publisher.publish(subject) }
        #expect(published.count == 1)
        let priors = PriorLookup(ledger: scale.ledger, store: .init(directory: configuration.models))
        var report = Clinic.report(try #require(try await scale.ledger.arrival(Clinic.id(count))), .measured)
        report.subject = subject
        report.examination.taken = ExaminationTime("2026-11-01")
        report.source.sha256 = Digest(of: "another".utf8)
        var found: PriorRatio?
        let prior = try await clock.measure { found = try await priors.prior(of: report) }
        #expect(found != nil)
        if Machine.isSoak { print("\(count) visits: all \(all), history \(line), a new one \(one), an earlier ratio \(prior)") }
    }
}
