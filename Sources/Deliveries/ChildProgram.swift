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
    /// The files that one may be given: a process may have 1024 descriptors where nothing else is said.
    static let mostFiles = 400

    /// Runs it.
    ///
    /// - Parameters:
    ///   - files: what it finds at ``place(_:)``, in memory.
    ///   - answer: the number of a file in which it leaves something, counted after those; nil: there is none.
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
        guard files.count <= Self.mostFiles else {
            throw PapillaError(.internal, "Too many files to start a program with", place: path)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.descriptor, 1)
        posix_spawn_file_actions_adddup2(&actions, output.descriptor, 2)
        // First out of the way of each other's places: above all of them.
        let above = max(files.map(\.descriptor).max() ?? 0, Int32(Self.firstFile + files.count)) + 1
        for (index, file) in files.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, file.descriptor, above + Int32(index))
        }
        for index in files.indices {
            posix_spawn_file_actions_adddup2(&actions, above + Int32(index), Int32(Self.firstFile + index))
        }
        papilla_close_from(&actions, Int32(Self.firstFile + files.count))
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Its signals are as a shell would leave them, whatever ours are.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [strdup("LC_ALL=C"), nil]
        defer { free(environment[0]) }
        var process = pid_t()
        let failure = posix_spawn(&process, path, &actions, &attributes, &words, &environment)
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
