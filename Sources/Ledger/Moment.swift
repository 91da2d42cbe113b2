public import Screening

/// A day or a time as a person types it: a range from `start` up to, but not including, `end`.
public struct Moment: Sendable, Hashable {
    /// The day's first moment, or the time.
    public var start: Timestamp
    /// The next day's first moment, or the time.
    public var end: Timestamp

    /// Reads `2026-11-24` or `2026-11-24T10:41:07Z`, both UTC; nil for anything else.
    public init?(_ text: String) {
        if let day = Timestamp(startOf: text) {
            (start, end) = (day, Timestamp(milliseconds: day.milliseconds + 86_400_000))
        } else if let time = Timestamp(text) {
            (start, end) = (time, time)
        } else {
            return nil
        }
    }
}

extension Timestamp {
    /// The first moment of a day in UTC, from `2026-11-24`; nil for anything else, the 30th of February included.
    public init?(startOf day: String) {
        guard let time = Timestamp("\(day)T00:00:00Z"), time.day == day else { return nil }
        self = time
    }
}
