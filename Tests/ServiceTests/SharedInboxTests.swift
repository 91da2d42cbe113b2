import Custody
import Files
import Ledger
import Screening
import Synchronization
import TestSupport
import Testing

@testable import Service
import Settings

/// What a station takes in of an inbox that others take from as well.
// One after the other: each test has an inbox, and the kernel allows a user 128 instances of inotify.
@Suite(.serialized) struct SharedInboxTests {
    private let sandbox: Sandbox
    init() throws { sandbox = try Sandbox() }

    /// Drains the inbox as a station does; `taking` is called when a path was taken hold of for the first time.
    private func drain(taking: @escaping @Sendable (RelativePath) throws -> Void) async throws -> (
        arrivals: [ArrivalRow], released: [String]
    ) {
        let (folders, ledger) = try sandbox.open()
        let seen = Mutex<Set<RelativePath>>([])
        let released = Released()
        let tools = Pipeline.Tools(
            configuration: sandbox.configuration, folders: folders, ledger: ledger, executor: WorkExecutor(),
            telemetry: Telemetry(), log: .silent,
            reserve: { path, _ in
                if seen.withLock({ $0.insert(path).inserted }) { try taking(path) }
                return true
            },
            release: { released.add("\($0)") }, reload: { ($0, FakeScreener()) })
        try await Pipeline(tools, screener: FakeScreener(), isDraining: true).run()
        return (try await ledger.arrivals(), released.paths)
    }

    private final class Released: Sendable {
        private let state = Mutex<[String]>([])
        var paths: [String] { state.withLock(\.self) }
        func add(_ path: String) { state.withLock { $0.append(path) } }
    }

    @Test("What another station took before this one had its path is no arrival here") func taken() async throws {
        try sandbox.drop("ward/a.jpg")
        try sandbox.drop("b.jpg", "another image")
        let (arrivals, released) = try await drain { [sandbox] path in
            if "\(path)" == "ward/a.jpg" { try sandbox.removeFromInbox(path) }
        }
        #expect(arrivals.map(\.path) == ["b.jpg"] && released == ["ward/a.jpg"])
        #expect(try sandbox.files("outbox").count { $0.hasSuffix("report.json") } == 1)
        #expect(try await sandbox.verify() == [])
    }

    @Test("A file that became this station's by a takeover, while its path was asked for, keeps its ID") func inherited()
        async throws
    {
        try sandbox.drop("a.jpg")
        let (folders, ledger) = try sandbox.open()
        let running = Mutex<Pipeline?>(nil)
        let id = Clinic.id(1)
        let tools = Pipeline.Tools(
            configuration: sandbox.configuration, folders: folders, ledger: ledger, executor: WorkExecutor(),
            telemetry: Telemetry(), log: .silent,
            reserve: { path, _ in
                guard try await ledger.arrival(id) == nil else { return true }
                try await ledger.receive(
                    NewArrival(
                        id: id, path: "\(path)", name: "\(path.name)", isUrgent: false, received: .now, device: 1, inode: 2))
                await running.withLock(\.self)?.adopt([id])
                return false
            }, reload: { ($0, FakeScreener()) })
        let pipeline = Pipeline(tools, screener: FakeScreener(), isDraining: true)
        running.withLock { $0 = pipeline }
        try await pipeline.run()
        #expect(try await ledger.arrivals().map(\.id) == [id])
        #expect(try sandbox.files("inbox") == [])
        #expect(try await sandbox.verify() == [])
    }

    @Test("A file that came under that path since is waited with like any other") func replaced() async throws {
        try sandbox.drop("a.jpg")
        let (arrivals, released) = try await drain { [sandbox] path in try sandbox.drop("\(path)", "the next image") }
        #expect(arrivals.map(\.sha256) == [Digest(of: "the next image".utf8)] && released == ["a.jpg"])
        #expect(try sandbox.files("inbox") == [])
        #expect(try await sandbox.verify() == [])
    }
}
