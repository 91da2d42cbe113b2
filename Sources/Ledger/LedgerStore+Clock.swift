internal import GRDB
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
extension LedgerStore {
    /// What the audit last said of the clock; nil where it is not doubted.
    public func clockDoubt() throws(PapillaError) -> ClockDoubt? {
        try read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT * FROM audit WHERE seq = (
                        SELECT max(seq) FROM audit WHERE event IN ('clock_ahead', 'clock_doubted', 'clock_trusted'))
                    """)
            guard let entry = try row.map(AuditEntry.init), entry.event != ClockDoubt.Event.trusted.rawValue,
                let detail = entry.detail
            else { return nil }
            return try CanonicalJSON.decode(ClockDoubt.self, from: detail.utf8)
        }
    }

    /// Notes what became of a doubt.
    ///
    /// - Parameter doubt: as it is now, or was when it ended.
    public func note(_ event: ClockDoubt.Event, _ doubt: ClockDoubt) throws(PapillaError) {
        try record(event.rawValue, subject: "service", detail: doubt)
    }

    /// The number of the first entry that was written after `limit`; nil where none was. What ended before it, in the order of the audit, is
    /// older than `limit`, whatever time its own row says: a clock that stood in the past for a while makes nothing old.
    func firstEntry(after limit: Timestamp) throws(PapillaError) -> Int64? {
        let now = now()
        return try read { db in
            // What a clock that was ahead wrote says nothing of the age of what came after.
            try Int64.fetchOne(
                db, sql: "SELECT seq FROM audit WHERE at > ? AND at <= ? ORDER BY seq LIMIT 1",
                arguments: [limit.description, now.description])
        }
    }
}
