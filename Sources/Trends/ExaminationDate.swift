public import Screening

/// The time that an image counts for among others of its subject, and how that is known.
public struct ExaminationDate: Sendable, Hashable, Comparable {
    /// How a time is known.
    public enum Whence: String, Sendable, Codable, CaseIterable {
        /// As stated: in a sidecar, by the image's own file, in its name.
        case stated
        /// Nobody stated one: the time of arrival.
        case arrival
        /// The stated one lies after the arrival, so the clock that wrote it was ahead: the time of arrival.
        case clockAhead = "clock_ahead"
        /// The stated one is a day to which clocks fall back that were never set: the time of arrival.
        case clockUnset = "clock_unset"
    }

    /// The day or the moment.
    public let time: ExaminationTime
    /// How it is known.
    public let whence: Whence
    /// `2026-11-24`, of the service's zone.
    public let day: String

    /// Milliseconds since 1970; noon, where only a day is known.
    public let milliseconds: Int64

    /// The time of an image that arrived at `received` and states `taken`.
    ///
    /// A day of tolerance, from the beginning of a day that is stated without an hour: a clock may be set to another zone.
    ///
    /// - Parameter zone: seconds east of UTC at a moment; by default this machine's.
    public init(
        taken: ExaminationTime?, received: Timestamp, zone: (Timestamp) -> Int64 = ExaminationTime.offsetHere(at:)
    ) {
        let tolerance: Int64 = 86_400_000
        // Such a clock shows the day where it hangs, or tells it in UTC.
        let isUnset = taken.map { Self.unset.contains($0.day) || Self.unset.contains($0.localDay(zone)) } ?? false
        if let taken, !isUnset, let milliseconds = Self.milliseconds(of: taken),
            (Self.start(of: taken) ?? milliseconds) <= received.milliseconds + tolerance
        {
            time = taken
            whence = .stated
            day = taken.localDay(zone)
            self.milliseconds = milliseconds
            return
        }
        whence = isUnset ? .clockUnset : taken != nil ? .clockAhead : .arrival
        milliseconds = received.milliseconds
        time = ExaminationTime(received)
        day = time.localDay(zone)
    }

    /// Whether the time of day is known.
    public var isMoment: Bool { time.description != time.day }

    /// Earlier is smaller.
    public static func < (a: ExaminationDate, b: ExaminationDate) -> Bool {
        (a.milliseconds, a.time) < (b.milliseconds, b.time)
    }

    /// Years of 365.2425 days from one time to a later one.
    public func years(to later: ExaminationDate) -> Double {
        Double(later.milliseconds - milliseconds) / (365.2425 * 86_400_000)
    }

    /// Days to which clocks fall back whose battery was empty.
    private static let unset: Set<String> = ["1970-01-01", "1980-01-01", "2000-01-01"]

    /// The beginning of a day; nil for a moment.
    private static func start(of time: ExaminationTime) -> Int64? {
        time.description == time.day ? Timestamp("\(time.day)T00:00:00Z")?.milliseconds : nil
    }

    static func milliseconds(of time: ExaminationTime) -> Int64? {
        Timestamp(time.description == time.day ? "\(time.day)T12:00:00Z" : time.description)?.milliseconds
    }
}

extension ExaminedImage {
    /// The time that it counts for.
    public var examined: ExaminationDate { ExaminationDate(taken: taken, received: received) }
}
