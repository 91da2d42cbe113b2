public import Ledger
public import Review
public import Screening

#if canImport(Glibc)
    import Glibc
#endif

/// An order of undecided screenings by how much a reader's word would teach: those whose two heads disagree, and that are unlike what was
/// decided already and unlike those before them in the list (greedy k-centres: Sener & Savarese, "Active learning for convolutional neural
/// networks: a core-set approach", 2018).
public struct InformativeOrder: Sendable {
    /// One screening's figures.
    struct Sample: Sendable {
        /// Figures of its report, as many for every screening.
        var features: [Double]
        /// 1 − Dice of the two heads, 0...1.
        var disagreement: Double
        /// Whether a reader has decided.
        var isDecided: Bool
    }

    let catalogue: ReviewCatalogue

    /// An order of a work list.
    public init(_ catalogue: ReviewCatalogue) { self.catalogue = catalogue }

    /// Undecided rows, the most informative first. Rows of one modality are compared with one another; those whose report cannot be
    /// compared (not fundus or endoscopy, or nothing measured) come last, as they were.
    /// - Parameter rows: decided ones among them.
    public func ordered(_ rows: [ExportRow]) async throws(PapillaError) -> [ExportRow] {
        var ordered: [ExportRow] = []
        var rest = rows.filter { $0.decision == nil }
        for modality in [Modality.fundus, .endoscopy] {
            var chosen: [(row: ExportRow, sample: Sample)] = []
            for row in rows where row.modality == modality {
                guard let report = try await catalogue.newestReport(of: row.id),
                    let sample = Self.sample(report, row.decision != nil)
                else {
                    continue
                }
                chosen.append((row, sample))
            }
            let order = Self.order(chosen.map(\.sample)).map { chosen[$0].row }
            let placed = Set(order.map(\.id))
            ordered += order
            rest.removeAll { placed.contains($0.id) }
        }
        return ordered + rest
    }

    /// What a report says of its image: how good it is, what kind the router takes it for, what was measured.
    private static func sample(_ report: Report, _ isDecided: Bool) -> Sample? {
        guard let quality = report.quality, let modality = report.modality else { return nil }
        var features = quality.checks.sorted { $0.key < $1.key }.map(\.value.value)
        features += modality.probabilities.sorted { $0.key < $1.key }.map { log(max($0.value, 1e-6)) }
        if let fundus = report.fundus {
            // A disc without a cup is all rim.
            features += [fundus.cdr?.vertical ?? 0, fundus.cdr?.horizontal ?? 0, fundus.rim?.minimum ?? 0.5]
            return Sample(
                features: features, disagreement: fundus.disagreement.values.max() ?? 0,
                isDecided: isDecided)
        }
        guard let endoscopy = report.endoscopy else { return nil }
        let confidence = endoscopy.polyps.compactMap(\.confidence).max() ?? 0
        features += [Double(endoscopy.polyps.count), endoscopy.polypAreaFraction, confidence]
        return Sample(
            features: features, disagreement: endoscopy.disagreement ?? 0, isDecided: isDecided)
    }

    /// Places of the undecided samples, the most informative first: at each turn the one with the greatest product of its distance from
    /// everything decided or placed before and of its disagreement's rank.
    static func order(_ samples: [Sample]) -> [Int] {
        guard let width = samples.map(\.features.count).max() else { return [] }
        let features = standardised(
            samples.map { $0.features + [Double](repeating: 0, count: width - $0.features.count) })
        let ranked = samples.indices.sorted {
            (samples[$0].disagreement, $0) < (samples[$1].disagreement, $1)
        }
        var rank = [Double](repeating: 0, count: samples.count)
        for (place, index) in ranked.enumerated() {
            rank[index] = Double(place + 1) / Double(samples.count)
        }
        var nearest = [Double](repeating: .infinity, count: samples.count)
        func see(_ seen: Int) {
            for index in samples.indices {
                var sum = 0.0
                for (a, b) in zip(features[index], features[seen]) { sum += (a - b) * (a - b) }
                nearest[index] = min(nearest[index], sum.squareRoot())
            }
        }
        for index in samples.indices where samples[index].isDecided { see(index) }
        var open = samples.indices.filter { !samples[$0].isDecided }
        var order: [Int] = []
        while !open.isEmpty {
            // With nothing decided yet all are equally far: the disagreement alone decides.
            func worth(_ index: Int) -> Double {
                (nearest[index].isFinite ? nearest[index] : 1) * (0.5 + rank[index])
            }
            guard let place = open.indices.max(by: { worth(open[$0]) < worth(open[$1]) }) else { break }
            let chosen = open.remove(at: place)
            order.append(chosen)
            see(chosen)
        }
        return order
    }

    /// Every column with mean 0 and deviation 1; a column that does not vary is 0.
    private static func standardised(_ rows: [[Double]]) -> [[Double]] {
        guard let width = rows.first?.count else { return [] }
        var rows = rows
        for column in 0..<width {
            let values = rows.map { $0[column].isFinite ? $0[column] : 0 }
            let mean = values.reduce(0, +) / Double(values.count)
            let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
                .squareRoot()
            for index in rows.indices {
                rows[index][column] = deviation > 1e-12 ? (values[index] - mean) / deviation : 0
            }
        }
        return rows
    }
}
