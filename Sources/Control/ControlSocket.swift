internal import Dispatch
internal import Files
internal import Glibc
internal import Journal
package import Logging
package import Screening
internal import Synchronization

/// The Unix socket through which commands ask the service: mode 0660, so that the socket's group may.
///
/// Connections are waited for on threads of their own, so that one which is idle or slow holds nothing but itself, and there are only so many,
/// in all and of each user.
package final class ControlSocket: Sendable {
    /// Limits on connections and on what they hold.
    package struct Limits: Sendable {
        /// Open connections in all.
        package var connections = 64
        /// Open connections of one user.
        package var perUser = 8
        /// How long a connection may take for its next line, and to take in an answer.
        package var patience = Duration.seconds(10)

        package init(connections: Int = 64, perUser: Int = 8, patience: Duration = Duration.seconds(10)) {
            self.connections = connections
            self.perUser = perUser
            self.patience = patience
        }
    }

    package let path: String
    private let executor: any TaskExecutor
    private let log: Logger
    private let limits: Limits
    /// Does what was asked.
    private let handle: @Sendable (ControlRequest, Peer) async throws -> ControlResponse
    private let listener: Int32
    /// Written to when it is to stop.
    private let stopPipe: (read: Int32, write: Int32)
    /// Who has a connection, by its descriptor.
    private let open = Mutex<[Int32: UInt32]>([:])

    /// Listens at `path`. The lock of the ledger makes sure that no other service does.
    ///
    /// - Parameter executor: where requests are worked on.
    package init(
        path: String, executor: any TaskExecutor, log: Logger, limits: Limits = Limits(),
        handle: @escaping @Sendable (ControlRequest, Peer) async throws -> ControlResponse
    ) throws(PapillaError) {
        self.path = path
        self.executor = executor
        self.log = log
        self.limits = limits
        self.handle = handle
        let folder: Folder
        do { folder = try Folder.make(AbsolutePath.parent(of: path)) } catch { throw PapillaError(any: error) }
        if let found = try? NamedPath.entry(path) {
            guard found.kind == .socket else {
                throw PapillaError(
                    .badConfiguration, "paths.socket: found something that is no socket, expected nothing or a socket",
                    place: path)
            }
            _ = try? NamedPath.remove(path)
        }
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw .system("The control socket could not be made", errno: errno, place: path) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        stopPipe = (ends[0], ends[1])
        listener = try UnixSocket.make()
        _ = fcntl(listener, F_SETFL, O_NONBLOCK)
        let mask = umask(0o117)
        defer { umask(mask) }
        guard UnixSocket.address(path, in: folder, { bind(listener, $0, $1) }) == 0, listen(listener, 128) == 0 else {
            throw .system(
                "The control socket could not be made", errno: errno, place: path, hint: "Its folder must let the service write")
        }
    }

    deinit { for descriptor in [listener, stopPipe.read, stopPipe.write] { close(descriptor) } }

    /// Answers until the task is cancelled; what is being answered then is answered.
    package func run() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (ended: CheckedContinuation<Void, Never>) in
                let serving = DispatchGroup()
                let isStarted = Self.thread {
                    self.accept(serving)
                    // Who waits to be asked is told that nothing more is read; who is being answered gets the answer.
                    self.open.withLock { open in for descriptor in open.keys { shutdown(descriptor, Int32(SHUT_RD)) } }
                    serving.wait()
                    ended.resume()
                }
                if !isStarted {
                    log.tell(.trouble, .error, "no thread could be made: the control socket answers nothing")
                    ended.resume()
                }
            }
        } onCancel: {
            _ = write(stopPipe.write, [1], 1)
        }
        _ = try? NamedPath.remove(path)
    }

    private func accept(_ serving: DispatchGroup) {
        while true {
            var waited = [
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stopPipe.read, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waited, 2, -1) > 0 else { continue }
            if waited[1].revents != 0 { return }
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else {
                // No descriptor is left: the connection stays, and this would be called without end.
                if errno != EAGAIN, errno != EINTR { usleep(100_000) }
                continue
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            admit(UnixSocket(descriptor), serving)
        }
    }

    /// Gives a connection a thread, or tells it why not.
    private func admit(_ connection: UnixSocket, _ serving: DispatchGroup) {
        guard let peer = Peer(of: connection.descriptor) else { return }
        let descriptor = connection.descriptor
        let isAdmitted = open.withLock { open in
            guard open.count < limits.connections, open.values.count(where: { $0 == peer.uid }) < limits.perUser else {
                return false
            }
            open[descriptor] = peer.uid
            return true
        }
        guard isAdmitted else { return refuse(connection, peer) }
        serving.enter()
        let isStarted = Self.thread {
            self.serve(connection, peer)
            self.leave(descriptor)
            // The descriptor is closed with its last reference, after it is no longer among the open ones.
            withExtendedLifetime(connection) {}
            serving.leave()
        }
        guard !isStarted else { return }
        leave(descriptor)
        serving.leave()
        refuse(connection, peer)
    }

    private func leave(_ descriptor: Int32) { open.withLock { $0[descriptor] = nil } }

    private func refuse(_ connection: UnixSocket, _ peer: Peer) {
        log.tell(.control, .debug, "a connection more than may be open was refused", ["actor": peer.actor])
        let refusal = PapillaError(
            .refused, "The service has as many connections as it serves at once", hint: "Try again in a moment", isRetryable: true
        )
        guard let line = try? CanonicalJSON.line(ControlResponse(refusal)) else { return }
        let bytes = Array((line + "\n").utf8)
        // Never waited for.
        _ = send(connection.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }

    /// Answers line by line until the other end closes.
    private func serve(_ connection: UnixSocket, _ peer: Peer) {
        var rest: [UInt8] = []
        do {
            while let line = try connection.readLine(&rest, within: limits.patience) {
                try connection.write(line: try CanonicalJSON.line(wait(line, peer)), within: limits.patience)
            }
        } catch {
            log.tell(.control, .debug, "a connection ended: \(PapillaError(any: error).description)", ["actor": peer.actor])
        }
    }

    /// Waits for an answer on the connection's own thread. The work is done elsewhere, and never on Swift's own pool: whoever waits for an
    /// answer would wait for whatever holds that up.
    private func wait(_ line: [UInt8], _ peer: Peer) -> ControlResponse {
        let answered = DispatchSemaphore(value: 0)
        let response = Box<ControlResponse?>(nil)
        Task(executorPreference: executor) {
            let answer = await self.answer(line, peer)
            response.value.withLock { $0 = answer }
            answered.signal()
        }
        answered.wait()
        return response.value.withLock(\.self) ?? ControlResponse(PapillaError(.internal, "There is no answer"))
    }

    private func answer(_ line: [UInt8], _ peer: Peer) async -> ControlResponse {
        let request: ControlRequest
        do { request = try CanonicalJSON.decode(ControlRequest.self, from: line) } catch {
            return ControlResponse(
                PapillaError(
                    .badInput, "This is not a request", hint: "One JSON object a line, such as {\"request\": \"status\"}",
                    cause: error))
        }
        do { return try await handle(request, peer) } catch { return ControlResponse(PapillaError(any: error)) }
    }

    // MARK: - Threads

    private final class Box<Value: Sendable>: Sendable {
        let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex(value) }
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs `body` on a new thread with a small stack; whether there is one.
    private static func thread(_ body: @escaping @Sendable () -> Void) -> Bool {
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        pthread_attr_init(attributes)
        defer {
            pthread_attr_destroy(attributes)
            attributes.deallocate()
        }
        pthread_attr_setstacksize(attributes, 512 << 10)
        pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        let work = Unmanaged.passRetained(Work(body))
        var thread: pthread_t = 0
        let result = pthread_create(
            &thread, attributes,
            { pointer in
                if let pointer { Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body() }
                return nil
            }, work.toOpaque())
        if result != 0 { work.release() }
        return result == 0
    }
}
