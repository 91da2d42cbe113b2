internal import Files
internal import Glibc
public import Screening

/// A connected Unix stream socket that speaks in lines.
package final class UnixSocket: Sendable {
    package let descriptor: Int32
    private static let lineLimit = 1 << 20

    /// Takes over a connected descriptor. Reads and writes end with an error after so many seconds: nobody holds us up by silence.
    package init(_ descriptor: Int32, patience: Int = 10) {
        self.descriptor = descriptor
        var patience = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Connects; nil where nobody listens.
    /// - Throws: `system` where it cannot be told whether anybody does: the right to reach the socket is missing.
    package static func connect(_ path: String, patience: Int = 10) throws(PapillaError) -> UnixSocket? {
        let folder: Folder
        do throws(FileError) { folder = try Folder.open(AbsolutePath.parent(of: path)) } catch {
            guard !error.isMissing else { return nil }
            throw unreachable(path, error.number)
        }
        let descriptor = try make()
        guard address(path, in: folder, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let number = errno
            close(descriptor)
            if number == ENOENT || number == ECONNREFUSED || number == ENOTDIR { return nil }
            throw unreachable(path, number)
        }
        return UnixSocket(descriptor, patience: patience)
    }

    private static func unreachable(_ path: String, _ number: Int32) -> PapillaError {
        guard number == EACCES || number == EPERM else {
            return .system("The service's socket could not be reached", errno: number, place: path)
        }
        return .system(
            "This user has no right to reach the service's socket", errno: number, place: path,
            hint: "Members of the group papilla have: sudo usermod -aG papilla USER, and log in anew; or ask with sudo")
    }

    /// A new stream socket.
    package static func make() throws(PapillaError) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("A socket could not be made", errno: errno) }
        return descriptor
    }

    /// Calls `body` with a path as an address: by way of its open folder, since an address holds only 107 bytes.
    static func address(_ path: String, in folder: Folder, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = path.pathNames().last ?? ""
        let bytes = Array("/proc/self/fd/\(folder.descriptor)/\(name)".utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            errno = ENAMETOOLONG
            return -1
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    /// The next line without its end; nil at the end of the connection.
    ///
    /// - Parameter limit: how long it may take from now until the line is complete; nil: only each read has its patience.
    package func readLine(_ rest: inout [UInt8], within limit: Duration? = nil) throws(PapillaError) -> [UInt8]? {
        let deadline = limit.map { ContinuousClock.now + $0 }
        while true {
            if let end = rest.firstIndex(of: 10) {
                let line = Array(rest[..<end])
                rest.removeSubrange(...end)
                return line
            }
            guard rest.count < Self.lineLimit else {
                throw PapillaError(.badInput, "A line is longer than \(Self.lineLimit) bytes")
            }
            var buffer = [UInt8](repeating: 0, count: 65536)
            try keep(deadline, SO_RCVTIMEO)
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            // What SO_RCVTIMEO ends says that it would wait, and not that it waited.
            guard count >= 0 else { throw .system("The socket could not be read", errno: errno == EAGAIN ? ETIMEDOUT : errno) }
            guard count > 0 else { return nil }
            rest += buffer[..<count]
        }
    }

    /// Lets the next call wait until `deadline` and no longer.
    private func keep(_ deadline: ContinuousClock.Instant?, _ option: Int32) throws(PapillaError) {
        guard let deadline else { return }
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .milliseconds(1) else { throw .system("The other end took too long", errno: ETIMEDOUT) }
        var time = timeval(
            tv_sec: Int(left.components.seconds), tv_usec: Int(left.components.attoseconds / 1_000_000_000_000))
        setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Writes a line.
    ///
    /// - Parameter limit: how long it may take until all of it is taken in; nil: only each write has its patience.
    package func write(line: String, within limit: Duration? = nil) throws(PapillaError) {
        let deadline = limit.map { ContinuousClock.now + $0 }
        let bytes = Array((line + "\n").utf8)
        var written = 0
        while written < bytes.count {
            try keep(deadline, SO_SNDTIMEO)
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("The socket could not be written", errno: errno == EAGAIN ? ETIMEDOUT : errno) }
            written += count
        }
    }
}

/// The commands' end of the control socket.
public enum ControlClient {
    /// Asks one thing.
    ///
    /// - Parameter patience: seconds to wait for the answer.
    /// - Returns: nil where no service listens at `socket`.
    /// - Throws: what the service refused with; `system` where the socket cannot be used.
    public static func ask(_ request: ControlRequest, at socket: String, patience: Int = 10) throws(PapillaError)
        -> ControlResponse?
    {
        guard let connection = try UnixSocket.connect(socket, patience: patience) else { return nil }
        let response: ControlResponse
        do {
            // Refused before it was asked, the other end may be closed: why is to be read nevertheless.
            let sent = Result { try connection.write(line: try CanonicalJSON.line(request)) }
            var rest: [UInt8] = []
            guard let line = try connection.readLine(&rest) else {
                try sent.get()
                throw PapillaError(.system, "The service closed the connection without an answer", isRetryable: true)
            }
            response = try CanonicalJSON.decode(ControlResponse.self, from: line)
        } catch let error as PapillaError { throw error } catch {
            throw PapillaError(
                .internal, "The service's answer could not be understood", hint: "Is it of another version?", cause: error)
        }
        if let refusal = response.refusal { throw refusal }
        return response
    }
}
