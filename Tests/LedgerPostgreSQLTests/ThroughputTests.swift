import Foundation
import Ledger
import LedgerSQL
import LedgerSQLite
import Screening
import TestSupport
import Testing

@testable import LedgerPostgreSQL

/// Arrivals through all states, by stations whose reader only sleeps: how many the ledger takes, and whether each station gets its share.
///
/// The numbers are printed for the manual; what is asserted holds on every machine.
///
/// Only by itself, PAPILLA_SOAK=1 swift test --filter ThroughputTests: beside other tests nobody's share is its own.
@Suite(
    .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["PAPILLA_SOAK"] != nil, "numbers are for a machine that does nothing else"),
    .enabled(if: PostgresServer.shared != nil, "PostgreSQL is not installed: Deploy/test does"))
struct ThroughputTests {
    private static let seconds = 20

    /// One arrival all the way.
    private func screen(_ ledger: any WholeLedger, _ id: ScreeningID, isStation: Bool, reading: Duration) async throws {
        let path = "\(id).jpg"
        if isStation { _ = try await ledger.reserve(path, for: nil) }
        let digest = Digest(of: path.utf8)
        try await ledger.receive(
            NewArrival(
                id: id, path: path, name: path, isUrgent: false, received: Timestamp(milliseconds: 1_795_516_867_250), device: 1,
                inode: 2))
        try await ledger.claim(
            id,
            Claim(spool: "\(id)/\(path)", sha256: digest, bytes: 5, sidecar: nil, sidecarDigest: nil))
        _ = try await ledger.begin(id)
        if reading > .zero { try await Task.sleep(for: reading) }
        let row = try #require(try await ledger.arrival(id))
        let report = Clinic.report(row, .measured)
        try await ledger.finish(
            id,
            Ending(
                report: report, bundle: "2026-11-24/\(id)", bundleDigest: digest, original: "archive/2026-11-24/\(id)/\(path)",
                timing: Report.Timing(wait: 1, decode: 2, route: 3, infer: 4, render: 5, publish: 6)))
    }

    /// Works for a while.
    ///
    /// - Returns: how many arrivals each ledger took.
    private func work(_ ledgers: [any WholeLedger], isStation: Bool, reading: Duration) async throws -> [Int] {
        let end = ContinuousClock.now + .seconds(Self.seconds)
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for (number, ledger) in ledgers.enumerated() {
                group.addTask {
                    var count = 0
                    while ContinuousClock.now < end {
                        count += 1
                        try await screen(
                            ledger, Clinic.id(number * 1_000_000 + count), isStation: isStation, reading: reading)
                    }
                    return count
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func tell(_ words: String, _ counts: [Int]) {
        let rate = Double(counts.reduce(0, +)) / Double(Self.seconds)
        let share = Double(counts.min() ?? 0) / Double(max(1, counts.max() ?? 1))
        print("\(words): \(Int(rate.rounded())) arrivals a second, fewest / most \((share * 100).rounded() / 100)")
    }

    @Test("Arrivals a second in a file") func file() async throws {
        let folder = try TemporaryFolder("throughput")
        let ledger = try LedgerStore(path: folder.path + "/papilla.sqlite", mode: .create)
        let counts = try await work([ledger], isStation: false, reading: .zero)
        tell("SQLite, one service", counts)
        #expect(try ledger.verifyChain(expecting: nil).isIntact)
    }

    @Test("No station starves", arguments: [1, 2, 4, 8]) func stations(_ count: Int) async throws {
        let shared = try Shared()
        try shared.run("ALTER SYSTEM SET fsync TO on")
        try shared.run("SELECT pg_reload_conf()")
        var ledgers: [any WholeLedger] = []
        for number in 1...count { ledgers.append(try await shared.station("s\(number)")) }
        let counts = try await work(ledgers, isStation: true, reading: .milliseconds(5))
        tell("PostgreSQL, \(count) stations", counts)
        #expect(counts.count == count && Double(counts.min() ?? 0) >= 0.7 * Double(counts.max() ?? 0), "\(counts)")
        #expect(try await ledgers[0].verifyChain().isIntact)
        try shared.run("ALTER SYSTEM RESET fsync")
        try shared.run("SELECT pg_reload_conf()")
    }
}
