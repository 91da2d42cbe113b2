import Custody
import Files
import Glibc
import Ledger
import LedgerSQL
import LedgerSQLite
import Reading
import Screening
import TestSupport
import Testing

@testable import Service
import Settings

/// Forgetting, backing up, restoring.
// One after the other: each test has an inbox, and the kernel allows a user 128 instances of inotify.
@Suite(.serialized) struct MaintenanceTests {
    private let sandbox: Sandbox
    private let screener = FakeScreener()
    init() throws { sandbox = try Sandbox() }

    private func removeLedger() {
        for suffix in ["", "-wal", "-shm"] { unlink("\(sandbox.path)/ledger.sqlite\(suffix)") }
    }

    private func statement() async throws -> Statement {
        try await LedgerStore(path: sandbox.configuration.paths.ledger, mode: .readOnly).statement(
            in: sandbox.configuration.paths.folders)
    }

    @Test(.enabled(if: geteuid() == 0)) func rootIsToldToRestoreAsTheServicesUser() async throws {
        try sandbox.drop("a.jpg")
        _ = try await sandbox.drain()
        #expect(chown(sandbox.path, 65534, 65534) == 0)
        defer { _ = chown(sandbox.path, 0, 0) }
        await #expect {
            _ = try await Restore(sandbox.configuration, actor: "root@0", ledgers: SQLiteLedgers()).run(from: .bundles)
        } throws: { ($0 as? PapillaError)?.code == .refused && ($0 as? PapillaError)?.hint?.contains("sudo -u") == true }
    }

    @Test func whomAnArrivalWasOfIsErasedAndTheChainStillVerifies() async throws {
        for name in ["anna.jpg", "anna again.jpg", "bert.jpg"] { try sandbox.drop(name, "image of \(name)") }
        for name in ["anna", "anna again"] { try sandbox.drop("\(name).json", #"{"patient": "P-4711"}"#) }
        let finished = try await sandbox.drain()
        let id = try #require(finished.first { $0.report.source.name == "anna.jpg" }?.report.id)
        let again = try #require(finished.first { $0.report.source.name == "anna again.jpg" }?.report.id)
        let (folders, ledger) = try sandbox.open()
        let head = try await ledger.head().hash.description
        let forget = Forget(ledger: ledger, folders: folders, withdraw: { _ in false })
        let forgotten = try await forget.run(String(id.description.suffix(8)), actor: "anna@1000")
        #expect(forgotten == ForgottenArrival(id: id, bundles: 1, related: [again]))
        let left = try (sandbox.files("archive") + sandbox.files("outbox")).filter { $0.contains("\(id)") }
        #expect(left == [])
        let row = try #require(try await ledger.arrival(id))
        #expect(row.name == nil && row.patient == nil && row.outcome == .noFinding)
        let verification = try await ledger.verify(sandbox.configuration.paths.folders, expecting: head)
        #expect(verification.ok && verification.forgotten > 0)
        #expect(try await ledger.auditEntries(AuditFilter(event: "forgotten")).map(\.actor) == ["anna@1000"])
        // Once more does no harm, and the other one is still there.
        #expect(try await forget.run("\(id)", actor: "anna@1000").bundles == 0)
        #expect(try sandbox.files("archive").count == 3)
    }

    @Test("A2: a file that is named for another arrival keeps its bundle") func namedForAnother() async throws {
        try sandbox.drop("anna.jpg", "image of anna")
        let id = try #require(try await sandbox.drain().first?.report.id)
        for name in ["eye.\(id).jpg", "eye.\(id).v2.jpg", "\(id).jpg", ".\(id)", "x.\(id)"] { try sandbox.drop(name, name) }
        let others = try await sandbox.drain().map(\.bundle).sorted()
        #expect(others.count == 4)
        let (folders, ledger) = try sandbox.open()
        #expect(
            try await Forget(ledger: ledger, folders: folders, withdraw: { _ in false }).run("\(id)", actor: "a@1").bundles == 1)
        for bundle in others { #expect(try folders.publisher.has(bundle)) }
        #expect(try await sandbox.verify() == [])
    }

    @Test("A10: what is being written is not cleaned away") func cleaning() async throws {
        try sandbox.drop("a.jpg")
        let id = try #require(try await sandbox.drain().first?.report.id)
        let (folders, ledger) = try sandbox.open()
        var publisher = folders.publisher
        // A second bundle of the arrival is in the staging folder when the service cleans it.
        publisher.checkpoint = { _ in try folders.publisher.clean() }
        let screener = FakeScreener()
        let source = Report.Source(name: "b.jpg", path: "b.jpg", sha256: nil, bytes: 1, received: .now)
        let bundle = try await screener.screen([], id: id, source: source, identification: Identification(), waited: 0)
        let published = try publisher.publish(bundle, day: "2026-11-24")
        #expect(try folders.publisher.has(published.folder))
        // What nobody writes goes.
        let staging = try folders.publisher.outbox.folder(Publisher.staging)
        _ = try staging.make(FileName(ours: "\(id)"))
        try folders.publisher.clean()
        #expect(try staging.isEmpty())
        try await ledger.close()
    }

    @Test func forgettingThatWasCutShortIsCompleted() async throws {
        try sandbox.drop("anna.jpg")
        let id = try #require(try await sandbox.drain().first?.report.id)
        let (folders, ledger) = try sandbox.open()
        try await ledger.beginForgetting(id, actor: "anna@1000")
        #expect(try folders.publisher.erase(id, day: Timestamp.now.day) == 1)
        try await Forget(ledger: ledger, folders: folders, withdraw: { _ in false }).complete()
        #expect(try sandbox.files("archive") == [])
        #expect(try await sandbox.verify() == [])
        #expect(try await ledger.halfForgotten().isEmpty)
    }

    @Test func aBackupIsVerifiedAndRestoredWithWhatCameAfterIt() async throws {
        try sandbox.drop("a.jpg")
        try await sandbox.drain(screener)
        let (_, ledger) = try sandbox.open()
        let file = "\(sandbox.path)/backup.sqlite"
        let backup = try await ledger.backUp(to: file)
        let entries = try await ledger.head().entries
        #expect(backup.arrivals == 1 && backup.entries == entries)
        await #expect(throws: PapillaError.self) { try await ledger.backUp(to: file) }
        try await ledger.close()
        // After the backup: one arrival that ended, and one that a stop left in the spool.
        try sandbox.drop("b.jpg", "another image")
        try await sandbox.drain(screener)
        try sandbox.drop("c.jpg", "a third")
        await #expect(throws: (any Error).self) {
            try await sandbox.drain(checkpoint: { stage in
                if stage == .spooled { throw PapillaError(.system, "a stop", isRetryable: true) }
            })
        }

        let restore = Restore(sandbox.configuration, actor: "root@0", ledgers: SQLiteLedgers())
        let result = try await restore.run(from: .backup(file))
        #expect(result.adopted.finished == 1 && result.adopted.pending == 1 && result.adopted.withoutOriginal == 0)
        #expect(result.before != nil)
        #expect(try await sandbox.verify() == [])
        try await sandbox.drain(screener)
        #expect(try await statement().received == 3)
        #expect(try await statement().pending == 0)
        #expect(try await sandbox.verify() == [])
        let audit = try await LedgerStore(path: sandbox.configuration.paths.ledger, mode: .readOnly).auditEntries(
            AuditFilter(event: "restored"))
        #expect(audit.map(\.actor) == ["root@0"] && audit.first?.detail?.contains(backup.head) == true)
    }

    @Test func aLedgerIsRebuiltFromBundles() async throws {
        try sandbox.drop("a.jpg", "image")
        try sandbox.drop("sub/b.jpg", "not an image")
        try sandbox.drop("b.jpg", "truncated")
        try sandbox.drop("a.json", #"{"patient": "P1", "eye": "left"}"#)
        try await sandbox.drain(screener)
        try sandbox.drop("copy.jpg", "image")
        try sandbox.drop("copy.json", #"{"eye": "left"}"#)
        #expect(try await sandbox.drain(screener).first?.report.reusedFrom != nil)
        let before = try await statement()
        removeLedger()
        // Never by itself.
        #expect(throws: PapillaError.self) { try sandbox.open() }
        let result = try await Restore(sandbox.configuration, actor: "root@0", ledgers: SQLiteLedgers()).run(from: .bundles)
        #expect(result.adopted.finished == 4 && result.adopted.pending == 0 && result.adopted.withoutOriginal == 0)
        #expect(result.adopted.damaged == [] && result.before == nil)
        #expect(try await statement() == before)
        #expect(try await sandbox.verify() == [])
        let (_, ledger) = try sandbox.open()
        let row = try #require(try await ledger.arrivals().first { $0.name == "a.jpg" })
        #expect(row.patient == "P1" && row.eye == .left && row.sidecar == "a.json" && row.outcome == .noFinding)
        try await ledger.close()
        // And life goes on.
        try sandbox.drop("d.jpg", "a new image")
        try await sandbox.drain(screener)
        #expect(try await statement().received == 5)
        #expect(try await sandbox.verify() == [])
    }

    @Test func whatDoesNotVerifyIsNotRestored() async throws {
        try sandbox.drop("a.jpg")
        try await sandbox.drain(screener)
        let (_, ledger) = try sandbox.open()
        let file = "\(sandbox.path)/backup.sqlite"
        _ = try await ledger.backUp(to: file)
        try await ledger.close()
        let descriptor = Glibc.open(file, O_RDWR)
        let nonsense = [UInt8](repeating: 0x5A, count: 8192)
        #expect(pwrite(descriptor, nonsense, nonsense.count, 4096 * 3) == nonsense.count)
        Glibc.close(descriptor)
        let restore = Restore(sandbox.configuration, actor: "root@0", ledgers: SQLiteLedgers())
        await #expect { try await restore.run(from: .backup(file)) } throws: { ($0 as? PapillaError)?.code == .damaged }
        await #expect(throws: PapillaError.self) { try await restore.run(from: .backup("/nowhere")) }
        #expect(try await sandbox.verify() == [])
        // Nor while a service works.
        let lock = try LedgerLock(beside: sandbox.configuration.paths.ledger)
        await #expect { try await restore.run(from: .bundles) } throws: { ($0 as? PapillaError)?.code == .refused }
        withExtendedLifetime(lock) {}
    }
}
