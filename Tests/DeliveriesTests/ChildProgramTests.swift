import Foundation
import Screening
import Testing

@testable import Deliveries

/// Programs of other packages: what they are given, and what becomes of them.
@Suite struct ChildProgramTests {
    private func shell(
        _ script: String, files: [[UInt8]] = [], leavesFile: Bool = false, deadline: Duration = .seconds(60)
    ) async throws -> (ChildProgram.Result, left: [UInt8]) {
        try await ChildProgram(path: "/bin/sh", deadline: deadline).run(["-c", script], files: files, leavesFile: leavesFile)
    }

    @Test("It finds its files, leaves one, and says its status and what it said")
    func files() async throws {
        let files = (0..<100).map { Array("file \($0)\n".utf8) }
        let places = files.indices.map(ChildProgram.place).joined(separator: " ")
        let (result, left) = try await shell(
            "cat \(places) > \(ChildProgram.place(100)); echo said; echo complained >&2; exit 3", files: files, leavesFile: true)
        #expect(result.status == 3 && result.output == "said\ncomplained\n")
        #expect(left == Array(files.joined()))
    }

    @Test("It has nothing of ours: no environment, no open file, every signal at its default")
    func nothing() async throws {
        let open = open("/dev/null", O_RDONLY)
        defer { close(open) }
        let (result, _) = try await shell(
            "for name in /proc/self/fd/*; do test -e $name && echo ${name##*/}; done; /usr/bin/env | /bin/grep -vE '^(PWD|SHLVL|_|OLDPWD)='",
            files: [[1]])
        #expect(result.output.split(separator: "\n") == ["0", "1", "2", "3", "LC_ALL=C"], "\(result.output)")
        #expect(try await shell("kill -TERM $$; echo deaf").0.status == nil)
    }

    @Test("One that does not end in time is ended, and so is that of a task that is cancelled")
    func endless() async throws {
        await #expect { try await shell("exec sleep 1000", deadline: .milliseconds(200)) } throws: { error in
            let error = error as? PapillaError
            return error?.isRetryable == true && error?.message.contains("did not end within") == true
        }
        let task = Task { try await shell("exec sleep 1000") }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func oneThatIsNotThereIsATransientFault() async {
        await #expect { try await ChildProgram(path: "/nonexistent/dcmsend", deadline: .seconds(1)).run([]) } throws: {
            ($0 as? PapillaError)?.place == "/nonexistent/dcmsend"
        }
    }
}
