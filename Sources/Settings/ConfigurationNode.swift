package import Screening
package import Yams

/// One value of the file with its place, read strictly: what is not expected is refused, never guessed.
package struct ConfigurationNode {
    package let node: Node
    /// Its full name: `paths.inbox`.
    package let key: String
    /// The line of the key, or of the value where there is no key.
    package let line: Int
    package let file: String

    /// A refusal at this place.
    package func refuse(_ found: String, expected: String, hint: String? = nil) -> PapillaError {
        PapillaError(.badConfiguration, "\(key): found \(found), expected \(expected)", place: "\(file):\(line)", hint: hint)
    }

    /// The values of a mapping by key; any key but these is refused.
    package func values(_ known: [String]) throws(PapillaError) -> [String: ConfigurationNode] {
        var values: [String: ConfigurationNode] = [:]
        for child in try members() {
            let name = String(child.key.dropFirst(key.isEmpty ? 0 : key.count + 1))
            guard known.contains(name) else {
                throw PapillaError(
                    .badConfiguration, "\(child.key): found an unknown key, expected one of \(known.joined(separator: ", "))",
                    place: "\(file):\(child.line)", hint: NearMiss.hint(for: name, among: known))
            }
            values[name] = child
        }
        return values
    }

    /// The values of a mapping with free keys.
    package func members() throws(PapillaError) -> [ConfigurationNode] {
        guard case .mapping(let mapping) = node else {
            if isNull { return [] }
            throw refuse(found, expected: "keys with values")
        }
        var members: [ConfigurationNode] = []
        for (name, value) in mapping {
            let at = name.mark?.line ?? line
            guard case .scalar(let scalar) = name else {
                throw PapillaError(
                    .badConfiguration, "\(key): found a key that is no text, expected a name", place: "\(file):\(at)")
            }
            members.append(
                ConfigurationNode(node: value, key: key.isEmpty ? scalar.string : "\(key).\(scalar.string)", line: at, file: file)
            )
        }
        return members
    }

    /// The values of a list.
    package func list(_ expected: String = "a list, such as [\"*.bak\"]") throws(PapillaError) -> [ConfigurationNode] {
        guard case .sequence(let sequence) = node else { throw refuse(found, expected: expected) }
        return sequence.enumerated().map { index, value in
            ConfigurationNode(node: value, key: "\(key)[\(index)]", line: value.mark?.line ?? line, file: file)
        }
    }

    /// A text.
    package func text(_ expected: String) throws(PapillaError) -> String {
        guard case .scalar(let scalar) = node, !isNull else { throw refuse(found, expected: expected) }
        return scalar.string
    }

    /// A text, or nil where it is null or empty.
    package func optionalText(_ expected: String) throws(PapillaError) -> String? {
        if isNull { return nil }
        let text = try text(expected)
        return text.isEmpty ? nil : text
    }

    /// A whole number.
    package func integer(in range: ClosedRange<Int>, _ unit: String) throws(PapillaError) -> Int {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound) (\(unit))"
        guard let value = Int(try text(expected)), range.contains(value) else { throw refuse(found, expected: expected) }
        return value
    }

    /// Yes or no.
    package func truth() throws(PapillaError) -> Bool {
        guard let value = Bool(try text("true or false")) else { throw refuse(found, expected: "true or false") }
        return value
    }

    /// A number.
    package func number(_ expected: String) throws(PapillaError) -> Double {
        guard let value = Double(try text(expected)), value.isFinite else { throw refuse(found, expected: expected) }
        return value
    }

    /// A duration: a number with its unit.
    package func duration(in range: ClosedRange<Duration>) throws(PapillaError) -> Duration {
        let expected =
            "a duration from \(Quantity.text(range.lowerBound)) to \(Quantity.text(range.upperBound)), such as 2 s, 10 min or 1 h"
        guard let value = Quantity.duration(try text(expected)), range.contains(value) else {
            throw refuse(found, expected: expected)
        }
        return value
    }

    /// A size: a number with its unit.
    package func bytes(in range: ClosedRange<Int>) throws(PapillaError) -> Int {
        let expected =
            "a size from \(Quantity.text(bytes: range.lowerBound)) to \(Quantity.text(bytes: range.upperBound)), such as 256 MiB or 1 GiB"
        guard let value = Quantity.bytes(try text(expected)), range.contains(value) else {
            throw refuse(found, expected: expected)
        }
        return value
    }

    /// A share: per cent.
    package func share(atMost most: Int = 50) throws(PapillaError) -> Double {
        let expected = "a share from 0 % to \(most) %, such as 2 %"
        guard let value = Quantity.share(try text(expected)), (0...Double(most) / 100).contains(value) else {
            throw refuse(found, expected: expected)
        }
        return value
    }

    /// Whether nothing is given.
    package var isNull: Bool {
        guard case .scalar(let scalar) = node else { return false }
        return scalar.style == .any || scalar.style == .plain ? ["", "~", "null", "Null", "NULL"].contains(scalar.string) : false
    }

    /// What stands there, in words.
    package var found: String {
        switch node {
        case .scalar(let scalar): isNull ? "nothing" : "\"\(scalar.string)\""
        case .mapping: "keys with values"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

/// "Did you mean": the known word that is nearest to one that is not known.
package enum NearMiss {
    /// A question for the reader; nil where nothing is near.
    package static func hint(for word: String, among known: [String]) -> String? {
        let best = known.map { (word: $0, distance: distance(word.lowercased(), $0.lowercased())) }.min {
            $0.distance < $1.distance
        }
        guard let best, best.distance <= max(1, word.count / 3) else { return nil }
        return "Did you mean \(best.word)?"
    }

    /// Insertions, deletions, replacements and exchanges of neighbours that turn one word into the other (Damerau and Levenshtein).
    package static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var rows = [Array(0...b.count)]
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
