/// Numbers with units, as people write them in a configuration.
package enum Quantity {
    private static let times: [(unit: String, seconds: Double)] = [
        ("ms", 0.001), ("s", 1), ("min", 60), ("h", 3600), ("d", 86400),
    ]
    private static let sizes: [(unit: String, bytes: Double)] = [
        ("B", 1), ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776),
        ("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12),
    ]

    /// `500 ms`, `2 s`, `10 min`, `1 h`, `7 d`.
    package static func duration(_ text: String) -> Duration? {
        guard let (number, unit) = split(text), let factor = times.first(where: { $0.unit == unit })?.seconds else { return nil }
        let milliseconds = (number * factor * 1000).rounded()
        guard milliseconds < 1e15 else { return nil }
        return .milliseconds(Int(milliseconds))
    }

    /// `100 MB`, `256 MiB`, `1 GiB`.
    package static func bytes(_ text: String) -> Int? {
        guard let (number, unit) = split(text), let factor = sizes.first(where: { $0.unit == unit })?.bytes else { return nil }
        let bytes = (number * factor).rounded()
        return bytes < 9e18 ? Int(bytes) : nil
    }

    /// `2 %`.
    package static func share(_ text: String) -> Double? {
        guard let (number, unit) = split(text), unit == "%" else { return nil }
        return number / 100
    }

    /// The largest unit that leaves a whole number.
    package static func text(_ duration: Duration) -> String {
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        let unit = times.last { seconds >= $0.seconds && (seconds / $0.seconds) == (seconds / $0.seconds).rounded() } ?? ("s", 1)
        return plain(seconds / unit.seconds) + " " + unit.unit
    }

    /// The largest binary unit that leaves a whole number, or one decimal of it.
    package static func text(bytes: Int) -> String {
        let value = Double(bytes)
        let unit = sizes.prefix(5).last { value >= $0.bytes } ?? ("B", 1)
        return plain((value / unit.bytes * 10).rounded() / 10) + " " + unit.unit
    }

    private static func plain(_ number: Double) -> String { number == number.rounded() ? "\(Int(number))" : "\(number)" }

    private static func split(_ text: String) -> (number: Double, unit: String)? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Double(digits), number.isFinite else { return nil }
        return (number, String(unit))
    }
}
