internal import Screening
internal import Synchronization

/// The sessions of the page: tokens that open it once, and the browsers that were let in.
final class Sessions: Sendable {
    private struct State {
        /// Reader by a token that nobody has used.
        var tokens: [String: String] = [:]
        /// Reader by session.
        var sessions: [String: String] = [:]
        /// Where the page is: `127.0.0.1:8320`.
        var authorities: Set<String> = []
    }

    private let state = Mutex(State())

    /// Says under which names and port the page is served: what may stand in the address bar.
    func serve(as authorities: Set<String>) { state.withLock { $0.authorities = authorities } }

    /// Whether this is one of them. Another name that leads here (DNS rebinding) is none.
    func isHere(_ authority: String) -> Bool { state.withLock { $0.authorities.contains(authority) } }

    /// A token that lets one browser in, as this reader.
    func invite(_ reader: String) -> String {
        let token = Self.secret()
        state.withLock { $0.tokens[token] = reader }
        return token
    }

    /// Exchanges a token for a session; nil for one that is wrong or was used.
    func open(_ token: String) -> String? {
        state.withLock { state in
            guard let reader = state.tokens.removeValue(forKey: token) else { return nil }
            let session = Self.secret()
            state.sessions[session] = reader
            return session
        }
    }

    /// The reader of a session; nil for one that does not exist.
    func reader(of session: String) -> String? { state.withLock { $0.sessions[session] } }

    /// 256 random bits: nobody guesses them, so that looking them up may take whatever time it takes.
    private static func secret() -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let word = String(random.next(), radix: 16)
            return String(repeating: "0", count: 16 - word.count) + word
        }.joined()
    }
}
