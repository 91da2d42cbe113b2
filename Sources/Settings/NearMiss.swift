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
