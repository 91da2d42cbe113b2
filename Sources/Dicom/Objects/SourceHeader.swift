/// The header of a DICOM file as far as results of its image copy it: patient, study, series, scale. No pixel is looked at.
///
/// A walk over the elements without recursion, every length held against the file; where it cannot go on it ends, and what came before
/// counts. Names are kept in the character set of the file until they are asked for.
struct SourceHeader: Sendable {
    /// The attributes that are kept.
    private static let wanted: [UInt32: Attribute] = Dictionary(
        uniqueKeysWithValues: ([
            .sopClass, .sopInstance, .seriesInstance, .characterSet, .numberOfFrames, .rows, .columns, .pixelSpacing,
            .timezoneOffset,
        ] + SourceImage.inherited).map { ($0.tag, $0) })
    private static let metaLimit: UInt32 = 0x0002_FFFF
    /// Nothing that is wanted comes later.
    private static let last: UInt32 = 0x0028_0030

    private var values: [Attribute: ArraySlice<UInt8>] = [:]
    private var isBigEndian = false

    /// Nil for what is no DICOM file, and for one whose data set is deflated.
    init?(_ bytes: [UInt8]) {
        guard bytes.count > 140, bytes[128..<132].elementsEqual("DICM".utf8) else { return nil }
        var cursor = Cursor(bytes: bytes, position: 132)
        var syntax = ""
        while let tag = cursor.peekTag(), tag <= Self.metaLimit {
            guard let element = cursor.next() else { return nil }
            if element.tag == Attribute.transferSyntax.tag {
                syntax = String(decoding: bytes[element.value].filter { $0 > 0x20 }, as: UTF8.self)
            }
        }
        switch syntax {
        case "1.2.840.10008.1.2": cursor.isImplicit = true
        case "1.2.840.10008.1.2.2": cursor.isBigEndian = true
        case "1.2.840.10008.1.2.1.99": return nil
        default: break
        }
        isBigEndian = cursor.isBigEndian
        while let tag = cursor.peekTag(), tag <= Self.last, let element = cursor.next() {
            if let attribute = Self.wanted[element.tag] { values[attribute] = bytes[element.value] }
        }
        guard !text(.sopInstance).isEmpty else { return nil }
    }

    /// A text in UTF-8, without padding; empty where there is none.
    func text(_ attribute: Attribute) -> String {
        guard let value = values[attribute] else { return "" }
        let isPlain = [.identifier, .code, .date, .time, .integer, .decimal, .dateTime].contains(attribute.representation)
        let characterSet = isPlain || attribute == .characterSet ? "" : text(.characterSet)
        var text = Substring(TextEncoding.utf8(Array(value), in: characterSet)).unicodeScalars
        while let last = text.last, last.value == 0 || last.properties.isWhitespace { text.removeLast() }
        while let first = text.first, first.properties.isWhitespace { text.removeFirst() }
        return String(text)
    }

    /// A whole number, from binary or text; nil where there is none.
    func number(_ attribute: Attribute) -> Int? {
        guard let value = values[attribute] else { return nil }
        guard attribute.representation == .short else { return Int(text(attribute)) }
        let bytes = Array(value.prefix(2))
        guard bytes.count == 2 else { return nil }
        return isBigEndian ? Int(bytes[0]) << 8 | Int(bytes[1]) : Int(bytes[1]) << 8 | Int(bytes[0])
    }

    /// The lengths of a pixel's sides, mm: row spacing, column spacing; nil where the file states none that make sense.
    var spacing: (rows: Double, columns: Double)? {
        let numbers = text(.pixelSpacing).split(separator: "\\").map { Double($0.filter { $0 != " " }) }
        guard numbers.count == 2, let rows = numbers[0], let columns = numbers[1], rows > 0, columns > 0, rows.isFinite,
            columns.isFinite
        else { return nil }
        return (rows, columns)
    }

    /// Seconds east of UTC as the file states them (`+0130`); nil where it does not.
    var offset: Int64? {
        let text = text(.timezoneOffset)
        guard text.utf8.count == 5, let sign = text.first, sign == "+" || sign == "-", let digits = Int64(text.dropFirst()),
            digits >= 0, digits % 100 < 60, digits <= 1400
        else { return nil }
        return (sign == "-" ? -1 : 1) * (digits / 100 * 3600 + digits % 100 * 60)
    }
}

/// Where a walk over elements is.
private struct Cursor {
    struct Element {
        let tag: UInt32
        /// The place of its value; empty for a sequence of undefined length.
        let value: Range<Int>
    }

    let bytes: [UInt8]
    var position: Int
    var isImplicit = false
    var isBigEndian = false
    private static let undefined = Int(UInt32.max)
    private static let item: UInt32 = 0xFFFE_E000
    private static let itemEnd: UInt32 = 0xFFFE_E00D
    private static let sequenceEnd: UInt32 = 0xFFFE_E0DD
    private static let longLengths: Set<String> = ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]

    init(bytes: [UInt8], position: Int) {
        self.bytes = bytes
        self.position = position
    }

    private func number(_ at: Int, _ count: Int) -> Int? {
        guard at >= 0, at <= bytes.count - count else { return nil }
        let part = bytes[at..<at + count]
        return isBigEndian ? part.reduce(0) { $0 << 8 | Int($1) } : part.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    func peekTag() -> UInt32? {
        guard let group = number(position, 2), let element = number(position + 2, 2) else { return nil }
        return UInt32(group) << 16 | UInt32(element)
    }

    /// The next element of the data set; nil where there is none, or none that can be understood.
    mutating func next() -> Element? {
        guard let (tag, length) = header() else { return nil }
        if length == Self.undefined {
            guard skipSequence() else { return nil }
            return Element(tag: tag, value: position..<position)
        }
        guard length <= bytes.count - position else { return nil }
        defer { position += length }
        return Element(tag: tag, value: position..<position + length)
    }

    /// Reads a tag and a length, and goes to the value.
    private mutating func header() -> (tag: UInt32, length: Int)? {
        guard let tag = peekTag() else { return nil }
        if isImplicit || tag >> 16 == 0xFFFE {
            guard let length = number(position + 4, 4) else { return nil }
            position += 8
            return (tag, length)
        }
        guard position + 8 <= bytes.count else { return nil }
        let representation = String(decoding: bytes[position + 4..<position + 6], as: UTF8.self)
        if Self.longLengths.contains(representation) {
            guard let length = number(position + 8, 4) else { return nil }
            // What is unknown and of undefined length is written in another way inside.
            guard representation != "UN" || length != Self.undefined else { return nil }
            position += 12
            return (tag, length)
        }
        guard let length = number(position + 6, 2) else { return nil }
        position += 8
        return (tag, length)
    }

    /// Goes behind the end of a sequence of undefined length, whatever is nested in it.
    private mutating func skipSequence() -> Bool {
        var depth = 1
        while depth > 0 {
            guard let (tag, length) = header() else { return false }
            switch tag {
            case Self.sequenceEnd: depth -= 1
            case Self.itemEnd: continue
            case Self.item where length == Self.undefined: continue
            default:
                if length == Self.undefined {
                    depth += 1
                } else {
                    guard length <= bytes.count - position else { return false }
                    position += length
                }
            }
        }
        return true
    }
}
