public import Screening

/// A person's words on sets that show the same patients, such as photographs and crops of them: each `NAME,NAME` names some, by their
/// folders.
public struct SharedPatients: Sendable {
    private var words: [String: String] = [:]

    /// Nothing was said.
    public init() {}

    /// Reads what was given.
    public init(_ texts: [String]) throws(PapillaError) {
        for text in texts {
            let names = text.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed)
            guard names.count > 1, !names.contains("") else {
                throw PapillaError(
                    .badInput, "'\(text)' names no two data sets", place: "--same-patients",
                    hint: "Expected: the names of their folders with commas between, such as photographs,crops")
            }
            let word = names.sorted().joined(separator: ",")
            for name in names where words.updateValue(word, forKey: name) != nil {
                throw PapillaError(
                    .badInput, "'\(name)' stands twice", place: "--same-patients",
                    hint: "Name all sets that have their patients in common at once")
            }
        }
    }

    /// The word for whose the groups of a set are, by its folder; nil where nothing was said.
    public subscript(folder: String) -> String? { folder.pathNames().last.flatMap { words[$0] } }

    /// Refuses a name that is none of the folders'.
    public func check(_ folders: [String]) throws(PapillaError) {
        let names = folders.compactMap { $0.pathNames().last }
        for name in words.keys.sorted() where !names.contains(name) {
            throw PapillaError(
                .badInput, "'\(name)' is none of the data sets: \(names.joined(separator: ", "))", place: "--same-patients",
                hint: "Name the folders' last parts")
        }
    }
}
