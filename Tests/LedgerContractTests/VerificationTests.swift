import Foundation
import Ledger
import Screening
import TestSupport
import Testing

/// `audit verify`: each kind of damage is found and named, and nothing else is.
@Suite(.onEveryDatabase) struct VerificationTests {
    let clinic: Clinic
    var ledger: any WholeLedger { clinic.ledger }
    var folders: Folders { clinic.folders }
    let id = Clinic.id(0)
    var bundle: String { "\(folders.outbox)/2026-11-24/eye.\(id)" }

    init() async throws {
        clinic = try await Clinic()
        try await clinic.work()
    }

    private func kinds() async throws -> [Verification.Problem.Kind] { try await clinic.problems().map(\.kind) }

    @Test func aSoundLedgerIsOk() async throws {
        let verification = try await ledger.verify(folders)
        #expect(verification.problems == [])
        #expect(verification.ok)
        #expect(verification.arrivals == 7 && verification.bundles == 5)
        let head = try await ledger.head()
        #expect(verification.head == head.hash.description && verification.entries == head.entries)
        #expect(try await ledger.verify(folders, expecting: verification.head).expectedAt == verification.entries)
    }

    @Test func aMissingHead() async throws {
        #expect(try await clinic.problems(expecting: String(repeating: "a", count: 64)).map(\.kind) == [.chain])
    }

    @Test func aBundleThatIsMissing() async throws {
        try FileManager.default.removeItem(atPath: bundle)
        let problems = try await clinic.problems()
        #expect(problems.map(\.kind) == [.bundleMissing])
        #expect(problems[0].subject == id.description && problems[0].place == bundle)
    }

    @Test func aReportThatChanged() async throws {
        var report = try String(contentsOfFile: bundle + "/report.json", encoding: .utf8)
        report.replace("0.7", with: "0.6")
        try Clinic.write(report, to: bundle + "/report.json")
        #expect(try await kinds() == [.bundleChanged])
    }

    @Test func aReportThatIsMissing() async throws {
        try FileManager.default.removeItem(atPath: bundle + "/report.json")
        #expect(try await kinds() == [.fileMissing])
    }

    @Test func aFileThatChangedWithoutChangingItsSize() async throws {
        try Clinic.write("OVERLAY of \(id)", to: bundle + "/overlay.jpg")
        #expect(try await kinds() == [.fileChanged])
    }

    @Test func aFileThatIsALinkToTheRightBytes() async throws {
        try Clinic.write("overlay of \(id)", to: clinic.root + "/elsewhere.jpg")
        try FileManager.default.removeItem(atPath: bundle + "/overlay.jpg")
        try FileManager.default.createSymbolicLink(
            atPath: bundle + "/overlay.jpg", withDestinationPath: clinic.root + "/elsewhere.jpg")
        #expect(try await kinds() == [.fileChanged])
    }

    @Test func aFileThatIsMissing() async throws {
        try FileManager.default.removeItem(atPath: bundle + "/overlay.jpg")
        #expect(try await kinds() == [.fileMissing])
    }

    @Test func aFileThatIsNotListed() async throws {
        try Clinic.write("x", to: bundle + "/Thumbs.db")
        #expect(try await kinds() == [.fileUnlisted])
    }

    @Test func originals() async throws {
        let original = "\(folders.archive)/2026-11-24/\(id)/eye.jpg"
        try Clinic.write("another image", to: original)
        #expect(try await kinds() == [.originalChanged])
        try FileManager.default.moveItem(atPath: original, toPath: original + ".bak")
        #expect(try await kinds() == [.originalMoved])
        try FileManager.default.removeItem(atPath: original + ".bak")
        #expect(try await kinds() == [.originalMissing])
    }

    @Test func straysAndStrangers() async throws {
        try Clinic.write("x", to: "\(folders.outbox)/2026-11-24/eye.\(Clinic.id(90))/report.json")
        #expect(try await kinds() == [.stray])
        try Clinic.write("x", to: "\(folders.outbox)/2026-11-24/eye.\(id).v2/report.json")
        #expect(try await kinds() == [.stray, .bundleUnknown])
        try Clinic.write("x", to: "\(folders.spool)/holiday.jpg")
        #expect(try await Set(kinds()) == [.stray, .bundleUnknown, .unknownEntry])
    }

    /// No ordinary sentence names a file or a patient: only `place` may.
    @Test func sentencesNameNoFile() async throws {
        try FileManager.default.removeItem(atPath: bundle)
        try Clinic.write("x", to: "\(folders.archive)/2026-11-24/\(Clinic.id(91))/eye.jpg")
        try Clinic.write("x", to: "\(folders.outbox)/2026-11-24/eye.\(Clinic.id(1))/eye.txt")
        let problems = try await clinic.problems()
        #expect(problems.count == 3)
        #expect(problems.allSatisfy { !($0.detail + $0.subject).contains("eye") })
    }

    @Test func aForgottenArrivalIsForgotten() async throws {
        try await clinic.receive(Clinic.id(20), name: "MUELLER_1950.jpg")
        try await clinic.claim(Clinic.id(20), patient: "Mueller", study: "S1950")
        _ = try await ledger.begin(Clinic.id(20))
        try await clinic.finish(Clinic.id(20)) { $0.source.eye = .right }
        let head = try await ledger.head().hash
        await #expect(throws: PapillaError.self) { try await ledger.forget(Clinic.id(11), actor: "anna@1000") }
        await #expect(throws: PapillaError.self) { try await ledger.forget(Clinic.id(99), actor: "anna@1000") }
        try await ledger.forget(Clinic.id(20), actor: "anna@1000")
        #expect(try await kinds() == [.forgottenRemains])
        try FileManager.default.removeItem(atPath: "\(folders.outbox)/2026-11-24/eye.\(Clinic.id(20))")
        try FileManager.default.removeItem(atPath: "\(folders.archive)/2026-11-24/\(Clinic.id(20))")

        let verification = try await ledger.verify(folders, expecting: head.description)
        #expect(verification.problems == [])
        #expect(verification.forgotten == 4)
        #expect(try await ledger.statement(in: folders).unexplained == 0)
        let entries = try await ledger.auditEntries(AuditFilter(subject: Clinic.id(20).description))
        #expect(entries.map(\.event) == ["received", "claimed", "begun", "finished", "forgotten"])
        #expect(entries.dropLast().allSatisfy { $0.detail == nil } && entries[4].actor == "anna@1000")
        let entriesBefore = verification.entries
        try await ledger.forget(Clinic.id(20), actor: "anna@1000")
        #expect(try await ledger.head().entries == entriesBefore)

        #expect(try await ledger.arrival(Clinic.id(20))?.outcome == .measured)
        // Its reading is not used again: nobody knows where it is.
        #expect(try await ledger.reusable(sha256: Digest(of: "image".utf8), key: "key")?.id != Clinic.id(20))
    }
}
