internal import Imaging
public import Screening

/// The meaning of a set's mask values in a person's words: `0=outside,128=disc,255=cup`, ranges as `128-255=polyp`, colours as
/// `#ff0000=polyp`. Where masks are soft, single values draw to them what lies nearest.
public struct StatedMaskValues: Sendable, Equatable {
    /// A value or a range of grey values.
    struct Entry: Sendable, Equatable {
        let first: Label
        let last: Label
        let meaning: MaskClass
    }

    /// As they were given.
    public let text: String
    let entries: [Entry]

    /// Reads what was given.
    /// - Throws: `.badInput` for what is not of this shape, says something twice, or names no structure.
    public init(_ text: String) throws(PapillaError) {
        func refuse(_ what: String) -> PapillaError {
            PapillaError(
                .badInput, "mask values '\(text)': \(what)",
                hint:
                    "Expected VALUE=MEANING,...: 0=outside,255=polyp or 0=outside,128=disc,255=cup; a value is 0 to 65535, a range "
                    + "(128-255) or a colour (#ff0000)")
        }
        var entries: [Entry] = []
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false).map { $0.trimmed.lowercased() }
            guard sides.count == 2 else { throw refuse("'\(part)' has no VALUE=MEANING") }
            guard let meaning = MaskClass(rawValue: sides[1]) else {
                throw refuse("'\(sides[1])' is none of outside, disc, cup, polyp")
            }
            guard let (first, last) = Self.values(sides[0]) else { throw refuse("'\(sides[0])' is no value") }
            if let other = entries.first(where: { $0.first <= last && first <= $0.last }) {
                throw refuse("\(max(first, other.first)) is said twice")
            }
            entries.append(Entry(first: first, last: last, meaning: meaning))
        }
        let meanings = Set(entries.map(\.meaning))
        guard meanings.contains(.outside), meanings.count > 1 else { throw refuse("outside and a structure must both be named") }
        guard !meanings.contains(.polyp) || meanings.isDisjoint(with: [.disc, .cup]) else {
            throw refuse("no image shows polyps and a disc")
        }
        self.text = text
        self.entries = entries.sorted { $0.first < $1.first }
    }

    /// The meaning of a value; nil where nothing was said of it.
    func meaning(of label: Label) -> MaskClass? { entries.first { $0.first <= label && label <= $0.last }?.meaning }

    private static func values(_ text: String) -> (Label, Label)? {
        if text.hasPrefix("#") {
            guard text.utf8.count == 7, let code = UInt32(text.dropFirst(), radix: 16) else { return nil }
            let label = Label(
                red: UInt8(code >> 16), green: UInt8(code >> 8 & 255), blue: UInt8(code & 255))
            return (label, label)
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0.trimmed) }
        guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else { return nil }
        return (Label(first), Label(last))
    }
}

extension StringProtocol {
    /// Without white space at its ends.
    var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// A person's words on the masks of several sets: for all of them, or `NAME:VALUES` for the set of that name.
public struct MaskValuesByFolder: Sendable {
    private var all: StatedMaskValues?
    private var byName: [String: StatedMaskValues] = [:]

    /// Nothing was said.
    public init() {}

    /// Reads what was given.
    public init(_ texts: [String]) throws(PapillaError) {
        for text in texts {
            // A value has no colon.
            if let colon = text.lastIndex(of: ":") {
                byName[String(text[..<colon])] = try StatedMaskValues(String(text[text.index(after: colon)...]))
            } else {
                all = try StatedMaskValues(text)
            }
        }
    }

    /// What was said of a set, by its folder.
    public subscript(folder: String) -> StatedMaskValues? {
        folder.pathNames().last.flatMap { byName[$0] } ?? all
    }

    /// Refuses a name that is none of the folders'.
    public func check(_ folders: [String]) throws(PapillaError) {
        let names = folders.compactMap { $0.pathNames().last }
        for name in byName.keys.sorted() where !names.contains(name) {
            throw PapillaError(
                .badInput,
                "mask values were given for '\(name)', which is none of the data sets: \(names.joined(separator: ", "))",
                hint: "Name the folder's last part, or leave the name away for all sets")
        }
    }
}
