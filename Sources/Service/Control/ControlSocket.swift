internal import Dispatch
internal import Glibc
internal import Logging
internal import Screening

/// The Unix socket through which commands ask the service to change something: mode 0660, so that the socket's group may.
struct ControlSocket: Sendable {
    let path: String
    let executor: WorkExecutor
    let log: Logger
    /// Does what was asked by `actor` (`user@uid`).
    let handle: @Sendable (ControlRequest, _ actor: String) async throws -> ControlResponse
    private let listener: Int32
    private static let connectionLimit = 16

    /// Listens at `path`. The lock of the ledger makes sure that no other service does.
    init(
        path: String, executor: WorkExecutor, log: Logger,
        handle: @escaping @Sendable (ControlRequest, String) async throws -> ControlResponse
    ) throws(PapillaError) {
        (self.path, self.executor, self.log, self.handle) = (path, executor, log, handle)
        let folder: Folder
        do { folder = try Folder.make(AbsolutePath.parent(of: path)) } catch { throw PapillaError(any: error) }
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFSOCK else {
                throw PapillaError(
                    .badConfiguration, "paths.socket: found something that is no socket, expected nothing or a socket",
                    place: path)
            }
            unlink(path)
        }
        listener = try UnixSocket.make()
        let mask = umask(0o117)
        defer { umask(mask) }
        guard UnixSocket.address(path, in: folder, { bind(listener, $0, $1) }) == 0, listen(listener, 32) == 0 else {
            throw .system(
                "The control socket could not be made", errno: errno, place: path, hint: "Its folder must let the service write")
        }
    }

    /// Answers until the task is cancelled; what is being answered then is answered.
    func run() async {
        let (connections, continuation) = AsyncStream.makeStream(
            of: UnixSocket.self, bufferingPolicy: .bufferingOldest(Self.connectionLimit))
        let source = DispatchSource.makeReadSource(fileDescriptor: listener)
        let gate = Gate(source)
        let listener = listener
        source.setEventHandler {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else {
                // No descriptor is left: the connection stays, and this would be called without end.
                usleep(100_000)
                return
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            // A connection more than are waited for is closed at once: dropping it closes it.
            continuation.yield(UnixSocket(descriptor))
        }
        source.setCancelHandler {
            close(listener)
            continuation.finish()
        }
        source.activate()
        await withTaskCancellationHandler {
            // Never on Swift's own pool: whoever waits for an answer would wait for whatever holds that up.
            await withTaskExecutorPreference(executor) {
                await withDiscardingTaskGroup { group in
                    for await connection in connections { group.addTask { await serve(connection) } }
                }
            }
        } onCancel: {
            gate.cancel()
        }
        unlink(path)
    }

    /// Answers line by line until the other end closes.
    private func serve(_ connection: UnixSocket) async {
        let actor = connection.peer ?? "unknown"
        var rest: [UInt8] = []
        do {
            while let line = try connection.readLine(&rest) {
                try connection.write(line: try CanonicalJSON.line(await answer(line, actor)))
            }
        } catch {
            log.tell(.control, .debug, "a connection ended: \(PapillaError(any: error).description)", ["actor": actor])
        }
    }

    private func answer(_ line: [UInt8], _ actor: String) async -> ControlResponse {
        let request: ControlRequest
        do { request = try CanonicalJSON.decode(ControlRequest.self, from: line) } catch {
            return ControlResponse(
                PapillaError(
                    .badInput, "This is not a request", hint: "One JSON object a line, such as {\"request\": \"status\"}",
                    cause: error))
        }
        do { return try await handle(request, actor) } catch { return ControlResponse(PapillaError(any: error)) }
    }
}
