internal import Synchronization

/// Lets one task at a time work on what bears a key; those that wait get it in the order in which they came.
///
/// What changes an arrival after its end (forgetting, deciding, correcting, reading it again, retention) works on several files and the
/// ledger in steps, and each of them relies on nobody being between the steps of another.
package final class KeyedLock<Key: Hashable & Sendable>: Sendable {
    /// Those who wait, by key; a key that nobody holds is not there.
    private let held = Mutex<[Key: [CheckedContinuation<Void, Never>]]>([:])

    package init() {}

    /// Waits for the key and holds it until `unlock`.
    package func lock(_ key: Key) async {
        await withCheckedContinuation { continuation in
            let isFree = held.withLock { held in
                guard held[key] != nil else {
                    held[key] = []
                    return true
                }
                held[key, default: []].append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Hands the key to who waits longest.
    package func unlock(_ key: Key) {
        let next = held.withLock { held -> CheckedContinuation<Void, Never>? in
            guard var waiting = held[key], !waiting.isEmpty else {
                held[key] = nil
                return nil
            }
            let next = waiting.removeFirst()
            held[key] = waiting
            return next
        }
        next?.resume()
    }

    /// How many wait for a key.
    package func waiting(for key: Key) -> Int { held.withLock { $0[key]?.count ?? 0 } }
}
