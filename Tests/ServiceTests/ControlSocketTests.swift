import Foundation
import Glibc
import Ledger
import Logging
import Screening
import Testing

@testable import Service

@Suite struct ControlSocketTests {
    private let sandbox: Sandbox
    init() throws { sandbox = try Sandbox() }

    private static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs a socket while `body` does.
    private func serving(
        _ path: String, _ handle: @escaping @Sendable (ControlRequest, String) async throws -> ControlResponse,
        _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        // On threads of its own: the client blocks, and other tests fill Swift's own pool.
        let executor = WorkExecutor()
        let socket = try ControlSocket(path: path, executor: executor, log: Self.log, handle: handle)
        try await withTaskExecutorPreference(executor) {
            let answering = Task(executorPreference: executor) { await socket.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            answering.cancel()
            await answering.value
            try result.get()
        }
    }

    @Test func requestsAreAnsweredWithWhoAsked() async throws {
        let path = "\(sandbox.path)/s"
        try await serving(path) { request, actor in
            guard request == .requeue(arrivals: ["k7q"], failed: false) else { return ControlResponse() }
            throw PapillaError(.notFound, "No such arrival for \(actor)", hint: "Look again")
        } _: {
            let answer = try ControlClient.ask(.ping, at: path)
            #expect(answer?.ok == true)
            #expect { try ControlClient.ask(.requeue(arrivals: ["k7q"], failed: false), at: path) } throws: { error in
                let error = error as? PapillaError
                return error?.code == .notFound && error?.message.hasSuffix("@\(getuid())") == true && error?.hint == "Look again"
            }
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
        }
        #expect(access(path, F_OK) != 0)
        #expect(try ControlClient.ask(.ping, at: path) == nil)
    }

    @Test func aPathOfAnyLengthWorks() async throws {
        let path =
            "\(sandbox.path)/" + Array(repeating: String(repeating: "d", count: 60), count: 4).joined(separator: "/")
            + "/control.socket"
        try await serving(path) { _, _ in
            ControlResponse()
        } _: {
            let answer = try ControlClient.ask(.ping, at: path)
            #expect(answer?.ok == true)
        }
    }

    @Test func nonsenseIsRefusedAndTheConnectionGoesOn() async throws {
        let path = "\(sandbox.path)/s"
        try await serving(path) { _, _ in
            ControlResponse()
        } _: {
            guard let socket = try UnixSocket.connect(path) else { throw Stopped() }
            var rest: [UInt8] = []
            for line in ["nonsense", #"{"request": "reboot"}"#, "[]"] {
                try socket.write(line: line)
                let answer = try CanonicalJSON.decode(ControlResponse.self, from: try socket.readLine(&rest) ?? [])
                #expect(!answer.ok && answer.error?.code == "bad_input")
            }
            try socket.write(line: #"{"request": "ping"}"#)
            let pong = try socket.readLine(&rest)
            #expect(pong == Array(#"{"ok":true}"#.utf8))
        }
    }

    @Test(arguments: [
        ControlRequest.ping, .status, .requeue(arrivals: ["abc", "def"], failed: true), .forget(arrival: "k7q"),
        .review(
            ReviewRequest(
                arrival: "abc", verdict: .correct, reader: "Anna", note: "why", seen: Seen(version: 1, decisions: 0),
                masks: ["cup": Data([1, 2, 3])])),
    ])
    func requestsSurviveTheWire(request: ControlRequest) throws {
        #expect(try CanonicalJSON.decode(ControlRequest.self, from: CanonicalJSON.line(request).utf8) == request)
    }

    @Test func aFileThatIsNoSocketIsNotRemoved() throws {
        try sandbox.spool.write([1], as: FileName(ours: "s"))
        #expect {
            _ = try ControlSocket(path: "\(sandbox.path)/spool/s", executor: WorkExecutor(), log: Self.log) { _, _ in
                ControlResponse()
            }
        } throws: {
            ($0 as? PapillaError)?.code == .badConfiguration
        }
    }

    @Test func failedArrivalsAreReadAgainAsNewOnes() async throws {
        try sandbox.drop("a.jpg", "not an image")
        try sandbox.drop("b.jpg")
        // What cannot be read again does not keep the others from it.
        #expect(symlink("/etc/passwd", "\(sandbox.path)/inbox/link.jpg") == 0)
        let first = try await sandbox.drain()
        let failed = try #require(first.first { $0.report.source.name == "a.jpg" }?.report.id)
        let good = try #require(first.first { $0.report.outcome != .failed }?.report.id)
        let house = try House(sandbox.configuration.paths)
        let ledger = try house.ledger(sandbox.configuration.paths.ledger)
        let requeue = Requeue(ledger: ledger, house: house, inbox: sandbox.configuration.paths.inbox)
        await #expect(throws: PapillaError.self) { try await requeue.run(["\(good)"], allFailed: false, actor: "test@0") }
        let done = try await requeue.run([], allFailed: true, actor: "anna@1000")
        #expect(done == [ControlResponse.Requeued(id: failed, path: "a.jpg")])
        #expect(try await ledger.auditEntries(AuditFilter(event: "requeued")).map(\.actor) == ["anna@1000"])
        // Asked for twice before anything was read: nothing that lies there is replaced.
        let again = try await requeue.run(["\(failed)"], allFailed: false, actor: "anna@1000")
        #expect(again == [ControlResponse.Requeued(id: failed, path: "\(failed)-1-a.jpg")])
        #expect(try sandbox.inbox.remove(FileName(ours: "\(failed)-1-a.jpg")))
        try await ledger.close()
        let second = try await sandbox.drain()
        #expect(second.count == 1 && second.first?.report.id != failed)
        #expect(try sandbox.files("quarantine").filter { $0.hasSuffix("a.jpg") }.count == 2)
        #expect(try await sandbox.verify() == [])
    }
}
