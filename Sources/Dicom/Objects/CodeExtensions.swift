/// A text that changes its character set by escape sequences (ISO 2022; PS3.5, 6.1.2.5). Codes below 128 are of one set, those from 160 of
/// another, and an escape sequence puts another set there.
struct CodeExtensions {
    /// A set of codes.
    private enum Codes: Equatable {
        case ascii
        /// Half-width, of JIS X 0201.
        case katakana
        /// The upper half of a set that the converter knows.
        case single(String)
        /// Two bytes a character, which the converter knows with their highest bits set, after what comes before each.
        case double(String, prefix: [UInt8] = [])

        /// By their number in the ISO registry: which are used for codes from 160.
        init?(number: String) {
            let parts = [
                "100": "ISO-8859-1", "101": "ISO-8859-2", "109": "ISO-8859-3", "110": "ISO-8859-4", "144": "ISO-8859-5",
                "127": "ISO-8859-6", "126": "ISO-8859-7", "138": "ISO-8859-8", "148": "ISO-8859-9", "203": "ISO-8859-15",
                "166": "TIS-620",
            ]
            switch number {
            case "13": self = .katakana
            case "149": self = .double("EUC-KR")
            case "58": self = .double("EUC-CN")
            default:
                guard let name = parts[number] else { return nil }
                self = .single(name)
            }
        }
    }

    /// By what follows the escape character.
    private static let lower: [String: Codes] = [
        "(B": .ascii, "(J": .ascii, "$B": .double("EUC-JP"), "$@": .double("EUC-JP"), "$(D": .double("EUC-JP", prefix: [0x8F]),
    ]
    private static let upper: [String: String] = [
        "-A": "100", "-B": "101", "-C": "109", "-D": "110", "-L": "144", "-G": "127", "-F": "126", "-H": "138", "-M": "148",
        "-b": "203", "-T": "166", ")I": "13", "$)C": "149", "$)A": "58",
    ]

    /// Whether any number is of a set.
    static func know(_ numbers: [String?]) -> Bool {
        numbers.contains { $0.map { Codes(number: $0) != nil || ["87", "159"].contains($0) } ?? false }
    }

    /// What codes from 160 are of at the beginning, and after whatever separates parts of a text.
    private let initial: Codes?
    /// Whether the first set says so, and not one that the text may only change to.
    private let isStated: Bool

    /// - Parameter numbers: of the sets that a file names, by the ISO registry; nil for one that it leaves out.
    init(_ numbers: [String?]) {
        isStated = numbers.first.flatMap { $0 }.flatMap(Codes.init(number:)) != nil
        initial = numbers.lazy.compactMap { $0 }.compactMap(Codes.init(number:)).first
    }

    /// Nil where codes are none of the set that they are in.
    func text(_ bytes: [UInt8]) -> String? {
        var (low, high) = (Codes.ascii, initial)
        var (text, run, runCodes): (String, [UInt8], Codes?) = ("", [], nil)
        func flush() -> Bool {
            defer { run = [] }
            guard !run.isEmpty else { return true }
            guard let part = Self.decoded(run, runCodes) else { return false }
            text += part
            return true
        }
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x1B {
                let sequence = Self.sequence(bytes, index)
                let name = String(decoding: sequence.dropFirst(), as: UTF8.self)
                if let codes = Self.lower[name] { low = codes }
                if let number = Self.upper[name] { high = Codes(number: number) }
                index += sequence.count
                continue
            }
            let codes = byte < 0x80 ? (byte < 0x21 ? .ascii : low) : high
            if codes != runCodes {
                guard flush() else { return nil }
                runCodes = codes
            }
            run.append(byte)
            index += 1
            // A byte of two is no separator, whatever its number.
            guard codes == .ascii, "\\^=\t\n\u{C}\r".utf8.contains(byte) else { continue }
            low = .ascii
            if isStated { high = initial }
        }
        return flush() ? text : nil
    }

    private static func decoded(_ bytes: [UInt8], _ codes: Codes?) -> String? {
        switch codes {
        case nil: return nil
        case .ascii: return String(decoding: bytes, as: UTF8.self)
        case .katakana:
            guard bytes.allSatisfy({ (0xA1...0xDF).contains($0) }) else { return nil }
            return String(String.UnicodeScalarView(bytes.compactMap { Unicode.Scalar(0xFEC0 + UInt32($0)) }))
        case .single(let name): return TextEncoding.convert(bytes, from: name)
        case .double(let name, let prefix):
            guard bytes.count.isMultiple(of: 2) else { return nil }
            var pairs: [UInt8] = []
            for index in stride(from: 0, to: bytes.count, by: 2) {
                pairs += prefix + [bytes[index] | 0x80, bytes[index + 1] | 0x80]
            }
            return TextEncoding.convert(pairs, from: name)
        }
    }

    /// An escape sequence: the escape character, any number of bytes from 32 to 47, and one more.
    private static func sequence(_ bytes: [UInt8], _ start: Int) -> ArraySlice<UInt8> {
        var end = start + 1
        while end < bytes.count, (0x20...0x2F).contains(bytes[end]) { end += 1 }
        return bytes[start..<min(end + 1, bytes.count)]
    }

    /// The bytes without what changes their set.
    static func withoutEscapes(_ bytes: [UInt8]) -> [UInt8] {
        var (kept, index): ([UInt8], Int) = ([], 0)
        while index < bytes.count {
            if bytes[index] == 0x1B {
                index += sequence(bytes, index).count
            } else {
                kept.append(bytes[index])
                index += 1
            }
        }
        return kept
    }
}
