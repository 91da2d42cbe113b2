import Files
import Ledger
import Logging
import Screening
import Synchronization
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

    @Test("A password in the ledger's address is not shown where there is no ledger yet") func passwords() async throws {
        var configuration = sandbox.configuration
        configuration.paths = paths("a")
        configuration.paths.ledger += "&password=GEHEIM"
        let check = try #require(await Doctor(configuration).examine().first { $0.name == "ledger" })
        #expect(check.ok && check.found.hasSuffix("made at the first start") && !check.found.contains("GEHEIM"))
    }

    @Test("Nothing is read again beside a station that lives, and nothing of it is settled") func rereading() async throws {
        let ledger = try await enter("a")
        var configuration = sandbox.configuration
        configuration.paths = paths("b")
        _ = try Folder.make(configuration.paths.spool)
        let refusal = await #expect(throws: PapillaError.self) { _ = try await Rereading(configuration) }
        #expect(refusal?.code == .refused && refusal?.message.contains("The station a works") == true)
        try await ledger.leave()
        // Without models, it is these that are missing now.
        let next = await #expect(throws: (any Error).self) { _ = try await Rereading(configuration) }
        #expect((next as? PapillaError)?.message.contains("The station") != true)
    }

    @Test("A spool that cannot be moved keeps nobody from taking over from others, and is tried again later") func takeover()
        async throws
    {
        for (number, name) in ["a", "c"].enumerated() {
            let ledger = try await enter(name)
            try await ledger.receive(
                NewArrival(
                    id: Clinic.id(number + 1), path: name, name: name, isUrgent: false, received: .now, device: 1, inode: 2))
            _ = try Folder.make(paths(name).spool)
            try await ledger.leave()
        }
        // In the way of the name that the spool would have.
        let obstacle = try Folder.make(paths("a").spool + ".left-2")
        try obstacle.write(Array("x".utf8), as: FileName(ours: "x"))
        let (ledger, pass) = (try await enter("b"), StationPass(station: "b"))
        var configuration = sandbox.configuration
        (configuration.paths, configuration.station) = (paths("b"), "b")
        pass.extend(to: ContinuousClock.now + .seconds(3600))
        let adopted = Mutex<[ScreeningID]>([])
        let station = Station(
            name: "b", ledger: ledger, folders: try Station.folders(configuration, pass), paths: configuration.paths, pass: pass,
            log: .silent, newestModel: 0, adopt: { arrivals in adopted.withLock { $0 += arrivals } }, reload: {}, lost: {})
        var failures: [String: Station.Failure] = [:]
        for _ in 0..<3 { await station.takeOver(&failures) }
        #expect(adopted.withLock(\.self) == [Clinic.id(2)])
        #expect(failures.mapValues(\.count) == ["a": 1])
        // While it waits, nothing of it changes.
        #expect(try await ledger.stations().first(where: { $0.name == "a" })?.epoch == 2)
        failures["a"]?.until = .now
        await station.takeOver(&failures)
        #expect(adopted.withLock(\.self) == [Clinic.id(2), Clinic.id(1)] && failures.isEmpty)
    }

    @Test("A heartbeat that was let go of says nothing of a pass that is another's") func endedHeartbeat() async throws {
        let (ledger, pass) = (try await enter("a"), StationPass(station: "a"))
        let heartbeat = Heartbeat(ledger, pass, log: .silent, beat: .milliseconds(50))
        while !pass.isValid { try await Task.sleep(for: .milliseconds(10)) }
        await heartbeat.end()
        pass.extend(to: ContinuousClock.now + .seconds(3600))
        try await ledger.leave()
        try await Task.sleep(for: .milliseconds(200))
        #expect(pass.isValid)
    }
}
