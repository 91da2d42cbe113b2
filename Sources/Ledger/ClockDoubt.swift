public import Screening

/// What is known of a clock that was found ahead. The audit keeps it, so that a new start forgets nothing.
public struct ClockDoubt: Sendable, Hashable, Codable {
    /// What the clock should say.
    public var expected: Timestamp
    /// By how much it is ahead of that, ms.
    public var ahead: Int64
    /// For how much longer it is doubted, ms on a clock that nobody can set.
    public var left: Int64

    /// A clock that was found ahead.
    public init(expected: Timestamp, ahead: Int64, left: Int64) {
        self.expected = expected
        self.ahead = ahead
        self.left = left
    }

    /// What the audit calls a doubt that begins, goes on and ends.
    public enum Event: String, Sendable, CaseIterable {
        case ahead = "clock_ahead"
        case doubted = "clock_doubted"
        case trusted = "clock_trusted"
    }
}

/// A clock that jumps ahead makes everything old at once. So a jump is written down, and for a while nothing is concluded from its time.
extension AuditLedger {
    /// What the audit last said of the clock; nil where it is not doubted.
    public func clockDoubt() async throws(PapillaError) -> ClockDoubt? {
        guard let entry = try await newestEntry(of: ClockDoubt.Event.allCases.map(\.rawValue)),
            entry.event != ClockDoubt.Event.trusted.rawValue, let detail = entry.detail
        else { return nil }
        do { return try CanonicalJSON.decode(ClockDoubt.self, from: detail.utf8) } catch {
            throw PapillaError(.internal, "The ledger could not be read", place: "audit entry \(entry.seq)", cause: error)
        }
    }

    /// Notes what became of a doubt.
    ///
    /// - Parameter doubt: as it is now, or was when it ended.
    public func note(_ event: ClockDoubt.Event, _ doubt: ClockDoubt) async throws(PapillaError) {
        try await record(event.rawValue, subject: "service", detail: doubt)
    }
}
