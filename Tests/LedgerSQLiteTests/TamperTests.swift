import Foundation
import GRDB
import Screening
import TestSupport
import Testing

@testable import Ledger
import LedgerSQL
@testable import LedgerSQLite

/// Whatever is changed past the ledger, in its file with no trigger in the way or in its folders, `audit verify` names it.
@Suite struct TamperTests {
    let clinic: Clinic
    var ledger: any WholeLedger { clinic.ledger }

    /// A clinic in which everything has happened: every outcome, a reading used again, decisions, a correction, one that is under way, one
    /// that was forgotten, one that expired, arrivals in every state, and deliveries in every state.
    init() async throws {
        clinic = try await Clinic()
        let terms = [
            DeliveryTerms(target: "ehr", takesUnidentified: true), DeliveryTerms(target: "archive", takesUnidentified: false),
        ]
        for (number, outcome) in Outcome.allCases.enumerated() {
            try await clinic.screen(Clinic.id(number), outcome, content: "image \(number)", deliveries: number < 2 ? terms : [])
        }
        try await ledger.deliver(try #require(try await ledger.due(to: "ehr", limit: 1).first?.number))
        try await clinic.receive(Clinic.id(10), name: "SMITH.jpg")
        try await clinic.claim(Clinic.id(10), patient: "Smith", study: "S-1", eye: .left, sidecar: #"{"patient": "Smith"}"#)
        _ = try await ledger.begin(Clinic.id(10))
        try await clinic.finish(Clinic.id(10))
        _ = try await ledger.decide(
            NewDecision(Clinic.id(10), reader: "Anna", verdict: .reject, note: "blurred"), actor: "anna@1000")
        try await clinic.correct(Clinic.id(0), deliveries: terms)
        try await ledger.beginCorrection(
            NewDecision(Clinic.id(1), reader: "Ben", verdict: .correct, note: nil), version: 2, actor: "ben@1001")
        try await clinic.screen(Clinic.id(11), name: "MUELLER.jpg", content: "another image", deliveries: terms)
        _ = try await ledger.decide(
            NewDecision(Clinic.id(11), reader: "Ben", verdict: .reject, note: "of Mr. Mueller"), actor: "ben@1001")
        try await clinic.forget(Clinic.id(11))
        try await clinic.screen(Clinic.id(12), .ungradable, content: "a dark image")
        try await clinic.expire(Clinic.id(12))
        try await clinic.receive(Clinic.id(20))
        try await clinic.receive(Clinic.id(21))
        try await clinic.claim(Clinic.id(21), patient: "Jones")
        try await clinic.receive(Clinic.id(22))
        try await clinic.claim(Clinic.id(22))
        _ = try await ledger.begin(Clinic.id(22))
        try await clinic.receive(Clinic.id(23))
        try await ledger.wait(Clinic.id(23), for: "space")
        try await ledger.record("stopped", subject: "service", detail: ["why": "as asked"])
    }

    /// A visit beside all that, of a subject of whom an arrival is, too.
    private func recordVisit() async throws {
        try await ledger.record(clinic.visit(90, of: Subject(identifier: "Jones"), members: [Clinic.id(21)]))
        #expect(try await problems() == [])
    }

    private func problems(expecting head: String? = nil) async throws -> [Verification.Problem] {
        let reader: any WholeLedger = try LedgerStore(path: clinic.path, mode: .readOnly)
        return try await reader.verify(clinic.folders, expecting: head).problems
    }

    @Test func whatNobodyTouchedVerifies() async throws { #expect(try await problems() == []) }

    /// The file as bytes, to be put back after each change.
    private func snapshot() async throws -> (put: () throws -> Void, tables: [String]) {
        try await ledger.close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: clinic.path))
        let path = clinic.path
        let connection = try DatabaseQueue(path: path)
        let tables = try await connection.read { db in
            try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        }
        try connection.close()
        return (
            {
                for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
                try bytes.write(to: URL(fileURLWithPath: path))
            }, tables
        )
    }

    /// Everything that a hand could write into a column of a row: other values of its type, and nothing.
    private static func changes(_ value: DatabaseValue) -> [DatabaseValue] {
        switch value.storage {
        case .null: [1.databaseValue, "x".databaseValue, String(repeating: "0", count: 64).databaseValue]
        case .int64(let value): [(value + 1).databaseValue, (1 - value).databaseValue, .null]
        case .double(let value): [(value + 0.25).databaseValue, value.nextUp.databaseValue, .null]
        case .string(let text):
            [
                (text + "x").databaseValue, (String(text.dropLast()) + (text.last == "0" ? "1" : "0")).databaseValue,
                "".databaseValue,
                .null,
            ]
        case .blob: [.null]
        }
    }

    /// Tries a change past the ledger; false where SQLite itself refuses it (a type, a constraint of the table).
    private func tampers(_ change: (Database) throws -> Void) throws -> Bool {
        var configuration = GRDB.Configuration()
        configuration.foreignKeysEnabled = false
        let connection = try DatabaseQueue(path: clinic.path, configuration: configuration)
        defer { try? connection.close() }
        return try connection.writeWithoutTransaction { db in
            for name in try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
                try db.execute(sql: "DROP TRIGGER \(name)")
            }
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
            do { try change(db) } catch is DatabaseError { return false }
            return db.changesCount > 0
        }
    }

    /// What verification says of the changed file: its problems, or why the file is refused. Where the chain's part of it says enough, the
    /// rest is left out: thousands of changes are tried.
    private func verdict() async throws -> [String] {
        do {
            let reader: any WholeLedger = try LedgerStore(path: clinic.path, mode: .readOnly)
            let chain = try await reader.verifyChain()
            let quick = chain.faults.map(\.problem) + chain.rows.map { "\($0.row): \($0.problem)" }
            return try await quick.isEmpty ? problems().map(\.detail) : quick
        } catch let error as PapillaError {
            #expect([.damaged, .refused].contains(error.code), "\(error.detailed)")
            return ["refused: \(error.message)"]
        }
    }

    @Test("A1: every column of every row of every table counts") func everyColumnOfEveryRow() async throws {
        try await recordVisit()
        let (put, tables) = try await snapshot()
        var count = 0
        for table in tables {
            let (columns, keys, rows) = try await content(of: table)
            for row in rows {
                let key = keys.map { "\($0) IS ?" }.joined(separator: " AND ")
                let values = keys.compactMap { row[$0] as DatabaseValue? }
                for column in columns {
                    // One value for each, of another kind from row to row.
                    let changes = Self.changes(row[column])
                    for turn in changes.indices {
                        let value = changes[(count + turn) % changes.count]
                        try put()
                        let sql = "UPDATE \(table) SET \(column) = ? WHERE \(key)"
                        guard try tampers({ try $0.execute(sql: sql, arguments: StatementArguments([value] + values)) }) else {
                            continue
                        }
                        count += 1
                        #expect(try await !verdict().isEmpty, "\(table) \(values): \(column) = \(value)")
                        break
                    }
                }
            }
        }
        #expect(count > 1000)
    }

    @Test("A1: every row that is gone or added counts") func everyRowThatIsGoneOrAdded() async throws {
        try await recordVisit()
        let (put, tables) = try await snapshot()
        for table in tables {
            let (columns, keys, rows) = try await content(of: table)
            for row in rows {
                let key = keys.map { "\($0) IS ?" }.joined(separator: " AND ")
                let values = keys.compactMap { row[$0] as DatabaseValue? }
                try put()
                // A note of what is to be done is taken away by whoever has done it.
                let isNote = table == "setting" && (row["name"] as String).hasPrefix("visits due ")
                func delete(_ db: Database) throws {
                    try db.execute(sql: "DELETE FROM \(table) WHERE \(key)", arguments: StatementArguments(values))
                }
                if !isNote, try tampers(delete) {
                    #expect(try await !verdict().isEmpty, "\(table) \(values) deleted")
                }
                // The same row once more, under every other key that goes.
                for key in keys {
                    for value in Self.changes(row[key]).prefix(1) {
                        try put()
                        let cells = columns.map { $0 == key ? value : row[$0] as DatabaseValue }
                        let marks = columns.map { _ in "?" }.joined(separator: ", ")
                        let sql = "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
                        guard try tampers({ try $0.execute(sql: sql, arguments: StatementArguments(cells)) }) else { continue }
                        #expect(try await !verdict().isEmpty, "\(table) \(cells) added")
                    }
                }
            }
        }
    }

    /// Columns that may be written, the columns of the primary key, and the rows.
    private func content(of table: String) async throws -> (columns: [String], keys: [String], rows: [Row]) {
        let connection = try DatabaseQueue(path: clinic.path)
        defer { try? connection.close() }
        return try connection.read { db in
            let columns = try String.fetchAll(db, sql: "SELECT name FROM pragma_table_xinfo('\(table)') WHERE hidden = 0")
            let keys = try String.fetchAll(db, sql: "SELECT name FROM pragma_table_xinfo('\(table)') WHERE pk > 0 ORDER BY pk")
            return (columns, keys, try Row.fetchAll(db, sql: "SELECT * FROM \(table)"))
        }
    }

    /// The attack on 0.1.0: the detail of an ending blanked, and then its figures, its report and the digest made to fit each other.
    @Test("A1: a ratio, its report and its digest made to fit after the detail was blanked") func aRatioMadeToFit() async throws {
        let head = try await ledger.head().hash.description
        let id = Clinic.id(3)
        #expect(try await ledger.arrival(id)?.outcome == .outOfDomain)
        let bundle = "\(clinic.folders.outbox)/2026-11-24/eye.\(Clinic.id(10))"
        let json = try String(contentsOfFile: bundle + "/report.json", encoding: .utf8)
        let report = json.replacingOccurrences(of: "\"vertical\" : 0.7", with: "\"vertical\" : 0.3")
        #expect(report != json)
        try Clinic.write(report, to: bundle + "/report.json")
        try clinic.tamper(
            """
            UPDATE audit SET detail = NULL WHERE subject = '\(Clinic.id(10))';
            UPDATE finding SET value = 0.3 WHERE code = 'vcdr' AND screening = (SELECT id FROM screening WHERE arrival = '\(Clinic.id(10))');
            UPDATE screening SET bundle_sha256 = '\(Digest(of: report.utf8))' WHERE arrival = '\(Clinic.id(10))';
            """)
        let found = try await problems(expecting: head)
        #expect(found.contains { $0.kind == .row && $0.subject.hasPrefix("screening ") })
        #expect(found.contains { $0.kind == .chain && $0.detail.contains("blank") })
    }

    /// Forgetting blanks the details for good; what the ending said is still bound.
    @Test("A1: what a forgotten arrival's ending said stays bound") func aForgottenEndingStaysBound() async throws {
        #expect(try await problems() == [])
        let (put, _) = try await snapshot()
        for sql in [
            "UPDATE finding SET value = 0.3 WHERE code = 'vcdr' AND screening = (SELECT id FROM screening WHERE arrival = '\(Clinic.id(11))')",
            "UPDATE screening SET bundle_sha256 = '\(Digest(of: []))' WHERE arrival = '\(Clinic.id(11))'",
            "UPDATE screening SET outcome = 'no_finding' WHERE arrival = '\(Clinic.id(11))'",
            "UPDATE arrival SET sha256 = (SELECT min(sha256) FROM image) WHERE id = '\(Clinic.id(11))'",
        ] {
            try put()
            try clinic.tamper(sql)
            #expect(try await problems().contains { $0.kind == .row }, "\(sql)")
        }
    }

    /// An entry added at the end is a valid one; it cannot make rows that stay as they were made into others.
    @Test("A1: an entry that was added cannot change what an ending said") func anAddedEntryChangesNothing() async throws {
        try clinic.tamper("UPDATE finding SET value = 0.3 WHERE code = 'vcdr'")
        let connection = try DatabaseQueue(path: clinic.path)
        try await connection.write { db in
            for screening in try Int64.fetchAll(db, sql: "SELECT DISTINCT screening FROM finding WHERE code = 'vcdr'") {
                try AuditEntry.append(
                    SQLiteDatabase(db), at: .now, actor: "service", event: "tidied", subject: "service",
                    detail: [String: String](),
                    rows: [.screening(screening)])
            }
        }
        try connection.close()
        let found = try await problems()
        #expect(found.contains { $0.kind == .chain && $0.detail.contains("stays as it was made") })
    }

    /// Whom rows are of stands in another table than they: it is bound with them.
    @Test(
        "A1: whom a row is of cannot be changed by the subject's",
        arguments: [
            "UPDATE subject SET identifier = 'Smythe' WHERE identifier = 'Smith'",
            "UPDATE subject SET issuer = 'A' WHERE identifier = 'Jones'",
            "UPDATE subject SET number = number + 10",
            "UPDATE arrival SET subject = (SELECT number FROM subject WHERE identifier = 'Jones') WHERE subject IS NOT NULL",
            "UPDATE arrival SET subject = NULL",
            "UPDATE visit SET subject = (SELECT number FROM subject WHERE identifier = 'Smith')",
            "DELETE FROM subject WHERE identifier = 'Smith'",
            "INSERT INTO subject (identifier) VALUES ('Doe')",
            // The same person twice: half of the rows would escape the forgetting.
            """
            DROP INDEX subject_once; INSERT INTO subject (number, identifier) VALUES (99, 'Jones');
            UPDATE visit SET subject = 99
            """,
        ]) func whomARowIsOf(_ sql: String) async throws
    {
        try await recordVisit()
        try clinic.tamper(sql)
        #expect(try await problems().contains { $0.kind == .row || $0.kind == .invariant })
    }

    @Test("A1: the file itself refuses a blank that nothing proves") func theFileRefusesABlank() async throws {
        let other = try DatabaseQueue(path: clinic.path)
        #expect(throws: DatabaseError.self) {
            try other.write { db in try db.execute(sql: "UPDATE audit SET detail = NULL WHERE subject = '\(Clinic.id(10))'") }
        }
        try other.close()
    }

    /// Nothing that the chain keeps lets anybody guess whom a forgotten arrival was of.
    @Test("A1: no digest that stays can be made from a forgotten name") func noDigestOfAForgottenName() async throws {
        try clinic.look { db in
            let row = try #require(
                try Row.fetchOne(
                    db, sql: "SELECT * FROM audit WHERE subject = ? AND event = 'received'",
                    arguments: [Clinic.id(11).description]))
            let binding = try Binding(try #require(row["binding"] as String?))
            #expect(row["detail"] as String? == nil && binding.rows.values.contains { $0.named != nil })
            let guessed = ["name": "MUELLER.jpg", "path": "\(Clinic.id(11))/MUELLER.jpg"]
            let arrival = try #require(
                try SQLiteDatabase(db).rows(
                    sql: "SELECT * FROM arrival WHERE id = ?", arguments: [Clinic.id(11).description], limit: 1
                ).first)
            let columns: Binding.Columns = zip(arrival.columns, arrival.values).map { name, value in
                if let guess = guessed[name] { return (name, .text(guess)) }
                switch value {
                case .integer(let integer): return (name, .integer(integer))
                case .real(let real): return (name, .real(real))
                case .text(let text): return (name, .text(text))
                case .null, .blob: return (name, .null)
                }
            }
            for detail in ["", #"{"name":"MUELLER.jpg","path":"\#(Clinic.id(11))/MUELLER.jpg","urgent":false}"#] {
                let guess = Binding.Table.arrival.bound(columns, detail: detail)
                #expect(!binding.rows.values.contains { $0.named == guess.named })
            }
        }
    }

    // MARK: - Files

    @Test("A7: every byte of every published file and original counts") func everyByteOfEveryFile() async throws {
        let files = try [clinic.folders.outbox, clinic.folders.archive, clinic.folders.quarantine].flatMap(Self.files)
        #expect(files.count >= 20)
        for file in files {
            let url = URL(fileURLWithPath: file)
            let content = try Data(contentsOf: url)
            let id = try #require(
                file.split(separator: "/").compactMap { FolderCensus.id(ofBundle: String($0)) ?? ScreeningID(String($0)) }.first)
            // Verification looks at each arrival's files like this.
            func expectNamed(_ what: String) async throws {
                #expect(try await !(ledger.check(id, clinic.folders) { _ in }?.problems.isEmpty ?? true), "\(what): \(file)")
            }
            let offsets =
                content.count <= 64
                ? Array(0..<content.count)
                : stride(from: 0, to: content.count, by: content.count / 6).map(\.self) + [content.count - 1]
            for offset in offsets {
                var changed = content
                changed[offset] ^= 1
                try changed.write(to: url)
                try await expectNamed("byte \(offset)")
            }
            try content.dropLast().write(to: url)
            try await expectNamed("truncated")
            try (content + [0]).write(to: url)
            try await expectNamed("longer")
            try Data().write(to: url)
            try await expectNamed("emptied")
            try FileManager.default.removeItem(at: url)
            try await expectNamed("deleted")
            #expect(try await problems().contains { $0.subject == id.description }, "\(file)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
            try await expectNamed("a folder instead")
            try FileManager.default.removeItem(at: url)
            try content.write(to: url)
            let added = file + ".bak"
            try content.write(to: URL(fileURLWithPath: added))
            try await expectNamed("added beside")
            try FileManager.default.removeItem(atPath: added)
        }
        #expect(try await problems() == [])
    }

    private static func files(_ folder: String) throws -> [String] {
        try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }.map { folder + "/" + $0 }.filter
        {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
        }.sorted()
    }
}
