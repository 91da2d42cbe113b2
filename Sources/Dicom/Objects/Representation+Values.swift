internal import Screening

extension Representation {
    /// A text from outside as one value of this representation, dates and times of the old forms in today's; nil for what is longer than
    /// that, is several values, or is none of its kind. Nothing is cut: a shorter identifier or name is another one.
    func value(of text: String) -> String? {
        let scalars = text.unicodeScalars
        guard !scalars.contains(where: { $0.properties.generalCategory == .control }),
            !(isSplitByBackslash && scalars.contains("\\"))
        else { return nil }
        switch self {
        case .identifier: return UID.isValid(text) ? text : nil
        case .date: return Self.date(text)
        case .time: return Self.time(text)
        case .code: return text.utf8.count <= 16 && text.utf8.allSatisfy(Self.isOfCode) ? text : nil
        case .personName: return Self.isName(text) ? text : nil
        default: return limit.map { scalars.count <= $0 } ?? true ? text : nil
        }
    }

    /// Whether a text from outside can stand in a value as it is.
    func holds(_ text: String) -> Bool { value(of: text) == text }

    /// Capitals, digits, space and underscore.
    private static func isOfCode(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x20 || byte == 0x5F
    }

    /// `20261124`, also of `2026.11.24`.
    private static func date(_ text: String) -> String? {
        guard let time = ExaminationTime(text), time.description == time.day else { return nil }
        return time.day.filter { $0 != "-" }
    }

    /// `10`, `1041`, `104107` or `104107.25`, also of `10:41:07`.
    private static func time(_ text: String) -> String? {
        let parts = text.filter { $0 != ":" }.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }), let clock = parts.first,
            [2, 4, 6].contains(clock.utf8.count), parts.count == 1 || clock.utf8.count == 6
        else { return nil }
        let digits = clock.utf8.map { Int($0) - 48 }
        let numbers = stride(from: 0, to: digits.count, by: 2).map { digits[$0] * 10 + digits[$0 + 1] }
        // A minute may have a leap second.
        guard zip(numbers, [24, 60, 61]).allSatisfy({ $0 < $1 }) else { return nil }
        return parts.count == 1 ? String(clock) : "\(clock).\(parts[1].prefix(6))"
    }

    /// Three groups of five parts at most: letters, ideograms, sounds. A group has 64 characters.
    private static func isName(_ text: String) -> Bool {
        let groups = text.split(separator: "=", omittingEmptySubsequences: false)
        return groups.count <= 3
            && groups.allSatisfy { $0.unicodeScalars.count <= 64 && $0.unicodeScalars.count(where: { $0 == "^" }) <= 4 }
    }
}
