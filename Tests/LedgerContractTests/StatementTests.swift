import Foundation
import Glibc
import Screening
import TestSupport
import Testing

@testable import Ledger

/// The statement: received = all the others, and what is lost is unexplained.
@Suite(.onEveryDatabase) struct StatementTests {
    let clinic: Clinic
    var ledger: any WholeLedger { clinic.ledger }
    init() async throws { clinic = try await Clinic() }

    private func statement(day: String? = nil) async throws -> Statement {
        let statement = try await ledger.statement(day: day, in: clinic.folders)
        #expect(
            statement.received
                == statement.measured + statement.noFinding + statement.ungradable + statement.outOfDomain + statement.failed
                + statement.pending + statement.unexplained)
        return statement
    }

    /// One of every outcome, and one pending in every state.
    private func everything() async throws {
        for (number, outcome) in Outcome.allCases.enumerated() { try await clinic.screen(Clinic.id(number), outcome) }
        for number in 10...13 { try await clinic.receive(Clinic.id(number)) }
        for number in 11...13 { try await clinic.claim(Clinic.id(number)) }
        _ = try await ledger.begin(Clinic.id(12))
        try await ledger.wait(Clinic.id(13), for: "space")
    }

    @Test func everyArrivalIsCountedOnce() async throws {
        #expect(try await statement() == Statement())
        try await everything()
        var expected = Statement(received: 9, measured: 1, noFinding: 1, ungradable: 1, outOfDomain: 1, failed: 1, pending: 4)
        #expect(try await statement() == expected)
        expected.day = "2026-11-24"
        #expect(try await statement(day: "2026-11-24") == expected)
        #expect(try await statement(day: "2026-11-23") == Statement(day: "2026-11-23"))
    }

    @Test(arguments: ["2026-02-30", "2026-11-24T00:00:00Z", "today", "2026-1-4", ""]) func whatIsNoDayIsRefused(_ day: String)
        async
    {
        await #expect { try await ledger.statement(day: day) } throws: { ($0 as? PapillaError)?.code == .badInput }
    }

    /// Files in the middle of a move, wherever a crash could have left them, are pending.
    @Test func aFileOnItsWayIsPending() async throws {
        let (received, reading, failing) = (Clinic.id(1), Clinic.id(2), Clinic.id(3))
        // Moved into the spool, but the claim is not written yet.
        try await clinic.receive(received)
        try Clinic.write("image", to: "\(clinic.folders.spool)/\(received)/eye.jpg")
        try FileManager.default.removeItem(atPath: "\(clinic.folders.inbox)/\(received)")
        // Published, and the original moved to archive or quarantine, but the end is not written yet.
        for (id, place) in [(reading, clinic.folders.archive), (failing, clinic.folders.quarantine)] {
            try await clinic.receive(id)
            try await clinic.claim(id)
            _ = try await ledger.begin(id)
            try Clinic.write("{}", to: "\(clinic.folders.outbox)/2026-11-24/eye.\(id)/report.json")
            try Clinic.write("image", to: "\(place)/2026-11-24/\(id)/eye.jpg")
            try FileManager.default.removeItem(atPath: "\(clinic.folders.spool)/\(id)")
        }
        #expect(try await statement() == Statement(received: 3, pending: 3))
    }

    @Test func aFileThatIsNowhereIsUnexplained() async throws {
        try await everything()
        for (removed, path) in [
            "\(clinic.folders.archive)/2026-11-24/\(Clinic.id(0))/eye.jpg",
            "\(clinic.folders.quarantine)/2026-11-24/\(Clinic.id(4))/eye.jpg",
            "\(clinic.folders.inbox)/\(Clinic.id(10))/eye.jpg", "\(clinic.folders.spool)/\(Clinic.id(12))/eye.jpg",
        ].enumerated() {
            try FileManager.default.removeItem(atPath: path)
            #expect(try await statement().unexplained == removed + 1, "\(path)")
        }
        #expect(
            try await statement()
                == Statement(
                    received: 9, measured: 0, noFinding: 1, ungradable: 1, outOfDomain: 1, failed: 0, pending: 2, unexplained: 4))
    }

    @Test func whatOnlyAccompaniedAFileIsNotTheFile() async throws {
        let id = Clinic.id(4)
        try await clinic.screen(id, .failed)
        for name in ["reason.json", "papilla-reason.json"] {
            try Clinic.write("{}", to: "\(clinic.folders.quarantine)/2026-11-24/\(id)/\(name)")
        }
        #expect(try await statement().unexplained == 0)
        try FileManager.default.removeItem(atPath: "\(clinic.folders.quarantine)/2026-11-24/\(id)/eye.jpg")
        #expect(try await statement().unexplained == 1)
    }

    @Test func aFileMayBeCalledLikeACompanion() async throws {
        let id = Clinic.id(1)
        try await clinic.receive(id, name: "reason.json")
        try await clinic.claim(id)
        // Moved to quarantine, and the end not written yet.
        try FileManager.default.removeItem(atPath: "\(clinic.folders.spool)/\(id)")
        try Clinic.write("image", to: "\(clinic.folders.quarantine)/2026-11-24/\(id)/reason.json")
        #expect(try await statement() == Statement(received: 1, pending: 1))
    }

    @Test func aFileOfOursWithoutARowIsUnexplained() async throws {
        try await everything()
        let folders = clinic.folders
        for (number, path) in [
            "\(folders.spool)/\(Clinic.id(90))/a.jpg", "\(folders.archive)/2026-11-24/\(Clinic.id(91))/a.jpg",
            "\(folders.quarantine)/2026-11-24/\(Clinic.id(92))/a.jpg",
            "\(folders.outbox)/2026-11-24/a.\(Clinic.id(93))/report.json",
            "\(folders.outbox)/2026-11-24/a.b.\(Clinic.id(94)).v2/report.json",
        ].enumerated() {
            try Clinic.write("x", to: path)
            #expect(try await statement().unexplained == number + 1, "\(path)")
        }
        // The same ID twice is one; of another day, none of this day's.
        try Clinic.write("x", to: "\(folders.archive)/2026-11-25/\(Clinic.id(90))/a.jpg")
        #expect(try await statement().unexplained == 5)
        #expect(try await statement(day: "2026-11-24").unexplained == 5)
        #expect(try await statement(day: "2026-11-23").unexplained == 0)
    }

    @Test func whatIsNotOursDoesNotCount() async throws {
        try await everything()
        let folders = clinic.folders
        for path in [
            "\(folders.outbox)/.staging/\(Clinic.id(90))/report.json", "\(folders.outbox)/statement-2026-11-24.json",
            "\(folders.outbox)/2026-11-24/README.txt", "\(folders.spool)/.marker", "\(folders.inbox)/later.jpg",
            "\(folders.archive)/notes/\(Clinic.id(91))/a.jpg",
        ] { try Clinic.write("x", to: path) }
        // A folder that was emptied and not yet removed.
        try FileManager.default.createDirectory(atPath: "\(folders.spool)/\(Clinic.id(92))", withIntermediateDirectories: true)
        #expect(try await statement().unexplained == 0)
    }

    /// SPEC section 7: nothing is concluded from an inbox that is gone.
    @Test func anInboxThatIsGoneExplainsNothing() async throws {
        try await clinic.receive(Clinic.id(1))
        try FileManager.default.removeItem(atPath: clinic.folders.inbox)
        #expect(try await statement() == Statement(received: 1, pending: 1))
        // Another file system is mounted there now: the device differs.
        var elsewhere = clinic.folders
        elsewhere.inbox = "/proc"
        #expect(try await ledger.statement(in: elsewhere) == Statement(received: 1, pending: 1))
        // The same file system, and the file is not on it.
        try FileManager.default.createDirectory(atPath: clinic.folders.inbox, withIntermediateDirectories: true)
        #expect(try await statement() == Statement(received: 1, unexplained: 1))
    }

    /// Names are bytes: the ledger's text of one that is not UTF-8 leads to the file all the same.
    @Test func aNameThatIsNoTextIsFound() async throws {
        #expect(Whereabouts.bytes(ofName: #"a\xE9\\b\"#) == [0x61, 0xE9, 0x5C, 0x62, 0x5C])
        let name: [UInt8] = Array("\(clinic.folders.inbox)/".utf8) + [0x61, 0xE9, 0x5C, 0x2E, 0x6A]
        let file = open(name.map { CChar(bitPattern: $0) } + [0], O_CREAT | O_WRONLY, 0o600)
        #expect(file >= 0)
        close(file)
        var status = stat()
        lstat(clinic.folders.inbox, &status)
        try await ledger.receive(
            NewArrival(
                id: Clinic.id(1), path: #"a\xE9\\.j"#, name: #"a\xE9\\.j"#, isUrgent: false, received: Timestamp(milliseconds: 0),
                device: UInt64(status.st_dev), inode: 1))
        #expect(try await statement() == Statement(received: 1, pending: 1))
        unlink(name.map { CChar(bitPattern: $0) } + [0])
        #expect(try await statement() == Statement(received: 1, unexplained: 1))
    }

    @Test func linksAreFilesOfTheirOwn() async throws {
        let id = Clinic.id(1)
        try await clinic.screen(id, .failed)
        let original = "\(clinic.folders.quarantine)/2026-11-24/\(id)/eye.jpg"
        try FileManager.default.removeItem(atPath: original)
        try FileManager.default.createSymbolicLink(atPath: original, withDestinationPath: "/nowhere")
        #expect(try await statement().unexplained == 0)
    }
}
