internal import Glibc

/// When an image was taken: a day, `2026-11-24`, or a moment in UTC, `2026-11-24T10:41:07.250Z`. As texts they sort by time.
public struct ExaminationTime: Sendable, Codable, Hashable, Comparable, CustomStringConvertible {
    /// The day or the moment.
    public let description: String

    /// `2026-11-24`, in UTC where the time of day is known, else as stated.
    public var day: String { String(description.prefix(10)) }

    /// `2026-11-24`, as the calendar on the wall shows it; a day that is stated without an hour is that day everywhere.
    ///
    /// - Parameter zone: seconds east of UTC at a moment; by default this machine's.
    public func localDay(_ zone: (Timestamp) -> Int64 = ExaminationTime.offsetHere(at:)) -> String {
        guard let moment = Timestamp(description) else { return day }
        return Timestamp(milliseconds: moment.milliseconds + zone(moment) * 1000).day
    }

    /// For a person: `2026-11-24 11:41 +01:00`, what clock and calendar on the wall show; the day, where no more is known.
    ///
    /// - Parameter zone: seconds east of UTC at a moment; by default this machine's.
    public func local(_ zone: (Timestamp) -> Int64 = ExaminationTime.offsetHere(at:)) -> String {
        guard let moment = Timestamp(description) else { return day }
        let offset = zone(moment)
        let clock = Timestamp(milliseconds: moment.milliseconds + offset * 1000).description
        let minutes = Int(abs(offset) / 60)
        func pad(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(clock.prefix(10)) \(clock.dropFirst(11).prefix(5)) "
            + "\(offset < 0 ? "-" : "+")\(pad(minutes / 60)):\(pad(minutes % 60))"
    }

    /// Reads a date or a date with a time, as RFC 3339, ISO 8601, EXIF and DICOM (DA, DT, DA with TM) write them.
    ///
    /// A time without a zone is taken in `zone`. The order of day and month is never guessed: the year comes first. Nil for anything else,
    /// for days that no calendar has, and for years before 1900, which devices write when they do not know.
    ///
    /// - Parameter zone: seconds east of UTC for a clock's reading, given as seconds since 1970; by default this machine's.
    public init?(_ text: String, zone: (Int64) -> Int64 = ExaminationTime.offsetHere(_:)) {
        var scanner = Scanner(text)
        guard let date = scanner.date() else { return nil }
        let days = Timestamp.days(year: date.year, month: date.month, day: date.day)
        let day = Timestamp(milliseconds: Int64(days) * 86_400_000).day
        let start = Int64(days) * 86400
        scanner.skipTimeMark()
        guard let milliseconds = scanner.timeOfDay() else {
            _ = scanner.offset()
            guard scanner.isAtEnd else { return nil }
            description = day
            return
        }
        let clock = start + milliseconds / 1000
        let offset = scanner.offset() ?? zone(clock)
        guard scanner.isAtEnd else { return nil }
        description = Timestamp(milliseconds: start * 1000 + milliseconds - offset * 1000).description
    }

    /// A moment that is known to the millisecond.
    public init(_ moment: Timestamp) { description = moment.description }

    /// What this machine's clock on the wall is ahead of UTC when it shows a time, s.
    ///
    /// - Parameter clock: what it shows, as seconds since 1970.
    public static func offsetHere(_ clock: Int64) -> Int64 {
        var seconds = time_t(clock)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        parts.tm_isdst = -1
        return clock - Int64(mktime(&parts))
    }

    /// What this machine's clock on the wall is ahead of UTC at a moment, s: summer time, where it is summer then.
    public static func offsetHere(at moment: Timestamp) -> Int64 {
        var seconds = time_t((Double(moment.milliseconds) / 1000).rounded(.down))
        var parts = tm()
        // Unlike mktime, localtime_r need not look whether the machine's zone is another one by now.
        tzset()
        localtime_r(&seconds, &parts)
        return Int64(parts.tm_gmtoff)
    }

    /// Whether all may be one time: where one is a day without an hour, only days of the zone are compared, and where one is of a whole
    /// minute or second, as who writes no seconds or no fractions writes it, only minutes or seconds.
    ///
    /// - Parameter zone: seconds east of UTC at a moment; by default this machine's.
    public static func agree(
        _ times: [ExaminationTime], _ zone: (Timestamp) -> Int64 = ExaminationTime.offsetHere(at:)
    ) -> Bool {
        if times.contains(where: { $0.description == $0.day }) { return Set(times.map { $0.localDay(zone) }).count <= 1 }
        let whole = [":00.000Z", ".000Z"].first { end in times.contains { $0.description.hasSuffix(end) } }
        return Set(times.map { $0.description.dropLast(whole?.count ?? 0) }).count <= 1
    }

    /// Earlier is smaller; a day is before its moments.
    public static func < (a: ExaminationTime, b: ExaminationTime) -> Bool { a.description < b.description }

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = ExaminationTime(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "neither a day nor a time (RFC 3339, UTC): \(text)")
        }
        self = time
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Reads the parts of a date and time, byte by byte.
private struct Scanner {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) {
        let bytes = Array(text.utf8)
        func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) || byte == 0 }
        rest = bytes.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// How many digits come next.
    private var digits: Int { rest.prefix { (48...57).contains($0) }.count }

    private mutating func number(_ count: Int) -> Int? {
        guard digits >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count).reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    private mutating func take(_ bytes: String) -> UInt8? {
        guard let next = rest.first, bytes.utf8.contains(next) else { return nil }
        return rest.popFirst()
    }

    /// `2026-11-24`, also with slashes, dots or colons, or `20261124`.
    mutating func date() -> (year: Int, month: Int, day: Int)? {
        let run = digits
        guard run == 4 || run >= 8, let year = number(4), (1900...9999).contains(year) else { return nil }
        let mark = run == 4 ? take("-/.:") : nil
        guard run != 4 || mark != nil, let month = number(2) else { return nil }
        if let mark, rest.popFirst() != mark { return nil }
        guard let day = number(2), (1...12).contains(month) else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        return (1...length).contains(day) ? (year, month, day) : nil
    }

    mutating func skipTimeMark() {
        if take("Tt") == nil { while take(" ") != nil {} }
    }

    /// `10:41:07.250`, `10:41`, `104107.25`, `1041` or `10`, in ms; nil where none comes next, and nothing is taken then.
    mutating func timeOfDay() -> Int64? {
        let before = rest
        func none() -> Int64? {
            rest = before
            return nil
        }
        guard let hour = number(2), hour < 24 else { return none() }
        let isSeparated = take(":") != nil
        guard !isSeparated || digits >= 2 else { return none() }
        let minute = number(2) ?? 0
        var second = 0
        if isSeparated ? take(":") != nil : digits >= 2 {
            guard let value = number(2) else { return none() }
            second = value
        }
        guard minute < 60, second < 61 else { return none() }
        var fraction = 0
        if take(".,") != nil {
            guard digits > 0 else { return none() }
            for place in [100, 10, 1] { fraction += (number(1) ?? 0) * place }
            while number(1) != nil {}
        }
        return Int64(((hour * 60 + minute) * 60 + second) * 1000 + fraction)
    }

    /// `Z`, `+01:00`, `+0100` or `+01`, in seconds east of UTC; nil where none comes next.
    mutating func offset() -> Int64? {
        let before = rest
        while take(" ") != nil {}
        if take("Zz") != nil { return 0 }
        guard let sign = take("+-"), let hours = number(2), hours < 15 else {
            rest = before
            return nil
        }
        _ = take(":")
        let minutes = number(2) ?? 0
        guard minutes < 60 else {
            rest = before
            return nil
        }
        return Int64(hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }
}
