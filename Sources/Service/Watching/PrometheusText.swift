/// Metrics in Prometheus' text format, version 0.0.4, every name with the prefix `papilla_`.
struct PrometheusText {
    enum Kind: String {
        case counter, gauge, histogram
    }

    private var lines: [String] = []

    /// What was added, each line with its end.
    var text: String { lines.map { $0 + "\n" }.joined() }

    /// One value.
    mutating func metric(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        head(name, kind, help)
        lines.append("papilla_\(name) \(Self.number(value))")
    }

    /// One value for each value of a label.
    mutating func metric(_ name: String, _ kind: Kind, _ help: String, _ values: [(label: String, of: String, value: Double)]) {
        head(name, kind, help)
        lines += values.map { "papilla_\(name){\($0.label)=\"\($0.of)\"} \(Self.number($0.value))" }
    }

    /// Histograms, each under its labels.
    mutating func histogram(_ name: String, _ help: String, _ histograms: [(labels: [(String, String)], Histogram)]) {
        head(name, .histogram, help)
        for (labels, histogram) in histograms {
            func labelled(_ more: [(String, String)]) -> String {
                let all = (labels + more).map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
                return all.isEmpty ? "" : "{\(all)}"
            }
            var sum = 0
            for (index, count) in histogram.counts.enumerated() {
                sum += count
                let limit = index < Histogram.limits.count ? "\(Histogram.limits[index])" : "+Inf"
                lines.append("papilla_\(name)_bucket\(labelled([("le", limit)])) \(sum)")
            }
            lines.append("papilla_\(name)_sum\(labelled([])) \(histogram.sum)")
            lines.append("papilla_\(name)_count\(labelled([])) \(sum)")
        }
    }

    private mutating func head(_ name: String, _ kind: Kind, _ help: String) {
        lines += ["# HELP papilla_\(name) \(help)", "# TYPE papilla_\(name) \(kind.rawValue)"]
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }
}
