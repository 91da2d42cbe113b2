import Testing

/// How far gradients are from those expected, all of them together and the worst tensor.
struct GradientComparison {
    /// ‖found − expected‖ / ‖expected‖ over all tensors.
    let overall: Double
    /// The same within one tensor; one that is hardly a hundredth of the whole is measured by that hundredth, since its own sums cancel.
    let worst: (name: String, distance: Double)

    init(_ found: [String: [Float]], _ expected: [String: [Double]]) throws {
        func length(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        let norm = length(expected.values.map(length))
        var (difference, worst) = (0.0, (name: "", distance: 0.0))
        for (name, values) in expected {
            let own = try #require(found[name], "no gradient of \(name)")
            try #require(own.count == values.count, "\(name)")
            let distance = length(zip(own, values).map { Double($0) - $1 })
            difference += distance * distance
            let relative = distance / max(length(values), norm / 100)
            if !(relative <= worst.distance) { worst = (name, relative) }
        }
        overall = difference.squareRoot() / norm
        self.worst = worst
    }
}
