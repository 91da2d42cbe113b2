internal import CSpawn
internal import Files
internal import Glibc
internal import Screening

/// A program of another package that is run for one piece of work: without our environment, with no open file but those it is given.
struct ChildProgram: Sendable {
    /// What it left.
    struct Result: Sendable {
        /// The exit status; nil where a signal ended it.
        let status: Int32?
        /// What it wrote to standard output and error, at most `limit` bytes.
        let output: String
    }

    let path: String
    /// The time that it may take.
    let deadline: Duration
    private static let limit = 1 << 20
    private static let poll = Duration.milliseconds(20)

    /// Where the program finds the file of this number.
    static func place(_ index: Int) -> String { "/dev/fd/\(firstFile + index)" }
    /// Behind standard input, output and error.
    private static let firstFile = 3

    /// Runs it.
    ///
    /// - Parameters:
    ///   - files: what it finds at ``place(_:)``, in memory.
    ///   - leavesFile: whether it finds an empty file after those, in which it leaves something.
    /// - Returns: what it left, and the content of that file.
    /// - Throws: `system`, retryable, where it cannot be run or does not end in time; `CancellationError` where the task is cancelled: the
    ///   program is ended.
    func run(_ arguments: [String], files: [[UInt8]] = [], leavesFile: Bool = false) async throws -> (Result, left: [UInt8]) {
        var memory: [MemoryFile] = []
        for content in files { memory.append(try MemoryFile.holding(content)) }
        let left = leavesFile ? try MemoryFile.holding([]) : nil
        let output = try MemoryFile.holding([])
        let process = try start(arguments, memory + (left.map { [$0] } ?? []), output)
        let status = try await Self.wait(for: process, path: path, until: deadline)
        return (
            Result(status: status, output: String(decoding: try output.content(limit: Self.limit), as: UTF8.self)),
            try left?.content(limit: Self.limit) ?? []
        )
    }

    private func start(_ arguments: [String], _ files: [MemoryFile], _ output: MemoryFile) throws(PapillaError) -> pid_t {
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        let environment = [strdup("LC_ALL=C"), nil]
        defer { free(environment[0]) }
        let descriptors = [-1, output.descriptor, output.descriptor] + files.map(\.descriptor)
        var process = pid_t()
        let failure = papilla_spawn(path, words, environment, descriptors, Int32(descriptors.count), &process)
        guard failure == 0 else { throw .system("A program could not be started", errno: failure, place: path) }
        return process
    }

    private static func wait(for process: pid_t, path: String, until deadline: Duration) async throws -> Int32? {
        let clock = ContinuousClock()
        let end = clock.now + deadline
        var status: Int32 = 0
        func finish() {
            kill(process, SIGKILL)
            _ = waitpid(process, &status, 0)
        }
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil }
            guard ended == 0 || errno == EINTR else {
                throw PapillaError.system("A program could not be waited for", errno: errno, place: path)
            }
            guard clock.now < end else {
                finish()
                throw PapillaError(
                    .system, "A program did not end within \(deadline.components.seconds) s", place: path, isRetryable: true)
            }
            do { try await clock.sleep(for: poll) } catch {
                finish()
                throw error
            }
        }
    }
}
