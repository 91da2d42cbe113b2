internal import GRDB
public import Screening

/// A clock that jumps ahead makes everything old at once. So a jump is written down, and for a while nothing is concluded from its time.
extension Ledger {
    /// How far the clock may be ahead of the last entry at a start, ms: a machine may have been switched off for so long.
    private static let gapLimit: Int64 = 7 * 86_400_000
    /// How long a clock is doubted after a jump, ms: time for a person to set it right.
    private static let doubtTime: Int64 = 7 * 86_400_000

    /// Before anything else is written at a start: notes a clock that is further ahead than the machine can well have been switched off.
    public func noteClockAtStart() throws(PapillaError) {
        guard let last = try auditEntries(AuditFilter(limit: 1)).last?.at else { return }
        if now().milliseconds - last.milliseconds > Self.gapLimit { try noteClockJump(from: last) }
    }

    /// Notes that the clock jumped ahead.
    ///
    /// - Parameter from: what it said, or should have said, before.
    public func noteClockJump(from: Timestamp) throws(PapillaError) {
        try record(Self.jumped, subject: "service", detail: ["from": from])
    }

    /// Until when the clock is doubted; nil where it is not, because it never jumped, was set back since, or went on steadily for a week.
    public func clockDoubtedUntil() throws(PapillaError) -> Timestamp? {
        guard let jump = try auditEntries(AuditFilter(event: Self.jumped, limit: 1)).last?.at else { return nil }
        let (now, until) = (now().milliseconds, jump.milliseconds + Self.doubtTime)
        return now >= jump.milliseconds - 3_600_000 && now < until ? Timestamp(milliseconds: until) : nil
    }

    private static let jumped = "clock_jumped"

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
