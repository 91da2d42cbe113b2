import Files
import Ledger
import Logging
import Screening
import TestSupport
import Testing

@testable import Service
import Settings

/// Stations on a database of a server's, with folders in a sandbox.
// One after the other: each test waits for times to pass.
@Suite(.serialized, .enabled(if: PostgresServer.shared != nil, "PostgreSQL is not installed: Deploy/test does"))
struct StationTests {
    private let sandbox: Sandbox
    private let address: String

    init() throws {
        guard let server = PostgresServer.shared else { throw CancellationError() }
        sandbox = try Sandbox()
        address = try server.address(of: "service_\(UInt64.random(in: .min ... .max))")
    }

    private func paths(_ name: String) -> Configuration.Paths {
        var paths = sandbox.configuration.paths
        (paths.ledger, paths.spool) = (address, "\(sandbox.path)/spool-\(name)")
        return paths
    }

    /// The ledger as a station has it that has just entered.
    private func enter(_ name: String, lease: Duration = .seconds(3600)) async throws -> any WholeLedger {
        let ledger = try await paths(name).openLedger(.create)
        try await ledger.enter(name, spool: paths(name).spool, lease: lease)
        return ledger
    }

    @Test("A station's lease is renewed for as long as its heart beats, and is lost for good to who enters under its name")
    func heartbeat() async throws {
        let (ledger, pass) = (try await enter("a", lease: .seconds(1)), StationPass(station: "a"))
        let heartbeat = Heartbeat(ledger, pass, log: .silent, beat: .milliseconds(50))
        try await Task.sleep(for: .seconds(2))
        #expect(pass.isValid && pass.isKeeper)
        try await ledger.record("tick", subject: "clock", detail: ["n": 1])
        let another = try await enter("a")
        while pass.isValid { try await Task.sleep(for: .milliseconds(10)) }
        await heartbeat.end()
        try await another.record("tick", subject: "clock", detail: ["n": 2])
    }

    @Test("A heartbeat that was let go of says nothing of a pass that is another's") func endedHeartbeat() async throws {
        let (ledger, pass) = (try await enter("a"), StationPass(station: "a"))
        let heartbeat = Heartbeat(ledger, pass, log: .silent, beat: .milliseconds(50))
        while !pass.isValid { try await Task.sleep(for: .milliseconds(10)) }
        await heartbeat.end()
        try await ledger.leave()
        try await Task.sleep(for: .milliseconds(200))
        #expect(pass.isValid)
    }
}
