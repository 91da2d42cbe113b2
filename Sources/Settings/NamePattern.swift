package import Screening

/// The pattern by which a file's name says whose image it is: a regular expression with named groups, searched in the name.
package struct NamePattern {
    /// The words that a group may be called by: those of a sidecar.
    package static let words = IdentityField.allCases.map(\.rawValue)
    private let expression: Regex<AnyRegexOutput>

    /// - Throws: `badConfiguration` whose message is what was expected.
    package init(_ text: String) throws(PapillaError) {
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

    /// What a name says; nothing where it does not match.
    package func read(_ name: String) -> IdentityStatement {
        var statement = IdentityStatement(from: .name)
        guard let match = try? expression.firstMatch(in: name) else { return statement }
        for element in match.output {
            guard let field = element.name.flatMap(IdentityField.init), let text = element.substring else { continue }
            statement.state(String(text), for: field)
        }
        return statement
    }
}
