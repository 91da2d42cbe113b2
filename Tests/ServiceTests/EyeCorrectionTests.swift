import Control
import Custody
import FoundationEssentials
import Imaging
import Ledger
import Reading
import Registry
import Screening
import TestSupport
import Testing
import Trends

@testable import Service
import Settings

/// A reader says which eye it is: outlines and figures stay, visit and history move.
@Suite(.serialized) struct EyeCorrectionTests {
    private let clinic: Generations
    init() throws { clinic = try Generations() }

    private let subject = Subject(identifier: "7")

    private func correct(_ id: ScreeningID, _ eye: Eye, masks: [String: Data] = [:], note: String? = nil) async throws
        -> DecisionRow
    {
        try await clinic.reviewing().run(
            ReviewRequest(arrival: "\(id)", verdict: .correct, note: note, masks: masks, eye: eye), actor: "anna@1000")
    }

    @Test func theNextVersionIsOfTheOtherEyeAndNothingElseHasChanged() async throws {
        let id = try await clinic.screen("eye", sidecar: #"{"patient": "7", "eye": "OD", "taken": "2024-02-29"}"#)
        try await clinic.screen("other", sidecar: #"{"patient": "7", "eye": "OS", "taken": "2022-02-28"}"#)
        let publisher = clinic.publisher
        #expect(try await publisher.publish(subject).count == 2)
        #expect(try await clinic.history(of: subject).eyes.map(\.points.count) == [1, 1])
        let decided = try await correct(id, .left, note: "the disc is on the left")
        #expect(decided.result == 2 && decided.verdict == .correct)
        let (first, second) = try await (clinic.report(id, version: 1), clinic.report(id, version: 2))
        #expect(second.examination.eye == .init(.left, from: .reader) && second.source.eye == .left)
        #expect(
            second.fundus?.cdr == first.fundus?.cdr && second.fundus?.disc == first.fundus?.disc && second.models == first.models)
        #expect(second.drawn.isEmpty && second.decision?.note == "the disc is on the left")
        // Nasal of one eye is temporal of the other.
        #expect(first.fundus?.rim?.nasal == nil && second.fundus?.rim?.nasal != nil && second.fundus?.rim?.isnt != nil)
        #expect(second.fundus?.rim?.minimum == first.fundus?.rim?.minimum)
        let history = try await clinic.history(of: subject)
        #expect(history.eyes.map(\.eye) == [.left] && history.eyes[0].points.count == 2)
        #expect(history.eyes[0].points.map(\.decision) == [nil, .correct])
        #expect(try await publisher.publish(subject).map(\.version) == [2])
        #expect(second.prior?.taken.description == "2022-02-28" && second.prior?.verdict == .stable && first.prior == nil)
        // Of outlines the reader has said nothing: agreement counts them as accepted, and no case is made of it.
        let judgement = try #require(try await clinic.ledger.judgements().first)
        #expect(judgement.kept != judgement.shown)
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test func theReadersEyeIsKeptWhenLaterModelsReadIt() async throws {
        let id = try await clinic.screen("eye", sidecar: #"{"patient": "7", "eye": "OD"}"#)
        _ = try await correct(id, .left)
        #expect(try await clinic.reread(id).result == .read)
        let third = try await clinic.report(id, version: 3)
        #expect(third.examination.eye == .init(.left, from: .reader) && third.decision == nil)
        #expect(try await clinic.ledger.examined(of: subject).map(\.row.eye) == [.left])
        // And when an outline is drawn.
        let disc = try Data(ImageEncoder.png(Ellipse(cx: 40, cy: 40, a: 30, b: 30, angle: 0).mask(width: 80, height: 80)))
        let cup = try Data(ImageEncoder.png(Ellipse(cx: 40, cy: 40, a: 15, b: 15, angle: 0).mask(width: 80, height: 80)))
        _ = try await clinic.reviewing().run(
            ReviewRequest(arrival: "\(id)", verdict: .correct, masks: ["disc": disc, "cup": cup]), actor: "anna@1000")
        let fourth = try await clinic.report(id, version: 4)
        #expect(fourth.examination.eye == .init(.left, from: .reader) && fourth.drawn == [.disc, .cup])
        // What was drawn stays drawn when only the eye is corrected once more.
        _ = try await correct(id, .unknown)
        let fifth = try await clinic.report(id, version: 5)
        #expect(fifth.drawn == [.disc, .cup] && fifth.examination.eye == .init(.unknown, from: .reader))
        #expect(fifth.fundus?.rim?.nasal == nil && fifth.fundus?.cdr?.vertical == fourth.fundus?.cdr?.vertical)
        #expect(try await clinic.reread(id).result == .drawn)
        #expect(try await clinic.sandbox.verify() == [])
    }

    @Test func whatIsNothingToCorrectIsRefused() async throws {
        let id = try await clinic.screen("eye", sidecar: #"{"eye": "OD"}"#)
        await #expect { try await correct(id, .right) } throws: { "\($0)".contains("already") }
        await #expect(throws: PapillaError.self) {
            try await clinic.reviewing().run(
                ReviewRequest(arrival: "\(id)", verdict: .accept, eye: .left), actor: "anna@1000")
        }
        await #expect(throws: PapillaError.self) {
            try await clinic.reviewing().run(
                ReviewRequest(arrival: "\(id)", verdict: .correct, blind: true, eye: .left), actor: "anna@1000")
        }
        #expect(try await clinic.ledger.versions(of: id).count == 1)
        #expect(try await clinic.ledger.decisions(of: id).isEmpty)
        #expect(try await clinic.sandbox.verify() == [])
    }
}
