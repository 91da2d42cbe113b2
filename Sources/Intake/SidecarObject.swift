/// The fields of a JSON object whose text may be at fault. What JSON forbids spoils the field that it is in, and no other; what stands
/// between fields spoils nothing. Nothing is guessed: a value that JSON does not know is spoilt even where its meaning seems clear.
package struct SidecarObject {
    package enum Value: Equatable {
        case text(String)
        /// As it is written; a whole number as its digits.
        case number(String)
        case bool(Bool)
        case null
        case array
        case object
        /// Why, as it goes on after the field's name.
        case spoilt(String)
    }

    /// Whether there is an object at all.
    package private(set) var isObject = false
    /// In the order of the file.
    package private(set) var fields: [(key: String, value: Value)] = []
    /// What is wrong between the fields, in a few words each, each once.
    package private(set) var faults: [String] = []
    /// A part could not be read, and may have held more fields.
    package private(set) var isCut = false

    private let text: SidecarText
    private let bytes: [UInt8]
    private var position = 0
    /// Fields whose text was read as Windows-1252, and whether any text with other letters than ASCII is UTF-8.
    private var windowsFields: [Int] = []
    private var hasWideLetters = false

    package init(_ file: [UInt8]) {
        text = SidecarText(file)
        bytes = text.bytes
        skipSpace()
        guard take("{") else { return }
        isObject = true
        readFields()
        // A file is in one encoding: where some of it is UTF-8, what is not is damage.
        if hasWideLetters { for index in windowsFields { fields[index].value = .spoilt(Self.damaged) } }
    }

    private static let damaged = "is damaged text"

    // MARK: - Fields

    private mutating func readFields() {
        var isSeparated = true
        while true {
            skipSpace()
            guard let next = peek else {
                isCut = true
                return fault("it ends early")
            }
            if take("}") {
                if isSeparated, !fields.isEmpty { fault("a comma too many") }
                break
            }
            if next == UInt8(ascii: ",") || next == UInt8(ascii: ";") {
                position += 1
                if isSeparated { fault("a comma too many") }
                if next != UInt8(ascii: ",") { fault("a semicolon for a comma") }
                isSeparated = true
                continue
            }
            if !isSeparated { fault("a comma is missing") }
            isSeparated = false
            if next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") || Self.isWord(next) {
                readField()
            } else {
                isCut = true
                fault("something that is no field")
                position += 1
                skipToNext()
            }
        }
        skipSpace()
        if peek != nil { fault("something follows it") }
    }

    private mutating func readField() {
        var flaw: String?
        let key: String
        if peek == UInt8(ascii: "\"") {
            guard case .text(let read) = readString() else {
                // Whose field this is cannot be told.
                isCut = true
                flaw = nil
                fault("a field's name is damaged")
                return skipToNext()
            }
            key = read.text
        } else if peek == UInt8(ascii: "'") {
            key = readSingleQuoted()
            flaw = "has its name in single quotation marks"
        } else {
            key = readWord()
            flaw = "has its name without quotation marks"
        }
        skipSpace()
        guard take(":") else {
            fields.append((Self.trimmed(key), .spoilt("has no colon after its name")))
            return skipToNext()
        }
        skipSpace()
        let isFromHere = fields.count
        let start = position
        var value = readValue(field: isFromHere)
        skipSpace()
        switch peek {
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "}"), UInt8(ascii: "\""): break
        case nil:
            // A number or word may go on where the file does not.
            if case .number = value { value = .spoilt("is cut off") }
            if case .bool = value { value = .spoilt("is cut off") }
        default:
            value = .spoilt("is followed by something else")
            if !backToMissingQuote(from: start) {
                isCut = true
                skipToNext()
            }
        }
        if let flaw { value = .spoilt(flaw) }
        fields.append((Self.trimmed(key), value))
    }

    /// Where a text's closing mark is missing, the mark that ended it begins the next field's name: goes back to that.
    private mutating func backToMissingQuote(from start: Int) -> Bool {
        let here = position
        guard let quote = bytes[start..<here].lastIndex(of: UInt8(ascii: "\"")), quote > start else { return false }
        position = quote
        if case .text = readString() {
            skipSpace()
            if peek == UInt8(ascii: ":") {
                position = quote
                return true
            }
        }
        position = here
        return false
    }

    // MARK: - Values

    private mutating func readValue(field: Int) -> Value {
        switch peek {
        case UInt8(ascii: "\""):
            switch readString() {
            case .text(let read):
                if read.isWindows { windowsFields.append(field) }
                return .text(read.text)
            case .spoilt(let why): return .spoilt(why)
            }
        case UInt8(ascii: "'"):
            _ = readSingleQuoted()
            return .spoilt("is in single quotation marks")
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let isObject = peek == UInt8(ascii: "{")
            return skipNested() ? (isObject ? .object : .array) : .spoilt("has brackets that do not match")
        default:
            let word = readWord()
            switch word {
            case "": return .spoilt("has no value")
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "null": return .null
            default: return JSONNumber.text(word).map(Value.number) ?? .spoilt("is not in quotation marks, and no number of JSON")
            }
        }
    }

    private enum StringResult {
        case text((text: String, isWindows: Bool))
        case spoilt(String)
    }

    /// A text in double quotation marks. A line that ends within one is part of it where what follows its end makes sense; else its closing
    /// mark is missing, and it ends with the line.
    private mutating func readString() -> StringResult {
        position += 1
        var result = ""
        var run: [UInt8] = []
        var isWindows = false
        var flaw: String?
        var lineEnd: Int?
        func flush(_ scanner: inout SidecarObject) {
            guard !run.isEmpty else { return }
            if let (part, windows) = scanner.text.decode(run) {
                result += part
                isWindows = isWindows || windows
                if !windows, run.contains(where: { $0 >= 0x80 }) { scanner.hasWideLetters = true }
            } else {
                flaw = Self.damaged
            }
            run = []
        }
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                flush(&self)
                if let lineEnd, !isSensibleAfterText {
                    position = lineEnd
                    return .spoilt("has no closing quotation mark")
                }
                return flaw.map(StringResult.spoilt) ?? .text((result, isWindows))
            case UInt8(ascii: "\\"):
                flush(&self)
                if let scalar = readEscape() {
                    result.unicodeScalars.append(scalar)
                } else {
                    flaw = "has an escape that JSON does not know"
                }
            case 0..<0x20:
                flaw = "holds control characters"
                if byte == 10 || byte == 13 { lineEnd = lineEnd ?? position }
            default: run.append(byte)
            }
        }
        if let lineEnd { position = lineEnd } else { isCut = true }
        return .spoilt("has no closing quotation mark")
    }

    /// Whether what comes after a text's end can come there.
    private var isSensibleAfterText: Bool {
        guard let next = bytes[position...].first(where: { ![32, 9, 10, 13].contains($0) }) else { return true }
        return ",}]:/#".utf8.contains(next)
    }

    private mutating func readEscape() -> Unicode.Scalar? {
        guard let byte = peek else { return nil }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            guard let first = readHexadecimal() else { return nil }
            guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
            guard take("\\"), take("u"), let second = readHexadecimal(), (0xDC00..<0xE000).contains(second) else { return nil }
            return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        default: return nil
        }
    }

    private mutating func readHexadecimal() -> UInt32? {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { return nil }
        position += 4
        return value
    }

    /// Ends at its mark, or with the line.
    private mutating func readSingleQuoted() -> String {
        position += 1
        let start = position
        while let byte = peek, byte != UInt8(ascii: "'"), byte != 10, byte != 13 {
            position += byte == UInt8(ascii: "\\") && position + 1 < bytes.count ? 2 : 1
        }
        defer { if peek == UInt8(ascii: "'") { position += 1 } }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// A number, `true`, or whatever stands there without marks.
    private mutating func readWord() -> String {
        let start = position
        while let byte = peek, Self.isWord(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// - Returns: whether its brackets match.
    private mutating func skipNested() -> Bool {
        var closers: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "{"): closers.append(UInt8(ascii: "}"))
            case UInt8(ascii: "["): closers.append(UInt8(ascii: "]"))
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard closers.popLast() == byte else {
                    isCut = true
                    return false
                }
                if closers.isEmpty {
                    position += 1
                    return true
                }
            case UInt8(ascii: "\""):
                _ = readString()
                continue
            default: break
            }
            position += 1
        }
        isCut = true
        return false
    }

    // MARK: - Between

    /// To the next comma or the object's end, over what cannot be read.
    private mutating func skipToNext() {
        var depth = 0
        while let byte = peek {
            switch byte {
            case UInt8(ascii: ",") where depth == 0: return
            case UInt8(ascii: "}") where depth == 0: return
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth = max(0, depth - 1)
            case UInt8(ascii: "\""):
                _ = readString()
                continue
            default: break
            }
            position += 1
        }
    }

    private mutating func skipSpace() {
        while let byte = peek {
            let next = position + 1 < bytes.count ? bytes[position + 1] : 0
            switch byte {
            case 32, 9, 10, 13: position += 1
            case UInt8(ascii: "#"): skipComment()
            case UInt8(ascii: "/") where next == UInt8(ascii: "/"): skipComment()
            case UInt8(ascii: "/") where next == UInt8(ascii: "*"): skipLongComment()
            default: return
            }
        }
    }

    /// To the end of the line.
    private mutating func skipComment() {
        fault("a comment")
        while let byte = peek, byte != 10, byte != 13 { position += 1 }
    }

    private mutating func skipLongComment() {
        fault("a comment")
        position += 2
        while position < bytes.count {
            if bytes[position...].starts(with: "*/".utf8) {
                position += 2
                return
            }
            position += 1
        }
        isCut = true
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func fault(_ words: String) { if !faults.contains(words) { faults.append(words) } }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "+-._$".utf8.contains(byte) || byte >= 0x80
        }
    }

    private static func trimmed(_ key: String) -> String { key.filter { !$0.isWhitespace } }
}
