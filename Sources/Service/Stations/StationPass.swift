internal import Ledger
internal import Screening
internal import Synchronization

/// What a station may do now: publish while its lease surely holds, and what is done once for all while it is the keeper.
///
/// A lease counts from before it was asked for, by a clock that goes on while the process stands still, and ends here before it ends in the
/// ledger: a station stops before anyone can take over from it.
final class StationPass: Sendable {
    private struct State {
        var isNeeded: Bool
        var end: ContinuousClock.Instant?
        var isKeeper: Bool
        /// Where other stations' files may be.
        var spools: [String] = []
    }

    private let name: String
    private let state: Mutex<State>

    /// The pass of the only service: it ends never.
    init() {
        name = ""
        state = Mutex(State(isNeeded: false, isKeeper: true))
    }

    /// The pass of a station, which holds once the lease is there.
    init(station name: String) {
        self.name = name
        state = Mutex(State(isNeeded: true, isKeeper: false))
    }

    /// Holds until `end`.
    func extend(to end: ContinuousClock.Instant) { state.withLock { $0.end = end } }

    /// Holds no more.
    func revoke() { state.withLock { ($0.end, $0.isKeeper) = (nil, false) } }

    /// Whether it holds.
    var isValid: Bool {
        state.withLock { state in !state.isNeeded || state.end.map { $0 > .now } ?? false }
    }

    /// - Throws: ``PapillaError/leaseLost(_:)`` where it does not hold.
    func check() throws(PapillaError) {
        guard isValid else { throw .leaseLost(name) }
    }

    /// Whether what is done once for all stations is done here.
    var isKeeper: Bool {
        get { isValid && state.withLock(\.isKeeper) }
        set { state.withLock { $0.isKeeper = newValue } }
    }

    /// Whether there may be other stations.
    var isShared: Bool { state.withLock(\.isNeeded) }

    /// Where other stations' files may be.
    var spools: [String] {
        get { state.withLock(\.spools) }
        set { state.withLock { $0.spools = newValue } }
    }
}
