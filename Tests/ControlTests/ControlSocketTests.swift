import Control
import Files
import Foundation
import Glibc
import Ledger
import Screening
import TestSupport
import Testing

@testable import Service

@Suite struct ControlSocketTests {
    private let sandbox: Sandbox
    init() throws { sandbox = try Sandbox() }

    /// Runs a socket while `body` does.
    private func serving(
        _ path: String, _ handle: @escaping @Sendable (ControlRequest, Peer) async throws -> ControlResponse,
        limits: ControlSocket.Limits = .init(),
        _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        // On threads of its own: the client blocks, and other tests fill Swift's own pool.
        let executor = WorkExecutor()
        let socket = try ControlSocket(path: path, executor: executor, log: .silent, limits: limits, handle: handle)
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
        try await serving(path) { request, peer in
            guard request == .requeue(arrivals: ["k7q"], failed: false) else { return ControlResponse() }
            throw PapillaError(.notFound, "No such arrival for \(peer.actor)", hint: "Look again")
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

    @Test("A refusal takes along what the operating system said to the service") func theSystemsWordsTravel() {
        let refused = PapillaError.system("A folder could not be made", errno: EACCES, place: "/Mary Smith", hint: "Let it in")
        let told = ControlResponse(refused).refusal
        #expect(told?.description == "A folder could not be made: Permission denied. Let it in")
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
        .reread(arrival: "k7q"), .deliver(arrivals: ["abc"], target: "pacs"), .deliver(arrivals: [], target: nil),
        .review(
            ReviewRequest(
                arrival: "abc", verdict: .correct, reader: "Anna", note: "why", seen: Seen(version: 1, decisions: 0),
                masks: ["cup": Data([1, 2, 3])], eye: .left)),
    ])
    func requestsSurviveTheWire(request: ControlRequest) throws {
        #expect(try CanonicalJSON.decode(ControlRequest.self, from: CanonicalJSON.line(request).utf8) == request)
    }

    @Test func aFileThatIsNoSocketIsNotRemoved() throws {
        try sandbox.spool.write([1], as: FileName(ours: "s"))
        #expect {
            _ = try ControlSocket(path: "\(sandbox.path)/spool/s", executor: WorkExecutor(), log: .silent) { _, _ in
                ControlResponse()
            }
        } throws: {
            ($0 as? PapillaError)?.code == .badConfiguration
        }
    }

    @Test("A5: connections of one user are limited, and the next is told so and served when there is room")
    func limitOfAUser() async throws {
        let path = "\(sandbox.path)/s"
        var limits = ControlSocket.Limits()
        limits.perUser = 3
        limits.patience = .seconds(600)
        try await serving(path, { _, _ in ControlResponse() }, limits: limits) {
            var held: [UnixSocket] = []
            for _ in 0..<3 {
                let connection = try #require(try UnixSocket.connect(path))
                var rest: [UInt8] = []
                try connection.write(line: #"{"request": "ping"}"#)
                #expect(try connection.readLine(&rest) != nil)
                held.append(connection)
            }
            #expect { try ControlClient.ask(.ping, at: path) } throws: {
                ($0 as? PapillaError)?.code == .refused && ($0 as? PapillaError)?.isRetryable == false
                    && ($0 as? PapillaError)?.message.contains("as many connections") == true
            }
            held.removeLast()
            while (try? ControlClient.ask(.ping, at: path))?.ok != true { usleep(10_000) }
        }
    }

    @Test("A5: a connection that says nothing, or never ends its line, is closed") func idle() async throws {
        let path = "\(sandbox.path)/s"
        var limits = ControlSocket.Limits()
        limits.patience = .milliseconds(100)
        try await serving(path, { _, _ in ControlResponse() }, limits: limits) {
            for text in ["", "{"] {
                let connection = try #require(try UnixSocket.connect(path, patience: 600))
                #expect(send(connection.descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count)
                var rest: [UInt8] = []
                // Closed with something unread, the other end says so.
                #expect((try? connection.readLine(&rest)).flatMap(\.self) == nil)
            }
        }
    }

    @Test("A5: 200 idle and slow connections of one user hold up neither images nor others", .enabled(if: geteuid() == 0))
    func manyConnections() async throws {
        let path = "\(sandbox.path)/s"
        var limits = ControlSocket.Limits()
        limits.patience = .seconds(600)
        try await serving(path, { _, _ in ControlResponse() }, limits: limits) { [sandbox] in
            #expect(chmod(sandbox.path, 0o755) == 0 && chmod(path, 0o666) == 0)
            let other = Process()
            other.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
            other.arguments = [
                "-c",
                """
                import os, select, socket, sys
                os.setgroups([]); os.setgid(65534); os.setuid(65534)
                held = []
                for number in range(200):
                    connection = socket.socket(socket.AF_UNIX)
                    connection.connect(sys.argv[1])
                    try: number % 2 and connection.send(b'{')
                    except BrokenPipeError: pass
                    held.append(connection)
                refused = set()
                while len(refused) < 192:
                    refused |= set(select.select([c for c in held if c not in refused], [], [])[0])
                os.write(1, b'%d\\n' % len(refused))
                sys.stdin.read()
                os.write(1, b'%d\\n' % len(select.select([c for c in held if c not in refused], [], [], 0)[0]))
                """, path,
            ]
            let (input, output) = (Pipe(), Pipe())
            other.standardInput = input
            other.standardOutput = output
            try other.run()
            #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "192\n")
            // Eight of them are open, and images flow.
            for number in 0..<5 { try sandbox.drop("\(number).jpg", "image \(number)") }
            #expect(try await sandbox.drain().count == 5)
            #expect(try ControlClient.ask(.ping, at: path)?.ok == true)
            try input.fileHandleForWriting.close()
            #expect(String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) == "0\n")
            other.waitUntilExit()
        }
    }

    @Test(
        "A6: what a request does decides who may ask for it",
        arguments: [
            (ControlRequest.ping, Role.member), (.status, .member), (.requeue(arrivals: ["k7q"], failed: false), .member),
            (.requeue(arrivals: [], failed: true), .member), (.deliver(arrivals: [], target: nil), .member),
            (.reread(arrival: "k7q"), .reader), (.review(ReviewRequest(arrival: "k7q", verdict: .accept)), .reader),
            (.review(ReviewRequest(arrival: "k7q", verdict: .correct, masks: ["cup": Data([1])])), .reader),
            (.forget(arrival: "k7q"), .administrator), (.promote(model: "disc-1"), .administrator),
            (.rollback(task: .disc), .administrator),
        ])
    func roles(request: ControlRequest, needed: Role) async throws {
        let requestHandler = RequestHandler(telemetry: Telemetry(), log: .silent)
        for role in Role.allCases {
            let peer = Peer(uid: 1000, user: "anna", role: role)
            guard role < needed else {
                #expect(throws: Never.self) { try peer.check(request.role) }
                continue
            }
            await #expect { try await requestHandler.answer(request, peer) } throws: {
                ($0 as? PapillaError)?.code == .refused && ($0 as? PapillaError)?.message.contains(needed.group) == true
            }
        }
    }

    @Test("A6: a reader decides under the name that the configuration gives, an administrator under any")
    func readersNames() throws {
        let readers = ["anna": "A. Berg"]
        for role in [Role.reader, .administrator] {
            let (anna, ben) = (Peer(uid: 1000, user: "anna", role: role), Peer(uid: 1001, user: "ben", role: role))
            #expect(try anna.reader(nil, readers) == "A. Berg" && anna.reader("A. Berg", readers) == "A. Berg")
            #expect(try ben.reader(nil, readers) == "ben")
        }
        let ben = Peer(uid: 1001, user: "ben", role: .reader)
        for name in ["A. Berg", "anna", ""] {
            #expect { try ben.reader(name, readers) } throws: { ($0 as? PapillaError)?.code == .refused }
        }
        #expect(try Peer(uid: 0, user: "root", role: .administrator).reader("A. Berg", readers) == "A. Berg")
    }

    @Test("A6: root and the service's own user administer, others by their groups") func rolesOfUsers() {
        #expect(Role(uid: 0, groups: []) == .administrator && Role(uid: geteuid(), groups: []) == .administrator)
        #expect(Role(uid: 54_321, groups: [54_321]) == .member)
        // Whoever asks is not the service for running a program of its own.
        #expect(Role(uid: 54_321, groups: [], service: 54_322) == .member)
        #expect(Role(uid: 54_321, groups: [], service: 54_321) == .administrator)
        #expect(Peer.own(at: "/nowhere").uid == geteuid())
    }
}
