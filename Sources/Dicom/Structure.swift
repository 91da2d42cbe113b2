package import Imaging
package import Screening

/// What the structure of a DICOM file tells without a value being read: only the meta information's two names are.
///
/// It is walked without recursion, because readers of DICOM recurse for every nested sequence, and a file of half a megabyte can end the
/// process that reads it. What passes has bounded depth and number of elements, and no length that goes beyond the file or its parent.
package struct DicomStructure: Sendable, Equatable {
    /// The reason why a file is not read further.
    package struct Refusal: Error, Sendable, Equatable {
        /// `.notAnImage`, `.unsupportedFormat`, `.truncated` or `.corrupt`.
        package var code: Reason.Code
        /// Goes on after "The DICOM file": "is nested too deeply".
        package var words: String
    }

    /// Sequences and items in one another, at most.
    package static let maximumDepth = 32
    /// Elements, items and fragments of a file, at most.
    package static let maximumElements = 200_000

    /// The transfer syntax's UID.
    package internal(set) var syntax = ""
    /// The SOP class's UID, as the meta information states it; "" where it does not.
    package internal(set) var sopClass = ""
    /// Where the pixel data's element begins, bytes; nil where there is none (yet).
    package internal(set) var pixels: Int64?
    /// Elements, items and fragments.
    package internal(set) var elements = 0

    /// Walks a file.
    /// - Throws: what `file` fails with.
    package static func walk<Failure>(_ file: inout FileBytes<Failure>) throws(Failure) -> Result<DicomStructure, Refusal> {
        let size = file.size
        var walk = StructureWalk(file)
        if let refusal = try walk.meta() { return .failure(refusal) }
        if let refusal = walk.refusalOfKind() { return .failure(refusal) }
        if let refusal = try walk.dataSet() { return .failure(refusal) }
        precondition(walk.at == size, "the walk ends at the file's end")
        return .success(walk.structure)
    }

    /// Where the values of some attributes of a file's own data set lie, whatever kind of object it is. Where the walk cannot go on, what came
    /// before counts.
    ///
    /// - Parameter tags: group and element, 16 bits each.
    /// - Returns: the structure as far as it was walked, and offsets; nil for what is no DICOM file, and where the data set is deflated.
    /// - Throws: what `file` fails with.
    static func values<Failure>(
        of tags: Set<UInt32>, in file: FileBytes<Failure>
    ) throws(Failure) -> (structure: DicomStructure, values: [UInt32: Range<Int64>])? {
        var walk = StructureWalk(file)
        walk.wanted = tags
        guard try walk.meta() == nil, walk.structure.syntax != DicomKind.deflated else { return nil }
        _ = try walk.dataSet()
        return (walk.structure, walk.values)
    }
}

/// One walk through a file.
private struct StructureWalk<Failure: Error> {
    /// A sequence or an item that has begun and not ended.
    struct Open {
        /// Where it ends; nil where a delimiter says.
        let end: Int64?
        let isItem: Bool
        /// Whether what is in it is written without value representations.
        let isImplicit: Bool
    }

    typealias Refusal = DicomStructure.Refusal
    private var file: FileBytes<Failure>
    private var open: [Open] = []
    private var isBigEndian = false
    private var isImplicit = false
    private(set) var at: Int64 = 132
    /// Where the data set begins.
    private var beginning: Int64 = 0
    private(set) var structure = DicomStructure()
    /// Attributes of the file's own data set whose places are noted.
    var wanted: Set<UInt32> = []
    private(set) var values: [UInt32: Range<Int64>] = [:]

    private static var truncated: Refusal { Refusal(code: .truncated, words: "ends before its data are complete") }
    private static var undefined: Int64 { 0xFFFF_FFFF }

    init(_ file: FileBytes<Failure>) { self.file = file }

    // MARK: - Bytes

    private mutating func byte(_ offset: Int64) throws(Failure) -> UInt8 { try file.byte(offset) ?? 0 }

    private mutating func short(_ offset: Int64, _ isBig: Bool) throws(Failure) -> Int64 {
        let (first, second) = (Int64(try byte(offset)), Int64(try byte(offset + 1)))
        return isBig ? first << 8 | second : second << 8 | first
    }

    private mutating func long(_ offset: Int64, _ isBig: Bool) throws(Failure) -> Int64 {
        let (first, second) = (try short(offset, isBig), try short(offset + 2, isBig))
        return isBig ? first << 16 | second : second << 16 | first
    }

    /// Whether two bytes are capital letters, as a value representation is.
    private mutating func hasRepresentation(_ offset: Int64) throws(Failure) -> Bool {
        let capitals: ClosedRange<UInt8> = 0x41...0x5A
        let (first, second) = (try byte(offset), try byte(offset + 1))
        return capitals.contains(first) && capitals.contains(second)
    }

    /// The value representation at an offset, as text.
    private mutating func representation(_ offset: Int64) throws(Failure) -> String {
        String(decoding: [try byte(offset), try byte(offset + 1)], as: UTF8.self)
    }

    /// Whether a value's length has four bytes (PS3.5, section 7.1.2).
    private static func isLong(_ representation: String) -> Bool {
        switch representation {
        case "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV": true
        default: false
        }
    }

    private mutating func text(_ offset: Int64, _ length: Int64) throws(Failure) -> String {
        let bytes = try file.bytes(at: offset, count: Int(min(length, 64)))
        return String(decoding: bytes.prefix { $0 != 0 && $0 != 0x20 }, as: UTF8.self)
    }

    // MARK: - Meta information

    /// Reads the meta information, which is always explicit and little endian, and says how the rest is written.
    mutating func meta() throws(Failure) -> Refusal? {
        let mark = try long(128, true)
        guard file.size >= 132, mark == 0x4449_434D else {
            return Refusal(code: .notAnImage, words: "has no mark of its kind (DICM after 128 bytes)")
        }
        while at + 8 <= file.size, try short(at, false) == 2 {
            guard try hasRepresentation(at + 4) else { return Refusal(code: .corrupt, words: "has damaged meta information") }
            let isLong = Self.isLong(try representation(at + 4))
            guard !isLong || at + 12 <= file.size else { return Self.truncated }
            let length = isLong ? try long(at + 8, false) : try short(at + 6, false)
            let start = at + (isLong ? 12 : 8)
            guard length <= file.size - start else { return Self.truncated }
            switch try short(at + 2, false) {
            case 0x02: structure.sopClass = try text(start, length)
            case 0x10: structure.syntax = try text(start, length)
            default: break
            }
            at = start + length
            if let refusal = count() { return refusal }
        }
        isBigEndian = structure.syntax == DicomKind.bigEndian
        isImplicit = structure.syntax == DicomKind.implicit
        return nil
    }

    /// Why a file of the kind that the meta information tells is not read; nil where it is.
    func refusalOfKind() -> Refusal? {
        if structure.syntax.isEmpty {
            return at + 8 > file.size
                ? Self.truncated : Refusal(code: .corrupt, words: "does not say how it is written (transfer syntax)")
        }
        if let name = DicomKind.name(ofUnreadObject: structure.sopClass) {
            return Refusal(code: .unsupportedFormat, words: "is \(name), which is not read; a picture was expected")
        }
        guard !DicomKind.isRead(structure.syntax) else { return nil }
        let name = DicomKind.name(ofUnread: structure.syntax) ?? "written in a way that is not known"
        return Refusal(code: .unsupportedFormat, words: "is not read, because it is \(name)")
    }

    private mutating func count() -> Refusal? {
        structure.elements += 1
        return structure.elements > DicomStructure.maximumElements
            ? Refusal(code: .corrupt, words: "has more than \(DicomStructure.maximumElements) elements") : nil
    }

    // MARK: - Data set

    mutating func dataSet() throws(Failure) -> Refusal? {
        guard at < file.size else { return Self.truncated }
        beginning = at
        while true {
            while let end = open.last?.end, at >= end {
                guard at == end else { return Refusal(code: .corrupt, words: "has a sequence whose length is wrong") }
                open.removeLast()
            }
            if at == file.size { return open.isEmpty ? nil : Self.truncated }
            guard at + 8 <= file.size else { return Self.truncated }
            if let refusal = count() { return refusal }
            let group = try short(at, isBigEndian)
            let refusal = group == 0xFFFE ? try item() : try element()
            if let refusal { return refusal }
        }
    }

    /// Why a value of some length cannot begin at an offset; nil where it can.
    private func refusal(_ start: Int64, _ length: Int64) -> Refusal? {
        guard length <= file.size - start else { return Self.truncated }
        guard let parent = open.last(where: { $0.end != nil })?.end, length > parent - start else { return nil }
        return Refusal(code: .corrupt, words: "has an element that is longer than what it is in")
    }

    /// Opens a sequence or an item, or says why it cannot be.
    private mutating func open(length: Int64, isItem: Bool, isImplicit: Bool) -> Refusal? {
        if length != Self.undefined, let refusal = refusal(at, length) { return refusal }
        guard open.count < DicomStructure.maximumDepth else {
            return Refusal(code: .corrupt, words: "is nested more than \(DicomStructure.maximumDepth) deep")
        }
        open.append(Open(end: length == Self.undefined ? nil : at + length, isItem: isItem, isImplicit: isImplicit))
        return nil
    }

    /// Takes the beginning of an item, or the mark at the end of an item or a sequence.
    private mutating func item() throws(Failure) -> Refusal? {
        let misplaced = Refusal(code: .corrupt, words: "has a sequence whose marks are out of place")
        let (element, length) = (try short(at + 2, isBigEndian), try long(at + 4, isBigEndian))
        at += 8
        switch element {
        case 0xE000:
            guard let top = open.last, !top.isItem else { return misplaced }
            return open(length: length, isItem: true, isImplicit: top.isImplicit)
        case 0xE00D, 0xE0DD:
            guard let top = open.popLast(), top.end == nil, top.isItem == (element == 0xE00D) else { return misplaced }
            return nil
        default: return misplaced
        }
    }

    private mutating func element() throws(Failure) -> Refusal? {
        if let top = open.last, !top.isItem {
            return Refusal(code: .corrupt, words: "has an element between the items of a sequence")
        }
        let (start, group, element) = (at, try short(at, isBigEndian), try short(at + 2, isBigEndian))
        let isPlain = open.last?.isImplicit ?? isImplicit
        var length: Int64
        var (isSequence, isUnknown) = (false, false)
        if isPlain {
            length = try long(at + 4, isBigEndian)
            at += 8
            isSequence = try beginsItem(group, length)
        } else {
            guard try hasRepresentation(at + 4) else {
                return Refusal(code: .corrupt, words: "has an element without a value representation")
            }
            let representation = try representation(at + 4)
            (isSequence, isUnknown) = (representation == "SQ", representation == "UN")
            let isLong = Self.isLong(representation)
            guard !isLong || at + 12 <= file.size else { return Self.truncated }
            length = isLong ? try long(at + 8, isBigEndian) : try short(at + 6, isBigEndian)
            at += isLong ? 12 : 8
        }
        if open.isEmpty, group == 0x7FE0, [0x0008, 0x0009, 0x0010].contains(element) {
            guard start > beginning else {
                return Refusal(code: .corrupt, words: "has pixels before anything that describes them")
            }
            structure.pixels = structure.pixels ?? start
            if length == Self.undefined { return try fragments() }
        }
        guard isSequence || length == Self.undefined else {
            if let refusal = refusal(at, length) { return refusal }
            if open.isEmpty, case let tag = UInt32(group << 16 | element), wanted.contains(tag) { values[tag] = at..<at + length }
            at += length
            return nil
        }
        // What is unknown and of undefined length is implicit inside (PS3.5, section 6.2.2).
        return open(length: length, isItem: false, isImplicit: isPlain || isUnknown)
    }

    /// Whether a value without a representation holds items: readers know which do by their dictionary, and walk into them.
    private mutating func beginsItem(_ group: Int64, _ length: Int64) throws(Failure) -> Bool {
        guard length != Self.undefined else { return true }
        guard length >= 8, group != 0x7FE0, at + 8 <= file.size else { return false }
        return try long(at, false) == 0xE000_FFFE
    }

    /// The fragments of compressed pixels, to the mark at their end.
    private mutating func fragments() throws(Failure) -> Refusal? {
        while true {
            guard at + 8 <= file.size else { return Self.truncated }
            let (group, element) = (try short(at, isBigEndian), try short(at + 2, isBigEndian))
            let length = try long(at + 4, isBigEndian)
            at += 8
            guard group == 0xFFFE, element == 0xE000 || element == 0xE0DD, length != Self.undefined else {
                return Refusal(code: .corrupt, words: "has compressed pixels whose fragments are out of place")
            }
            if element == 0xE0DD { return nil }
            if let refusal = count() { return refusal }
            guard length <= file.size - at else { return Self.truncated }
            at += length
        }
    }
}
