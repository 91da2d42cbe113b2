public import Screening

/// What a person says of the masks of several sets: for all of them, or `NAME:VALUES` for the set of that name.
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
