import Custody
import Files
import Glibc
import Ledger
import LedgerSQLite
import Logging
import Screening
import Synchronization
import TestSupport
import Testing

@testable import Service
import Settings

/// The regular reading of every file, with clocks that are set by hand and no sleep.
@Suite struct FileCheckTests {
    private let sandbox: Sandbox
    private let telemetry = Telemetry()
    init() throws { sandbox = try Sandbox() }

    private func open() throws -> any WholeLedger {
        try ServiceFolders(sandbox.configuration.paths).ledger(sandbox.configuration.paths.ledger)
    }

    private func check(
        _ ledger: any WholeLedger, days: Int = 0, folders: ServiceFolders? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in }
    ) throws -> FileCheck {
        FileCheck(
            ledger: ledger, folders: try folders ?? ServiceFolders(sandbox.configuration.paths),
            paths: sandbox.configuration.paths,
            telemetry: telemetry,
            log: .silent,
            wallClock: { Timestamp(milliseconds: Timestamp.now.milliseconds + Int64(days) * 86_400_000) }, sleep: sleep)
    }

    private func change(_ path: String) throws {
        let file = Glibc.open(path, O_RDWR)
        #expect(file >= 0)
        var byte: UInt8 = 0
        #expect(pread(file, &byte, 1, 0) == 1)
        byte ^= 1
        #expect(pwrite(file, &byte, 1, 0) == 1)
        close(file)
    }

    private var alarms: [String] { telemetry.now.alarms.map(\.kind.rawValue) }

    @Test("A7: a changed original is found by the weekly reading, and told until it is whole again")
    func aChangedOriginalIsFound() async throws {
        for name in ["a.jpg", "b.jpg", "c.jpg"] { try sandbox.drop(name, "image of \(name)") }
        try await sandbox.drain()
        let ledger = try open()
        try await check(ledger).look()
        #expect(try await ledger.auditEntries(AuditFilter(event: "verified")).count == 1)
        #expect(alarms == [] && telemetry.now.checks?.lastEnded != nil)
        let original = "\(sandbox.path)/archive/\(try #require(sandbox.files("archive").first))"
        try change(original)
        // Not before a week has gone by.
        try await check(ledger, days: 6).look()
        #expect(alarms == [])
        try await check(ledger, days: 8).look()
        #expect(alarms == ["rot"])
        let rotten = try await ledger.fileChecks().rotten
        #expect(rotten.count == 1 && original.contains(rotten[0].description))
        #expect(try await sandbox.verify() == ["original_changed \(rotten[0])"])
        #expect(try await ledger.auditEntries(AuditFilter(event: "rotten")).map(\.subject) == [rotten[0].description])
        // Told once, and by the next process too.
        try await check(ledger, days: 9).look()
        #expect(try await ledger.auditEntries(AuditFilter(event: "rotten")).count == 1)
        #expect(try await ledger.fileChecks().rotten == rotten)
        // From a backup.
        try change(original)
        try await check(ledger, days: 9).look()
        #expect(alarms == [])
        #expect(try await ledger.auditEntries(AuditFilter(event: "sound")).count == 1)
        #expect(try await sandbox.verify() == [])
    }

    @Test("A7: every kind of published file and of what lies in archive and quarantine is read weekly")
    func everyFileIsRead() async throws {
        try sandbox.drop("a.jpg")
        try sandbox.drop("a.json", #"{"patient": "P"}"#)
        try sandbox.drop("bad.jpg", "not an image")
        try await sandbox.drain()
        let ledger = try open()
        let files = try ["outbox", "archive", "quarantine"].flatMap { folder in
            try sandbox.files(folder).map { "\(folder)/\($0)" }
        }
        #expect(files.count == 7)
        for file in files where !file.contains("statement") {
            try change("\(sandbox.path)/\(file)")
            try await check(ledger, days: 100).look()
            #expect(try await ledger.fileChecks().rotten.count == 1, "\(file)")
            try change("\(sandbox.path)/\(file)")
            try await check(ledger, days: 100).look()
            #expect(try await ledger.fileChecks().rotten.isEmpty)
            // The next one is due again.
            try await ledger.endPass(begun: Timestamp(milliseconds: 0), arrivals: 0)
        }
    }

    @Test("A7: the weekly reading goes slowly, and goes on where a stop left it") func itGoesOnAfterAStop() async throws {
        for number in 0..<5 { try sandbox.drop("\(number).jpg", "image \(number)") }
        try await sandbox.drain()
        let ledger = try open()
        let slept = Mutex(Duration.zero)
        let task = Mutex<Task<Void, any Error>?>(nil)
        let first = try check(ledger) { time in
            let total = slept.withLock { total in
                total += time
                return total
            }
            // At the third arrival's first rest, the service is told to stop.
            if total >= .microseconds(20) { task.withLock { $0?.cancel() } }
            await Task.yield()
        }
        let running = Task {
            while task.withLock({ $0 == nil }) { await Task.yield() }
            try await first.look()
        }
        task.withLock { $0 = running }
        _ = await running.result
        let stopped = try await ledger.fileChecks()
        #expect(slept.withLock(\.self) > .zero)
        if let begun = stopped.begun {
            #expect(stopped.lastEnded == nil)
            try await check(ledger).look()
            let ended = try await ledger.fileChecks()
            #expect(ended.begun == nil && ended.lastBegun == begun)
        }
    }

    @Test("A7: what a reader forgets or the site takes away meanwhile is no rot") func whatIsTakenAwayIsNoRot() async throws {
        try sandbox.drop("a.jpg")
        let finished = try #require(try await sandbox.drain().first)
        let ledger = try open()
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let parts = finished.bundle.split(separator: "/").map { FileName(ours: String($0)) }
        try folders.publisher.outbox.folder(parts[0]).removeTree(parts[1])
        try await check(ledger).look()
        #expect(try await ledger.fileChecks().rotten == [])
    }

    @Test("A7: an archive that is not mounted just now is no rot") func anArchiveThatIsNotMountedIsNoRot() async throws {
        try sandbox.drop("a.jpg")
        try await sandbox.drain()
        let ledger = try open()
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let root = try Folder.open(sandbox.path)
        try root.rename(FileName(ours: "archive"), to: root, as: FileName(ours: "elsewhere"))
        _ = try root.make(FileName(ours: "archive"))
        await #expect(throws: PapillaError.self) { try await check(ledger, folders: folders).look() }
        #expect(try await ledger.fileChecks().rotten == [] && alarms == [])
    }

    @Test("A7: what is being forgotten is no rot") func whatIsBeingForgottenIsNoRot() async throws {
        try sandbox.drop("a.jpg")
        let id = try #require(try await sandbox.drain().first?.report.id)
        let ledger = try open()
        let folders = try ServiceFolders(sandbox.configuration.paths)
        // Forgetting stops between the files and the ledger, and goes on when the check waits for it.
        await folders.arrivals.lock(id)
        let day = try #require(try await ledger.arrival(id)?.received.day)
        try folders.originals.erase(id, day: day)
        let looking = Task { try await check(ledger, folders: folders).look() }
        while folders.arrivals.waiting(for: id) == 0 { await Task.yield() }
        _ = try folders.publisher.erase(id, day: day)
        try await ledger.forget(id, actor: "anna@1000")
        folders.arrivals.unlock(id)
        try await looking.value
        #expect(try await ledger.auditEntries(AuditFilter(event: "rotten")) == [] && alarms == [])
    }
}
