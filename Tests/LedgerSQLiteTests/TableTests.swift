import Foundation
import GRDB
import Ledger
import LedgerSQL
import Screening
import TestSupport
import Testing

@testable import LedgerSQLite

/// The tables themselves.
@Suite struct TableTests {
    let clinic: Clinic
    init() async throws { clinic = try await Clinic() }

    @Test func anEndFillsTheTables() async throws {
        try await clinic.screen(Clinic.id(1))
        try clinic.look { (db) throws in
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM image WHERE width = 640 AND format = 'jpeg'") == 1)
            #expect(try String.fetchAll(db, sql: "SELECT task FROM model ORDER BY id") == ["router", "disc", "cup"])
            #expect(try Double.fetchOne(db, sql: "SELECT publish_ms FROM screening") == 6)
        }
    }

    /// 10,000 arrivals and more: none of the service's everyday queries reads whole tables.
    @Test(arguments: [
        ArrivalRow.select + " WHERE id = 'x'",
        ArrivalRow.select + " WHERE suffix >= 'k7q' AND suffix < 'k7q{' ORDER BY id LIMIT 9",
        ArrivalRow.select + " WHERE state <> 'finished' ORDER BY urgent DESC, received, id",
        "SELECT state, count(*) FROM arrival WHERE state <> 'finished' GROUP BY state",
        "SELECT count(*) FROM arrival WHERE finished > 'x'",
        "SELECT arrival, bundle FROM screening WHERE sha256 = 'x' AND key = 'x' AND key IS NOT NULL AND outcome <> 'failed'",
        "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
        "SELECT * FROM audit WHERE subject = 'x' ORDER BY seq DESC",
        "SELECT kind FROM finding WHERE screening = 1",
        "SELECT bundle FROM screening WHERE reused_from = 'x' AND outcome IN ('measured', 'no_finding') AND bundle IS NOT NULL",
        "SELECT id FROM arrival WHERE expired >= 'x' AND forgotten IS NULL",
        "SELECT outcome, count(*) FROM arrival WHERE outcome IS NOT NULL GROUP BY outcome",
        "SELECT seq FROM audit WHERE event = 'finished' AND seq > 7 ORDER BY seq LIMIT 250",
    ]) func everydayQueriesUseIndexes(_ sql: String) throws {
        try clinic.look { (db) throws in
            let plan = try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
            // A scan of the partial index of what is pending, or of the audit's end, is no scan of a table.
            let scans = plan.filter { $0.hasPrefix("SCAN") && !$0.contains("arrival_pending") && $0 != "SCAN audit" }
            #expect(scans.isEmpty, "\(plan)")
            #expect(!plan.contains("USE TEMP B-TREE FOR ORDER BY") || sql.contains("LIMIT 9"), "\(plan)")
        }
    }

    /// A subject's history reads what is of the subject, in the order of the index.
    @Test func aHistoryUsesIndexes() throws {
        try clinic.look { (db) throws in
            let plan = try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + ExaminedRow.ofSubject, arguments: ["7", "A"])
                .map { $0["detail"] as String }
            #expect(plan.contains { $0.hasPrefix("SEARCH arrival USING INDEX arrival_subject (subject=?") }, "\(plan)")
            #expect(
                plan.contains { $0.hasPrefix("SEARCH subject USING") && $0.contains("subject_once (identifier=?") }, "\(plan)")
            #expect(!plan.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") }, "\(plan)")
        }
    }
}
