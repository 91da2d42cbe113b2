/// Numbers as JSON writes them.
package enum JSONNumber {
    /// Whole numbers are not written out beyond so many digits.
    private static let digitLimit = 1000

    /// A number as text: a whole one as its digits, exactly and without a point or an exponent, any other as it is written. Nil for what
    /// JSON does not call a number.
    package static func text(_ word: String) -> String? {
        guard let match = word.wholeMatch(of: #/(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?/#) else { return nil }
        let fraction = match.output.3.map { trimmed($0) } ?? ""
        let digits = Array(match.output.2 + fraction)
        guard let exponent = match.output.4.map({ Int($0) }) ?? 0, (-digitLimit...digitLimit).contains(exponent) else {
            return isZero(digits) ? "0" : word
        }
        let shift = exponent - fraction.count
        let whole: String
        if shift >= 0 {
            whole = String(digits) + String(repeating: "0", count: shift)
        } else {
            guard -shift <= digits.count, digits.suffix(-shift).allSatisfy({ $0 == "0" }) else {
                return isZero(digits) ? "0" : word
            }
            whole = String(digits.dropLast(-shift))
        }
        let plain = String(whole.drop { $0 == "0" })
        return plain.isEmpty ? "0" : String(match.output.1) + plain
    }

    private static func isZero(_ digits: [Character]) -> Bool { digits.allSatisfy { $0 == "0" } }

    /// Without zeros at the end.
    private static func trimmed(_ fraction: Substring) -> Substring {
        var fraction = fraction
        while fraction.last == "0" { fraction.removeLast() }
        return fraction
    }
}
