internal import Screening

/// Text of HTML and SVG.
enum Markup {
    /// A number with so many digits behind the point, rounded half away from zero.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "–" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let whole = (abs(value) * scale).rounded()
        guard whole < 1e15 else { return "–" }
        let units = String(Int64(whole))
        let padded = String(repeating: "0", count: max(0, digits + 1 - units.count)) + units
        let sign = value < 0 && whole > 0 ? "−" : ""
        return digits == 0 ? sign + padded : sign + padded.dropLast(digits) + "." + padded.suffix(digits)
    }

    /// The same with a sign before what is not below zero, too.
    static func signed(_ value: Double, _ digits: Int) -> String {
        let text = fixed(value, digits)
        return text.hasPrefix("−") ? text : "+" + text
    }

    /// A ratio with its interval: `0.52 (0.44–0.60)`.
    static func ratio(_ value: Double, _ interval: [Double]?) -> String {
        let text = fixed(value, 2)
        guard let interval, interval.count == 2 else { return text }
        return "\(text) (\(fixed(interval[0], 2))–\(fixed(interval[1], 2)))"
    }

    /// An element with its attributes and one of: nothing, text, other elements; before them a title, which a browser shows at the pointer.
    static func element(
        _ name: String, _ attributes: [(String, String)] = [], text: String? = nil, title: String? = nil, content: String = ""
    ) -> String {
        var result = "<" + name
        for (key, value) in attributes { result += " \(key)=\"\(value.escapedForMarkup)\"" }
        var inner = content
        if let text { inner = text.escapedForMarkup + inner }
        if let title { inner = "<title>\(title.escapedForMarkup)</title>" + inner }
        result += inner.isEmpty ? "/>" : ">\(inner)</\(name)>"
        return result + "\n"
    }
}
