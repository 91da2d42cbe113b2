internal import Screening

/// Finds a wall clock that jumps ahead, by a clock that cannot be set.
struct ClockWatch {
    /// What an adjustment may be, ms: daylight saving time is none, since the clock is UTC.
    private static let tolerance: Int64 = 3_600_000
    private var last: (wall: Timestamp, steady: Duration)?

    /// Looks at both clocks.
    ///
    /// - Returns: what the wall clock should say, where it has jumped ahead since the last look.
    mutating func look(_ wall: Timestamp, _ steady: Duration) -> Timestamp? {
        defer { last = (wall, steady) }
        guard let last else { return nil }
        let expected = last.wall.milliseconds + Int64((steady - last.steady) / .milliseconds(1))
        return wall.milliseconds - expected > Self.tolerance ? Timestamp(milliseconds: expected) : nil
    }
}
