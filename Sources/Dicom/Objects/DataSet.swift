internal import Glibc
internal import Screening

/// A DICOM data set to be written. There is no dictionary: an attribute brings its representation along, and its setters keep to what that
/// allows.
struct DataSet: Sendable, Hashable {
    enum Value: Sendable, Hashable {
        /// Of an even length.
        case bytes([UInt8])
        case items([DataSet])
        /// Encapsulated pixels, a fragment a frame.
        case fragments([[UInt8]])
    }

    private(set) var elements: [Attribute: Value] = [:]

    /// An attribute without a value.
    mutating func setEmpty(_ attribute: Attribute) {
        elements[attribute] = attribute.representation == .sequence ? .items([]) : .bytes([])
    }

    /// One text. What its representation does not allow is left out or cut: control characters, backslashes, characters past the limit. So
    /// it is for words of ours and for names, never for an identifier that must stay whole.
    mutating func set(_ attribute: Attribute, _ text: String) {
        elements[attribute] = .bytes(Self.padded(Array(Self.clean(text, for: attribute.representation).utf8), attribute))
    }

    /// Several texts, cleaned one by one.
    mutating func set(_ attribute: Attribute, _ texts: [String]) {
        let text = texts.map { Self.clean($0, for: attribute.representation) }.joined(separator: "\\")
        elements[attribute] = .bytes(Self.padded(Array(text.utf8), attribute))
    }

    /// A text of another data set, whole; without a value where its representation does not allow it.
    mutating func copy(_ attribute: Attribute, _ text: String) {
        let value = attribute.representation.value(of: text) ?? ""
        elements[attribute] = .bytes(Self.padded(Array(value.utf8), attribute))
    }

    /// A whole number, as binary or text.
    mutating func set(_ attribute: Attribute, _ number: Int) {
        switch attribute.representation {
        case .short: elements[attribute] = .bytes(UInt16(truncatingIfNeeded: number).littleEndianBytes)
        case .long: elements[attribute] = .bytes(UInt32(truncatingIfNeeded: number).littleEndianBytes)
        default: set(attribute, "\(number)")
        }
    }

    /// Whole numbers of 16 bits.
    mutating func set(_ attribute: Attribute, _ numbers: [UInt16]) {
        elements[attribute] = .bytes(numbers.flatMap(\.littleEndianBytes))
    }

    /// A real number: as a decimal string of at most 16 characters, or in binary.
    mutating func set(_ attribute: Attribute, _ number: Double) {
        switch attribute.representation {
        case .double: elements[attribute] = .bytes(number.bitPattern.littleEndianBytes)
        case .float: elements[attribute] = .bytes(Float(number).bitPattern.littleEndianBytes)
        default: set(attribute, DecimalString.text(number))
        }
    }

    /// Real numbers of 32 bits.
    mutating func set(_ attribute: Attribute, _ numbers: [Double]) {
        elements[attribute] = .bytes(numbers.flatMap { Float($0).bitPattern.littleEndianBytes })
    }

    /// The tag of another attribute.
    mutating func set(_ attribute: Attribute, pointingTo other: Attribute) { elements[attribute] = .bytes(other.tagBytes) }

    /// The items of a sequence.
    mutating func set(_ attribute: Attribute, _ items: [DataSet]) { elements[attribute] = .items(items) }

    /// A sequence of one code.
    mutating func set(_ attribute: Attribute, _ code: CodedConcept) { elements[attribute] = .items([code.dataSet]) }

    /// Bytes as they are.
    mutating func set(_ attribute: Attribute, bytes: [UInt8]) { elements[attribute] = .bytes(Self.padded(bytes, attribute)) }

    /// Encapsulated pixels, a fragment a frame.
    mutating func set(_ attribute: Attribute, fragments: [[UInt8]]) { elements[attribute] = .fragments(fragments) }

    /// A text as it was set, without its padding; empty where there is none.
    func text(_ attribute: Attribute) -> String {
        guard case .bytes(let bytes) = elements[attribute] else { return "" }
        var text = bytes[...]
        while let last = text.last, last == 0x20 || last == 0 { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }

    private static func padded(_ bytes: [UInt8], _ attribute: Attribute) -> [UInt8] {
        guard !bytes.count.isMultiple(of: 2) else { return bytes }
        let isBinary = attribute.representation == .identifier || attribute.representation == .bytes
        return bytes + [isBinary ? 0 : 0x20]
    }

    private static func clean(_ text: String, for representation: Representation) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.properties.generalCategory == .control {
                kept.append(" ")
            } else if scalar == "\\", representation.isSplitByBackslash {
                kept.append("/")
            } else {
                kept.append(scalar)
            }
        }
        let text = String(kept)
        return representation.limit.map { limit in String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) } ?? text
    }
}

/// Numbers as PS3.5 writes them in text (DS): at most 16 characters.
enum DecimalString {
    /// The shortest text that is the number again; where that is longer than 16 characters, the nearest that is not.
    static func text(_ number: Double) -> String {
        guard number.isFinite else { return "" }
        if number == number.rounded(), abs(number) < 1e15 { return "\(Int(number))" }
        let shortest = "\(number)"
        if shortest.utf8.count <= 16 { return shortest }
        for digits in stride(from: 15, through: 1, by: -1) {
            var text = [CChar](repeating: 0, count: 40)
            _ = withVaList([Int32(digits), number]) { vsnprintf(&text, text.count, "%.*g", $0) }
            let end = text.firstIndex(of: 0) ?? 0
            if end <= 16 { return String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self) }
        }
        return "0"
    }
}

extension FixedWidthInteger {
    /// The least significant byte first.
    var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}

extension Attribute {
    /// Group and element, each with its least significant byte first.
    var tagBytes: [UInt8] { UInt16(tag >> 16).littleEndianBytes + UInt16(tag & 0xFFFF).littleEndianBytes }
}
