internal import Imaging
internal import Screening

/// Reads an endoscopy frame in one look.
struct EndoscopyReader: Sendable {
    let thresholds: Thresholds
    let look: Looking

    /// What was found in a frame.
    struct Result: Sendable {
        var findings: EndoscopyFindings
        /// The polyps' pixels, the original's size.
        var mask: Mask
        /// What came nearest to a polyp without being taken for one; nil where nothing came near.
        var borderline: Borderline?
        /// What the network saw; nil where a reader drew the polyps.
        var evidence: NetworkEvidence?
    }

    /// A figure that stayed below its threshold.
    struct Borderline: Sendable, Equatable {
        /// Highest probability of a region that reached the lower threshold only, or mean probability of one whose mean was too low.
        var value: Double
        /// The threshold that it did not reach.
        var threshold: Double
    }

    func read(_ field: FieldOfView, width: Int, height: Int) async throws -> Result {
        let view = NetworkView(whole: field, side: 256)
        let look = try await look(.polyp, view)
        return measure(look, in: view.resized(to: look.probability.width), field, width: width, height: height)
    }

    /// Pure geometry: from the network's probabilities to polyps.
    func measure(_ look: NetworkAnswer, in view: NetworkView, _ field: FieldOfView, width: Int, height: Int) -> Result {
        let floor = min(thresholds[.polyp], thresholds[.polypBorderline])
        let window = Self.window(of: look.probability, above: floor, in: view)
        let probability = view.carryBack(look.probability, over: window)
        let minimumArea = thresholds[.polypArea] * field.area
        var result = measure(probability, over: window, field, minimumArea: minimumArea, width: width, height: height)
        result.findings.disagreement = look.disagreement(threshold: thresholds[.polyp])
        if result.borderline == nil {
            result.borderline = borderline(probability, minimumArea).map { Borderline(value: $0, threshold: thresholds[.polyp]) }
        }
        result.evidence = NetworkEvidence(look, in: view, threshold: thresholds[.polyp])
        return result
    }

    /// Pure geometry: from probabilities over a window of the original to polyps. Regions under `minimumArea` px are left out.
    func measure(_ probability: Plane, over window: PixelBox, _ field: FieldOfView, minimumArea: Double, width: Int, height: Int)
        -> Result
    {
        let map = probability.thresholded(Float(thresholds[.polyp])).filledHoles().labelled()
        let sums = map.sums(of: probability)
        let large = map.components.filter { Double($0.area) >= minimumArea }.sorted { $0.area > $1.area }
        func confidence(_ component: Component) -> Double { sums[component.label - 1] / Double(component.area) }
        let kept = large.filter { confidence($0) >= thresholds[.polypConfidence] }
        let doubtful = large.map(confidence).filter { $0 < thresholds[.polypConfidence] }.max()
        let polyps = kept.map { polyp($0, map, sum: sums[$0.label - 1], window, field) }
        let labels = Set(kept.map(\.label))
        let mask = map.mask { labels.contains($0.label) }.placed(at: window, width: width, height: height)
        let findings = EndoscopyFindings(
            polyps: polyps, polypAreaFraction: min(1, polyps.reduce(0) { $0 + $1.area } / field.area),
            disagreement: nil, mask: "polyp.png")
        let borderline = doubtful.map { Borderline(value: $0, threshold: thresholds[.polypConfidence]) }
        return Result(findings: findings, mask: mask, borderline: borderline)
    }

    private func polyp(_ component: Component, _ map: ComponentMap, sum: Double, _ window: PixelBox, _ field: FieldOfView)
        -> Polyp
    {
        let box = component.box
        let outline = Contour.trace(map.mask(of: component)).max { Contour.signedArea($0) < Contour.signedArea($1) } ?? []
        let contour = Contour.simplify(outline, to: 200).map { [$0.x + Double(window.x), $0.y + Double(window.y)] }
        return Polyp(
            box: [box.x + window.x, box.y + window.y, box.width, box.height], area: Double(component.area),
            areaFraction: min(1, Double(component.area) / field.area),
            centroid: [component.centroid.x + Double(window.x), component.centroid.y + Double(window.y)],
            confidence: sum / Double(component.area), contour: contour)
    }

    /// The highest probability among regions, large enough, that reach the lower threshold but nowhere the upper one.
    private func borderline(_ probability: Plane, _ minimumArea: Double) -> Double? {
        let (low, high) = (thresholds[.polypBorderline], thresholds[.polyp])
        guard low < high else { return nil }
        let map = probability.thresholded(Float(low)).labelled()
        let large = Set(map.components.filter { Double($0.area) >= minimumArea }.map(\.label))
        guard !large.isEmpty else { return nil }
        var highest = [Float](repeating: 0, count: map.components.count)
        for (index, label) in map.labels.enumerated() where label > 0 {
            highest[Int(label) - 1] = max(highest[Int(label) - 1], probability.values[index])
        }
        return large.map { Double(highest[$0 - 1]) }.filter { $0 <= high }.max()
    }

    /// The pixels of the original in which anything can reach the threshold: only they are carried back.
    static func window(of probability: Plane, above threshold: Double, in view: NetworkView) -> PixelBox {
        let coverage = view.coverage
        let components = probability.thresholded(Float(threshold)).components()
        guard let left = components.map(\.box.x).min(), let top = components.map(\.box.y).min(),
            let right = components.map({ $0.box.x + $0.box.width }).max(),
            let bottom = components.map({ $0.box.y + $0.box.height }).max()
        else { return PixelBox(x: coverage.x, y: coverage.y, width: 1, height: 1) }
        // Bilinear interpolation carries a value one pixel of the view further.
        let first = view.original(Point(x: Double(left - 1), y: Double(top - 1)))
        let last = view.original(Point(x: Double(right + 1), y: Double(bottom + 1)))
        let x = min(max(coverage.x, Int(first.x.rounded(.down))), coverage.x + max(0, coverage.width - 1))
        let y = min(max(coverage.y, Int(first.y.rounded(.down))), coverage.y + max(0, coverage.height - 1))
        let end = min(coverage.x + coverage.width, Int(last.x.rounded(.up)))
        let foot = min(coverage.y + coverage.height, Int(last.y.rounded(.up)))
        return PixelBox(x: x, y: y, width: max(1, end - x), height: max(1, foot - y))
    }
}
