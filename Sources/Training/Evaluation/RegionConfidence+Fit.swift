internal import Glibc
internal import Registry

extension RegionConfidence {
    /// The function by which regions with a polyp are told from the others, fitted by Newton's method to the most likely one, its
    /// weights held a little towards 0. A region of an empty frame weighs four times as much. Nil without regions of both kinds, or where
    /// nothing tells them apart.
    init?(fittedTo scores: [ImageScore]) {
        let samples = scores.flatMap { score in
            score.regions.map { (evidence: $0.evidence, isPolyp: $0.polyp != nil, weight: score.isEmpty ? 4.0 : 1) }
        }
        guard samples.contains(where: \.isPolyp), samples.contains(where: { !$0.isPolyp }) else { return nil }
        var terms: [Term] = []
        for feature in Feature.allCases {
            let values = samples.compactMap { $0.evidence[feature] }
            guard values.count == samples.count else { continue }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
            // What is the same everywhere tells nothing apart.
            if variance > 1e-9 { terms.append(Term(feature, mean: mean, deviation: variance.squareRoot(), weight: 0)) }
        }
        guard !terms.isEmpty else { return nil }
        let rows = samples.map { sample in
            [1] + terms.map { ((sample.evidence[$0.feature] ?? $0.mean) - $0.mean) / $0.deviation }
        }
        let total = samples.reduce(0) { $0 + $1.weight }
        var weights = [Double](repeating: 0, count: terms.count + 1)
        func penalty(_ index: Int) -> Double { index == 0 ? 0 : 2e-3 }
        func loss(_ weights: [Double]) -> Double {
            zip(rows, samples).reduce(0) { sum, pair in
                let logit = zip(weights, pair.0).reduce(0) { $0 + $1.0 * $1.1 } * (pair.1.isPolyp ? 1 : -1)
                return sum + pair.1.weight / total * (logit > 0 ? log1p(exp(-logit)) : log1p(exp(logit)) - logit)
            } + weights.indices.reduce(0) { $0 + penalty($1) / 2 * weights[$1] * weights[$1] }
        }
        var best = loss(weights)
        for _ in 0..<50 {
            var gradient = weights.indices.map { penalty($0) * weights[$0] }
            var curvature = weights.indices.map { row in weights.indices.map { $0 == row ? penalty(row) + 1e-9 : 0 } }
            for (row, sample) in zip(rows, samples) {
                let probability = 1 / (1 + exp(-zip(weights, row).reduce(0) { $0 + $1.0 * $1.1 }))
                let slope = sample.weight / total * (probability - (sample.isPolyp ? 1 : 0))
                let bend = sample.weight / total * probability * (1 - probability)
                for i in row.indices {
                    gradient[i] += slope * row[i]
                    for j in row.indices { curvature[i][j] += bend * row[i] * row[j] }
                }
            }
            let step = Self.solved(curvature, gradient)
            var size = 1.0
            var next = weights
            var value = best
            repeat {
                next = zip(weights, step).map { $0 - size * $1 }
                value = loss(next)
                size /= 2
            } while value > best && size > 1e-6
            guard value < best - 1e-12 else { break }
            weights = next
            best = value
        }
        // Four decimals: a manifest is read by people.
        func rounded(_ value: Double) -> Double { (value * 10000).rounded() / 10000 }
        for index in terms.indices {
            terms[index].weight = rounded(weights[index + 1])
            terms[index].mean = rounded(terms[index].mean)
            terms[index].deviation = max(0.0001, rounded(terms[index].deviation))
        }
        self.init(bias: rounded(weights[0]), terms: terms)
        regions = samples.count
        falseRegions = samples.count { !$0.isPolyp }
    }

    /// The solution of a positive definite system, by Cholesky's factors.
    private static func solved(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        var (lower, count) = (matrix, right.count)
        for i in 0..<count {
            for j in 0...i {
                var sum = matrix[i][j]
                for k in 0..<j { sum -= lower[i][k] * lower[j][k] }
                lower[i][j] = i == j ? max(sum, 1e-12).squareRoot() : sum / lower[j][j]
            }
        }
        var solution = right
        for i in 0..<count {
            for k in 0..<i { solution[i] -= lower[i][k] * solution[k] }
            solution[i] /= lower[i][i]
        }
        while count > 0 {
            count -= 1
            for k in count + 1..<max(count + 1, right.count) { solution[count] -= lower[k][count] * solution[k] }
            solution[count] /= lower[count][count]
        }
        return solution
    }
}

extension ImageScore {
    /// The same image with its regions judged by another confidence.
    func judged(by confidence: RegionConfidence?) -> ImageScore {
        guard let confidence else { return self }
        var score = self
        for index in score.regions.indices { score.regions[index].confidence = confidence(score.regions[index].evidence) }
        return score
    }
}
