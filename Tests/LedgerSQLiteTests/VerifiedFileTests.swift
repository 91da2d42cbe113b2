import Foundation
import GRDB
import Ledger
import Screening
import TestSupport
import Testing

import LedgerSQL
@testable import LedgerSQLite

/// `audit verify` on a file that was changed past the ledger.
@Suite struct VerifiedFileTests {
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

    @Test func anotherProcessMayVerify() async throws {
        let reader: any WholeLedger = try LedgerStore(path: clinic.path, mode: .readOnly)
        #expect(try await reader.verify(folders).ok)
    }

    @Test func aBrokenChain() async throws {
        try clinic.tamper("UPDATE audit SET actor = 'nobody' WHERE seq = 3")
        let problems = try await clinic.problems()
        #expect(problems.map(\.kind) == [.chain])
        #expect(problems[0].subject == "audit entry 3")
    }

    @Test func figuresThatWereChangedInTheLedger() async throws {
        try clinic.tamper("UPDATE finding SET value = 0.3 WHERE code = 'vcdr'")
        #expect(try await Set(kinds()) == [.row, .findingsDiffer])
    }

    @Test func aDigestThatWasMadeToFit() async throws {
        try Clinic.write("{}", to: bundle + "/report.json")
        try clinic.tamper("UPDATE screening SET bundle_sha256 = '\(Digest(of: "{}".utf8))' WHERE arrival = '\(id)'")
        // The audit's entry still has the first one.
        #expect(try await kinds() == [.row, .invariant, .bundleChanged])
    }

    @Test func anOutcomeThatWasChanged() async throws {
        try clinic.tamper("UPDATE arrival SET outcome = 'no_finding' WHERE id = '\(id)'")
        #expect(try await kinds() == [.row, .invariant])
        try clinic.tamper("UPDATE screening SET outcome = 'no_finding' WHERE arrival = '\(id)'")
        #expect(try await Set(kinds()) == [.row, .invariant])
    }

    @Test func anArrivalThatWasDeleted() async throws {
        try clinic.tamper("DELETE FROM arrival WHERE id = '\(Clinic.id(11))'")
        #expect(try await kinds() == [.row, .invariant, .stray])
    }

    @Test func noNameOfAForgottenArrivalIsLeftInTheFile() async throws {
        try await clinic.receive(Clinic.id(20), name: "MUELLER_1950.jpg")
        try await clinic.claim(Clinic.id(20), patient: "Mueller", study: "S1950")
        _ = try await ledger.begin(Clinic.id(20))
        try await clinic.finish(Clinic.id(20)) { $0.source.eye = .right }
        try await ledger.record(clinic.visit(90, of: Subject(identifier: "Mueller"), members: [Clinic.id(20)]))
        try await ledger.forgetVisit(Clinic.id(90), actor: "anna@1000")
        try await ledger.forget(Clinic.id(20), actor: "anna@1000")
        // The names are in no page and in no log any more.
        for file in ["", "-wal"] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: clinic.path + file))
            for name in ["MUELLER", "Mueller", "S1950"] {
                #expect(bytes.range(of: Data(name.utf8)) == nil, "\(name) in ledger\(file)")
            }
        }
    }
}
