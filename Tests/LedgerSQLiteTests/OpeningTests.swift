import Foundation
import GRDB
import Ledger
import Screening
import TestSupport
import Testing

import LedgerSQL
@testable import LedgerSQLite

/// What is opened, what is made, and what is refused: a ledger that is there is never recreated.
@Suite struct OpeningTests {
    let clinic: Clinic
    init() async throws { clinic = try await Clinic() }

    private func refusal(_ path: String, _ mode: LedgerStore.Mode) -> PapillaError? {
        do {
            _ = try LedgerStore(path: path, mode: mode)
            return nil
        } catch { return error }
    }

    @Test func aNewLedgerIsEmptyAndBegunByItsCreation() async throws {
        let entries = try await clinic.ledger.auditEntries()
        #expect(entries.map(\.event) == ["created"])
        #expect(entries[0].previous.description == AuditEntry.genesisPrevious)
        #expect(try await clinic.ledger.verifyChain().isIntact)
        #expect(try await clinic.ledger.violatedInvariants().isEmpty)
        #expect(try await clinic.ledger.pending().isEmpty)
    }

    @Test func theFileIsWhatSectionEightAsksFor() async throws {
        var status = stat()
        #expect(lstat(clinic.path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o640)
        try clinic.look { (db) throws in
            #expect(try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal")
            #expect(try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2)
            #expect(try Bool.fetchOne(db, sql: "PRAGMA foreign_keys") == true)
            #expect(try Int32.fetchOne(db, sql: "PRAGMA application_id") == Schema.applicationID)
            #expect(try Int.fetchOne(db, sql: "PRAGMA user_version") == Schema.version)
            #expect(try Int.fetchOne(db, sql: "PRAGMA busy_timeout") == 10_000)
            let tables = try Row.fetchAll(
                db, sql: "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
            )
            .filter { !($0["name"] as String).hasPrefix("sqlite_") && $0["name"] != "grdb_migrations" }
            #expect(
                Set(tables.map { $0["name"] as String }) == [
                    "arrival", "image", "subject", "screening", "finding", "decision", "correction", "delivery", "visit", "model",
                    "audit", "setting",
                ])
            #expect(tables.allSatisfy { $0["strict"] == true })
        }
    }

    @Test func createOpensWhatIsThere() async throws {
        try await clinic.receive(Clinic.id(1))
        let head = try await clinic.ledger.head()
        let again: any WholeLedger = try LedgerStore(path: clinic.path, mode: .create)
        #expect(try await again.head() == head)
        #expect(try await again.pending().map(\.id) == [Clinic.id(1)])
    }

    @Test func aDraftLeftByACrashIsNoHindrance() async throws {
        try Clinic.write("half a ledger", to: clinic.root + "/other.sqlite.new")
        let ledger: any WholeLedger = try LedgerStore(path: clinic.root + "/other.sqlite", mode: .create)
        #expect(try await ledger.verifyChain().isIntact)
        #expect(!FileManager.default.fileExists(atPath: clinic.root + "/other.sqlite.new"))
    }

    @Test(arguments: [LedgerStore.Mode.open, .readOnly]) func aMissingFileIsNotMade(_ mode: LedgerStore.Mode) {
        let path = clinic.root + "/none.sqlite"
        #expect(refusal(path, mode)?.code == .notFound)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aMissingFolderIsNotMade() {
        #expect(refusal(clinic.root + "/none/papilla.sqlite", .create)?.code == .system)
    }

    @Test(arguments: [LedgerStore.Mode.create, .open, .readOnly]) func whatIsNotALedgerIsRefusedAndLeftAlone(
        _ mode: LedgerStore.Mode
    )
        throws
    {
        let path = clinic.root + "/other"
        for content in [
            "", "SQLite", "This is a text file that somebody put here.",
            "SQLite format 3\0" + String(repeating: "x", count: 5000),
        ] {
            try Clinic.write(content, to: path)
            #expect(refusal(path, mode)?.code == .damaged, "\(content.prefix(20))")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
        }
        #expect(refusal(clinic.root, mode)?.code == .damaged)
    }

    @Test(arguments: [LedgerStore.Mode.create, .open, .readOnly]) func anotherProgramsDatabaseIsRefused(_ mode: LedgerStore.Mode)
        throws
    {
        let path = clinic.root + "/other.sqlite"
        let other = try DatabaseQueue(path: path)
        try other.write { db in try db.execute(sql: "CREATE TABLE person (name TEXT)") }
        try other.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(refusal(path, mode)?.code == .damaged)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test(arguments: [LedgerStore.Mode.create, .open, .readOnly]) func aNewerSchemaIsRefused(_ mode: LedgerStore.Mode) throws {
        try clinic.tamper("PRAGMA user_version = \(Schema.version + 1)")
        let refused = refusal(clinic.path, mode)
        #expect(refused?.code == .refused)
        #expect(refused?.message.contains("schema \(Schema.version + 1)") == true)
    }

    @Test(arguments: [LedgerStore.Mode.create, .open]) func aDamagedFileIsRefused(_ mode: LedgerStore.Mode) async throws {
        for number in 0..<200 { try await clinic.receive(Clinic.id(number)) }
        try await clinic.ledger.close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: clinic.path))
        // A page in the middle, overwritten with the bytes of no page.
        let page = bytes.count / 4096 / 2
        for offset in 0..<4096 { bytes[page * 4096 + offset] = 0xA5 }
        try bytes.write(to: URL(fileURLWithPath: clinic.path))
        #expect(refusal(clinic.path, mode)?.code == .damaged)
        #expect(try Data(contentsOf: URL(fileURLWithPath: clinic.path)) == bytes)
    }

    /// A question does not take longer the more is kept: what it does not need is not read. Verification reads all of it.
    @Test("A12: who only reads does not read the whole file first") func readOnlyDoesNotReadTheWholeFile() async throws {
        for number in 0..<200 { try await clinic.receive(Clinic.id(number)) }
        let root = try #require(
            try await LedgerFile.reader(clinic.path).read { db in
                try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_schema WHERE name = 'audit_hash'")
            })
        try await clinic.ledger.close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: clinic.path))
        for offset in 0..<4096 { bytes[(root - 1) * 4096 + offset] = 0xA5 }
        try bytes.write(to: URL(fileURLWithPath: clinic.path))
        let reader: any WholeLedger = try LedgerStore(path: clinic.path, mode: .readOnly)
        #expect(try await reader.overview().states["received"] == 200)
        #expect(refusal(clinic.path, .open)?.code == .damaged)
        await #expect { try await reader.verify(clinic.folders) } throws: { ($0 as? PapillaError)?.code == .damaged }
    }

    @Test("A12: a patient's and an image's other arrivals are found by an index") func relatedUsesIndices() throws {
        try clinic.look { db in
            let plan = try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + LedgerStore.relatedArrivals, arguments: ["x"])
                .map { $0["detail"] as String }
            #expect(
                plan.contains { $0.contains("arrival_subject") } && plan.contains { $0.contains("arrival_sha256") }, "\(plan)")
            #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
        }
    }

    @Test func aLogWithoutItsLedgerIsRefused() throws {
        let path = clinic.root + "/gone.sqlite"
        try Clinic.write("log", to: path + "-wal")
        #expect(refusal(path, .create)?.code == .damaged)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func readOnlyReadsWhileTheServiceWritesAndCannotWrite() async throws {
        let reader: any WholeLedger = try LedgerStore(path: clinic.path, mode: .readOnly)
        try await clinic.receive(Clinic.id(1))
        #expect(try await reader.pending().count == 1)
        await #expect(throws: PapillaError.self) {
            try await reader.record("start", subject: "service", detail: [String: String]())
        }
        await #expect(throws: PapillaError.self) { try await reader.wait(Clinic.id(1), for: "space") }
        try await clinic.receive(Clinic.id(2))
        #expect(try await reader.pending().count == 2)
        #expect(try await reader.verifyChain().isIntact)
    }

    @Test func readOnlyOpensWhatTheServiceClosed() async throws {
        try await clinic.receive(Clinic.id(1))
        try await clinic.ledger.close()
        // As for a user who may not write to the ledger's folder: the log and its index must be there already.
        #expect(FileManager.default.fileExists(atPath: clinic.path + "-wal"))
        let reader: any WholeLedger = try LedgerStore(path: clinic.path, mode: .readOnly)
        #expect(try await reader.pending().count == 1)
    }

    @Test func afterCloseEverythingThrows() async throws {
        try await clinic.ledger.close()
        await #expect(throws: PapillaError.self) { try await clinic.ledger.pending() }
    }
}
