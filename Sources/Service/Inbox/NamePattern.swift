internal import Screening

/// Where patient, study and eye stand in a file's name: a regular expression with named groups, searched in the name.
struct NamePattern {
    /// The words that a group may be called by, in a name as in a sidecar.
    static let words = ["patient", "study", "eye", "accession", "operator", "taken"]
    private let expression: Regex<AnyRegexOutput>

    /// - Throws: `badConfiguration` whose message is what was expected.
    init(_ text: String) throws(PapillaError) {
        let groups = text.matches(of: #/\(\?P?<([A-Za-z_][A-Za-z0-9_]*)>/#).map { String($0.output.1) }
        let words = Self.words.joined(separator: ", ")
        guard let wrong = groups.first(where: { !Self.words.contains($0) }) else {
            guard !groups.isEmpty else {
                throw PapillaError(
                    .badConfiguration,
                    "a regular expression with at least one named group of \(words), such as (?<patient>[0-9]+)")
            }
            do { expression = try Regex(text) } catch {
                throw PapillaError(.badConfiguration, "a regular expression", hint: "It cannot be read: \(error)")
            }
            return
        }
        throw PapillaError(.badConfiguration, "groups named \(words)", hint: NearMiss.hint(for: wrong, among: Self.words))
    }

    /// What a name says; empty where it does not match.
    func read(_ name: String) -> Identity {
        guard let match = try? expression.firstMatch(in: name) else { return Identity() }
        var words: [String: String] = [:]
        for element in match.output { if let name = element.name, let text = element.substring { words[name] = String(text) } }
        return Identity(patient: words["patient"], study: words["study"], eye: words["eye"].flatMap(Identity.eye) ?? .unknown)
    }
}
