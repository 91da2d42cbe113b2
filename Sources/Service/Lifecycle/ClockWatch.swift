internal import Ledger
internal import Screening

/// Finds a wall clock that is ahead, by a clock that nobody can set and by what the audit has seen.
///
/// A clock that is found ahead is doubted until it is back, or has gone on steadily for a week: time for a person to set it right. Steps
/// count from where the clock should be, not from the last look, so that small ones do not add up unseen.
struct ClockWatch: Sendable {
    /// What an adjustment may be, ms: daylight saving time is none, since the clock is UTC.
    private static let adjustment: Int64 = 3_600_000
    /// How far the clock may be ahead of the last entry at a start, ms: a machine may have been switched off for so long.
    private static let gap: Int64 = 7 * 86_400_000
    /// How long a clock is doubted, ms.
    private static let doubtTime: Int64 = 7 * 86_400_000
    /// How long a clock must stay behind until that is believed, ms: a machine without a battery starts in the past, and is set by the network.
    private static let patience: Int64 = 86_400_000
    /// Of the time that goes by, how much the clock may gain in small steps: 1 part in so many.
    private static let gain: Int64 = 1000
    /// How often the audit is told how long the doubt still lasts, ms.
    private static let telling: Int64 = 3_600_000
    /// Of the time that a machine was off by its own account, how much counts as time that went by, ms at each start.
    private static let off: Int64 = 86_400_000

    private static let origin = ContinuousClock.now
    /// A clock that nobody sets, and that goes on while the machine sleeps.
    static var steady: Duration { origin.duration(to: .now) }

    /// What the clock should have said at the last look.
    private var expected: Timestamp
    /// The steady clock at the last look; nil before the first.
    private var steady: Duration?
    private var tolerance = Self.gap
    /// For how long the clock has been behind, ms.
    private var behind: Int64 = 0
    /// What the audit says of the clock.
    private var noted: ClockDoubt?
    /// Whether, and for how much longer, the clock is doubted.
    private(set) var doubt: ClockDoubt?

    /// Goes on from what the audit says, before anything else is written at a start.
    init(_ ledger: any AuditLedger) async throws(PapillaError) {
        noted = try await ledger.clockDoubt()
        doubt = noted
        let last = try await ledger.auditEntries(AuditFilter(limit: 1)).last?.at
        expected = noted?.expected ?? last ?? .now
    }

    /// Looks at both clocks.
    mutating func look(_ wall: Timestamp, _ steady: Duration) {
        let passed = self.steady.map { max(0, Int64((steady - $0) / .milliseconds(1))) } ?? 0
        self.steady = steady
        expected = Timestamp(milliseconds: expected.milliseconds + passed)
        let ahead = wall.milliseconds - expected.milliseconds
        if ahead > tolerance {
            distrust(wall, ahead: ahead, passed: passed)
        } else if ahead < -Self.adjustment {
            doubt = nil
            behind += passed
            if behind >= Self.patience { trust(wall) }
        } else {
            trust(tolerance == Self.gap ? wall : Timestamp(milliseconds: expected.milliseconds + min(ahead, passed / Self.gain)))
        }
    }

    private mutating func trust(_ time: Timestamp) {
        expected = time
        doubt = nil
        behind = 0
        tolerance = Self.adjustment
    }

    private mutating func distrust(_ wall: Timestamp, ahead: Int64, passed: Int64) {
        defer {
            behind = 0
            tolerance = Self.adjustment
        }
        guard var known = doubt, ahead <= known.ahead + tolerance else {
            doubt = ClockDoubt(expected: expected, ahead: ahead, left: Self.doubtTime)
            return
        }
        known.left -= passed
        if tolerance == Self.gap {
            let off = max(0, ahead - known.ahead)
            expected = Timestamp(milliseconds: expected.milliseconds + off)
            known.left -= min(off, Self.off)
        }
        known.expected = expected
        known.ahead = min(known.ahead, ahead)
        doubt = known
        if known.left <= 0 { trust(wall) }
    }

    /// Writes down what is new. What cannot be written now is new at the next call, too.
    mutating func note(in ledger: any AuditLedger) async throws(PapillaError) {
        switch (noted, doubt) {
        case (let noted?, nil): try await ledger.note(.trusted, noted)
        case (nil, let doubt?): try await ledger.note(.ahead, doubt)
        case (let noted?, let doubt?) where doubt.left > noted.left || doubt.ahead > noted.ahead:
            try await ledger.note(.ahead, doubt)
        case (let noted?, let doubt?) where doubt.left <= noted.left - Self.telling:
            try await ledger.note(.doubted, doubt)
        default: return
        }
        noted = doubt
    }

    /// What a person reads and does; nil where the clock is trusted.
    var advice: String? {
        guard let doubt else { return nil }
        func text(_ milliseconds: Int64) -> String {
            let hours = max(1, (milliseconds + 1_800_000) / 3_600_000)
            return hours >= 48 ? "\((hours + 12) / 24) days" : hours == 1 ? "1 hour" : "\(hours) hours"
        }
        return
            "the clock is \(text(doubt.ahead)) ahead of what it should be, and no original is removed by its age: set it right (timedatectl); if it is right, wait for \(text(doubt.left))"
    }
}
