import Custody
import Files
import Glibc
import Ledger
import Screening
import TestSupport
import Testing

@testable import Service
import Settings

/// Failed arrivals are read again: each once, with all that was beside them, whatever stops the process.
// One after the other: each test has an inbox, and the kernel allows a user 128 instances of inotify.
@Suite(.serialized) struct RequeueTests {
    private let sandbox: Sandbox
    init() throws { sandbox = try Sandbox() }

    @Test("A4: requeue --failed takes nothing twice") func once() async throws {
        try sandbox.drop("a.jpg", "not an image")
        try sandbox.drop("b.jpg")
        // What cannot be read again does not keep the others from it.
        #expect(symlink("/etc/passwd", "\(sandbox.path)/inbox/link.jpg") == 0)
        let first = try await sandbox.drain()
        var failed = try #require(first.first { $0.report.source.name == "a.jpg" }?.report.id)
        let good = try #require(first.first { $0.report.outcome != .failed }?.report.id)
        for _ in 0..<3 {
            let (folders, ledger) = try sandbox.open()
            let requeue = Requeue(ledger: ledger, folders: folders)
            await #expect(throws: PapillaError.self) { try await requeue.run(["\(good)"], allFailed: false, actor: "a@1") }
            let done = try await requeue.run([], allFailed: true, actor: "anna@1000")
            #expect(done == [RequeuedArrival(id: failed, path: "a.jpg")])
            #expect(try await requeue.run([], allFailed: true, actor: "anna@1000") == [])
            await #expect { try await requeue.run(["\(failed)"], allFailed: false, actor: "a@1") } throws: {
                ($0 as? PapillaError)?.code == .refused
            }
            try await ledger.close()
            let again = try await sandbox.drain()
            #expect(again.count == 1 && again.first?.report.id != failed)
            failed = try #require(again.first?.report.id)
        }
        let (_, ledger) = try sandbox.open()
        #expect(
            try await ledger.auditEntries(AuditFilter(event: "requeued")).map(\.actor) == Array(repeating: "anna@1000", count: 3))
        #expect(try await ledger.arrivals().count == 6)
        #expect(try await sandbox.verify() == [])
    }

    @Test("A4: requeue keeps folder, urgent/ and sidecar", arguments: ["a.json", "a.jpg.json"]) func kept(sidecar: String)
        async throws
    {
        try sandbox.drop("urgent/ward 3/a.jpg", "not an image")
        try sandbox.drop("urgent/ward 3/\(sidecar)", #"{"patient": "P1", "eye": "left"}"#)
        let first = try #require(try await sandbox.drain().first?.report)
        #expect(first.source.patient == "P1")
        // Somebody else's file has the name now.
        try sandbox.drop("urgent/ward 3/a.jpg", "truncated")
        let (folders, ledger) = try sandbox.open()
        let done = try await Requeue(ledger: ledger, folders: folders).run([], allFailed: true, actor: "anna@1000")
        #expect(done.map(\.path) == ["urgent/ward 3/\(first.id)-1-a.jpg"])
        try await ledger.close()
        let again = try #require(try await sandbox.drain().first { $0.report.source.path != "urgent/ward 3/a.jpg" }?.report)
        #expect(again.source.path == done.first?.path && again.source.patient == "P1" && again.source.eye == .left)
        let (_, opened) = try sandbox.open()
        #expect(try await opened.arrival(again.id)?.isUrgent == true)
        #expect(try sandbox.files("inbox") == [])
        #expect(try await sandbox.verify() == [])
    }

    @Test("A4: a stop at any step of requeue doubles nothing and loses nothing", arguments: 1...4) func stopped(step: Int)
        async throws
    {
        try sandbox.drop("in/a.jpg", "not an image")
        try sandbox.drop("in/a.json", #"{"patient": "P1"}"#)
        try await sandbox.drain()
        let (folders, ledger) = try sandbox.open()
        let steps = Steps(stopAt: step)
        var requeue = Requeue(ledger: ledger, folders: folders)
        requeue.boundary = { try steps.next() }
        let isStopped: Bool
        do {
            _ = try await requeue.run([], allFailed: true, actor: "anna@1000")
            isStopped = false
        } catch is Stopped { isStopped = true }
        #expect(isStopped == (step < 4))
        // The next start, and the same request again.
        try await Requeue(ledger: ledger, folders: folders).complete()
        try await Requeue(ledger: ledger, folders: folders).complete()
        _ = try await Requeue(ledger: ledger, folders: folders).run([], allFailed: true, actor: "anna@1000")
        #expect(try sandbox.files("inbox") == ["in/a.jpg", "in/a.json"])
        #expect(try Folder.open("\(sandbox.path)/inbox/in").names().map(\.description) == ["a.jpg", "a.json"])
        #expect(try await ledger.auditEntries(AuditFilter(event: "requeued")).count == 1)
        try await ledger.close()
        let again = try await sandbox.drain()
        #expect(again.count == 1 && again.first?.report.source.patient == "P1")
        #expect(try await sandbox.verify() == [])
    }

    @Test("What another station may still be at is left alone, and what it left half done is not") func others() async throws {
        try sandbox.drop("a.jpg", "not an image")
        try sandbox.drop("a.json", #"{"patient": "P1"}"#)
        let id = try #require(try await sandbox.drain().first?.report.id)
        let (folders, ledger) = try sandbox.open()
        func asides() throws -> [String] { try sandbox.inbox.names().map(\.text).filter { $0.hasPrefix(".\(id)") } }
        // The image was not copied yet when the process died.
        try sandbox.inbox.write([1], as: Requeue.asideSidecar(id))
        let requeue = Requeue(ledger: ledger, folders: folders)
        try await requeue.complete(before: Timestamp(milliseconds: Timestamp.now.milliseconds - 60_000))
        #expect(try asides().count == 1)
        try await requeue.complete()
        #expect(try asides() == [])
        let steps = Steps(stopAt: 2)
        let stopped = Requeue(ledger: ledger, folders: folders) { try steps.next() }
        await #expect(throws: Stopped.self) { try await stopped.run([], allFailed: true, actor: "anna@1000") }
        try await requeue.complete(before: Timestamp(milliseconds: Timestamp.now.milliseconds - 60_000))
        #expect(try asides().count == 2 && sandbox.files("inbox") == [])
        try await requeue.complete(before: Timestamp(milliseconds: Timestamp.now.milliseconds + 60_000))
        #expect(try asides() == [] && sandbox.files("inbox") == ["a.jpg", "a.json"])
    }

    /// A station as it requeues: its folders and their locks are its own.
    private func station(
        _ name: String, _ ledger: any WholeLedger, boundary: @escaping @Sendable () throws -> Void = {}
    ) throws -> Requeue {
        var folders = try ServiceFolders(sandbox.configuration.paths)
        folders.publisher.station = FileName(ours: name)
        return Requeue(ledger: ledger, folders: folders, boundary: boundary)
    }

    @Test("Two stations that requeue at once make one new arrival of each, and lose none") func atOnce() async throws {
        for number in 0..<12 { try sandbox.drop("\(number).jpg", "not an image") }
        #expect(try await sandbox.drain().count == 12)
        let (_, ledger) = try sandbox.open()
        let (a, b) = (try station("a", ledger), try station("b", ledger))
        async let some = a.run([], allFailed: true, actor: "anna@1000")
        async let others = b.run([], allFailed: true, actor: "bert@1001")
        let (mine, theirs) = try await (some.count, others.count)
        #expect(mine + theirs == 12)
        let names = try sandbox.inbox.names().map(\.text).filter { $0.hasSuffix(".jpg") || $0.contains("requeued") }
        #expect(Set(names) == Set((0..<12).map { "\($0).jpg" }))
        #expect(try await ledger.auditEntries(AuditFilter(event: "requeued")).count == 12)
    }

    @Test("Of two copies that stations left, the one that the audit means appears, and the other goes", arguments: [true, false])
    func leftByStations(isFirst: Bool) async throws {
        try sandbox.drop("a.jpg", "not an image")
        try sandbox.drop("a.json", #"{"patient": "P1"}"#)
        let id = try #require(try await sandbox.drain().first?.report.id)
        let (_, ledger) = try sandbox.open()
        // One dies before its word in the audit, the other after it, or after its copy appeared.
        let (before, after) = (Steps(stopAt: 1), Steps(stopAt: isFirst ? 2 : 9))
        let a = try station("a", ledger) { try before.next() }
        let b = try station("b", ledger) { try after.next() }
        await #expect(throws: Stopped.self) { _ = try await a.run([], allFailed: true, actor: "anna@1000") }
        _ = try? await b.run([], allFailed: true, actor: "bert@1001")
        #expect(try sandbox.inbox.status(Requeue.aside(id, of: "a")) != nil)
        try await station("c", ledger).complete()
        #expect(try sandbox.files("inbox") == ["a.jpg", "a.json"])
        #expect(try sandbox.inbox.names().map(\.text).filter { $0.contains("requeued") } == [])
        #expect(try await ledger.auditEntries(AuditFilter(event: "requeued")).count == 1)
    }

    @Test("A4: what appeared under its name before a stop does not appear again") func appeared() async throws {
        try sandbox.drop("a.jpg", "not an image")
        let id = try #require(try await sandbox.drain().first?.report.id)
        let (folders, ledger) = try sandbox.open()
        _ = try await Requeue(ledger: ledger, folders: folders).run([], allFailed: true, actor: "a@1")
        // As when the process dies between the link and the removal of the name aside.
        #expect(link("\(sandbox.path)/inbox/a.jpg", "\(sandbox.path)/inbox/\(Requeue.aside(id))") == 0)
        try await Requeue(ledger: ledger, folders: folders).complete()
        #expect(try sandbox.inbox.names().map(\.description).filter { $0 != ".papilla-inbox" } == ["a.jpg"])
    }
}
