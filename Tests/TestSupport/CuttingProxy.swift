internal import Foundation
internal import Glibc
internal import Synchronization

/// A socket before a PostgreSQL server's, which can cut every connection at the worst moment: the server has committed, and nobody hears it.
package final class CuttingProxy: Sendable {
    private struct State {
        var isArmed = false
        var downUntil: ContinuousClock.Instant?
        var descriptors: Set<Int32> = []
    }

    /// Where clients find it: `host=FOLDER`.
    package let folder: String
    private let server: String
    private let state = Mutex(State())
    /// How long nobody gets through after the cut.
    private let away: Duration

    /// - Parameter server: the folder of the server's socket.
    package init(before server: String, away: Duration) throws {
        (folder, self.server, self.away) = (server + "/proxy-\(UInt32.random(in: 0 ... .max))", server, away)
        guard mkdir(folder, 0o700) == 0, let listening = Self.socket(folder, bind), listen(listening, 20) == 0 else {
            throw CancellationError()
        }
        Self.thread { [self] in
            while true {
                let client = accept(listening, nil, nil)
                if client >= 0 { take(client) }
            }
        }
    }

    /// Cuts all connections once the server has answered the next COMMIT.
    package func arm() { state.withLock { $0.isArmed = true } }

    /// Whether it has cut.
    package var hasCut: Bool { state.withLock { $0.downUntil != nil } }

    private func take(_ client: Int32) {
        let isDown = state.withLock { state in state.downUntil.map { .now < $0 } ?? false }
        guard !isDown, let upstream = Self.socket(server, connect) else {
            close(client)
            return
        }
        state.withLock { $0.descriptors.formUnion([client, upstream]) }
        let isCommitting = Flag()
        Self.thread { [self] in
            pass(from: client, to: upstream) { bytes in
                if Self.contains(bytes, "COMMIT\0"), state.withLock(\.isArmed) { isCommitting.set() }
                return true
            }
        }
        Self.thread { [self] in
            pass(from: upstream, to: client) { _ in
                guard isCommitting.isSet else { return true }
                cut()
                return false
            }
            for descriptor in [client, upstream] {
                shutdown(descriptor, Int32(SHUT_RDWR))
                close(descriptor)
                state.withLock { _ = $0.descriptors.remove(descriptor) }
            }
        }
    }

    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { value.withLock(\.self) }
        func set() { value.withLock { $0 = true } }
    }

    private func cut() {
        state.withLock { state in
            (state.isArmed, state.downUntil) = (false, .now + away)
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private func pass(from source: Int32, to target: Int32, _ mayPass: ([UInt8]) -> Bool) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0 else { break }
            let bytes = Array(buffer[..<count])
            guard mayPass(bytes), send(target, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == count else { break }
        }
        shutdown(target, Int32(SHUT_WR))
    }

    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard bytes.count >= wanted.count else { return false }
        return (0...bytes.count - wanted.count).contains { bytes[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }

    /// A socket that is bound or connected to the place of a server's in a folder.
    private static func socket(_ folder: String, _ join: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32) -> Int32? {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = folder + "/.s.PGSQL.5432"
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let joined = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                join(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard joined == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.start()
    }
}
