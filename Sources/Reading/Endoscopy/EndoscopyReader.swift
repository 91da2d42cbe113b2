internal import Imaging
internal import Registry
internal import Screening

/// Reads an endoscopy frame in one look, or in two where a glance leaves a doubt.
struct EndoscopyReader: Sendable {
    let thresholds: Thresholds
    /// How sure the model is of a region; nil: its mean probability.
    var confidence: RegionConfidence?
    /// A look at the frame as it is, without its mirror images; nil where all of them are always looked at.
    var glance: Looking?
    let look: Looking

    /// The findings in a frame.
    struct Result: Sendable {
        var findings: EndoscopyFindings
        /// The polyps' pixels, the original's size.
        var mask: Mask
        /// What came nearest to a polyp without being taken for one; nil where nothing came near.
        var borderline: Borderline?
        /// Every region that was judged.
        var judged: JudgedRegions?
        /// What the network saw; nil where a reader drew the polyps.
        var evidence: NetworkEvidence?
    }

    /// A figure that stayed below its threshold.
    struct Borderline: Sendable, Equatable {
        /// Highest probability of a region that reached the lower threshold only, or confidence of one in which it was too low.
        var value: Double
        /// The threshold that it did not reach.
        var threshold: Double
    }

    func read(_ field: FieldOfView, width: Int, height: Int) async throws -> Result {
        let view = NetworkView(whole: field, side: 256)
        if let glance {
            let first = try await glance(.polyp, view)
            let seen = view.resized(to: first.probability.width)
            if !leavesDoubt(first.probability, in: seen, field) {
                return measure(first, in: seen, field, width: width, height: height)
            }
        }
        let look = try await look(.polyp, view)
        return measure(look, in: view.resized(to: look.probability.width), field, width: width, height: height)
    }

    /// Whether there is something that the network is not sure of: a place of some size to which it gives a probability above 0.1, but not
    /// one above 0.9 in the mean of what it would outline there. On val's 712 frames the mirror images then find as many polyps at the same
    /// rate of false alarms as when all frames are looked at in all of them, for a half of the frames.
    private func leavesDoubt(_ probability: Plane, in view: NetworkView, _ field: FieldOfView) -> Bool {
        let map = probability.thresholded(0.1).labelled()
        let least = 0.0005 * field.area / (view.scale * view.scale)
        var sums = [Double](repeating: 0, count: map.components.count)
        var counts = [Int](repeating: 0, count: map.components.count)
        let outlined = Float(thresholds[.polyp])
        for (index, label) in map.labels.enumerated() where label > 0 && probability.values[index] > outlined {
            sums[Int(label) - 1] += Double(probability.values[index])
            counts[Int(label) - 1] += 1
        }
        return map.components.contains { component in
            let place = component.label - 1
            return Double(component.area) >= least && (counts[place] == 0 || sums[place] <= 0.9 * Double(counts[place]))
        }
    }

    /// Pure geometry: from the network's probabilities to polyps.
    func measure(_ look: NetworkAnswer, in view: NetworkView, _ field: FieldOfView, width: Int, height: Int) -> Result {
        let floor = confidence == nil ? min(thresholds[.polyp], thresholds[.polypBorderline]) : thresholds[.polyp]
        let window = Self.window(of: look.probability, above: floor, in: view)
        let probability = view.carryBack(look.probability, over: window)
        let minimumArea = thresholds[.polypArea] * field.area
        let evidence = RegionEvidence(look, in: view, probability: probability, window: window)
        var result = measure(
            probability, evidence, over: window, field, minimumArea: minimumArea, width: width, height: height)
        result.findings.disagreement = disagreement(look, in: view, about: result.judged)
        if confidence == nil, result.borderline == nil {
            result.borderline = borderline(probability, minimumArea).map { Borderline(value: $0, threshold: thresholds[.polyp]) }
        }
        result.evidence = NetworkEvidence(look, in: view, threshold: thresholds[.polyp])
        return result
    }

    /// 1 - Dice between the two heads' regions, where they are of something that a person is shown; nil where nothing is, and without a
    /// second head. A speck that was dismissed is nothing to disagree about.
    private func disagreement(_ look: NetworkAnswer, in view: NetworkView, about judged: JudgedRegions?) -> Double? {
        guard let auxiliary = look.auxiliary, let judged, let seen = judged.shown else { return nil }
        let own = look.probability.thresholded(Float(thresholds[.polyp]))
        var either = own
        for index in either.pixels.indices { either.pixels[index] |= auxiliary.pixels[index] }
        let map = either.labelled()
        let labels = map.labels
        var shown = Set<Int32>()
        for y in 0..<own.height {
            for x in 0..<own.width where own[x, y] && !shown.contains(labels[y * own.width + x]) {
                let place = view.original(Point(x: Double(x) + 0.5, y: Double(y) + 0.5))
                let column = Int(place.x.rounded(.down)) - judged.window.x
                let row = Int(place.y.rounded(.down)) - judged.window.y
                guard (0..<seen.width).contains(column), (0..<seen.height).contains(row), seen[column, row] else { continue }
                shown.insert(labels[y * own.width + x])
            }
        }
        let about = map.mask { shown.contains(Int32($0.label)) }
        return 1 - Overlap(own.intersection(about), auxiliary.intersection(about)).dice
    }

    /// Pure geometry: from probabilities over a window of the original to polyps. Regions under `minimumArea` px are left out.
    /// - Parameter evidence: nil for what a reader drew, whose confidence is its mean.
    func measure(
        _ probability: Plane, _ evidence: RegionEvidence? = nil, over window: PixelBox, _ field: FieldOfView,
        minimumArea: Double, width: Int, height: Int
    ) -> Result {
        let map = probability.thresholded(Float(thresholds[.polyp])).filledHoles().labelled()
        let sums = map.sums(of: probability)
        let large = map.components.filter { Double($0.area) >= minimumArea }.sorted { $0.area > $1.area }
        let regions = large.map { component in
            let share = min(1, Double(component.area) / field.area)
            let features =
                evidence?.features(of: map.mask(of: component), in: component.box, share: share, others: large.count - 1) ?? [:]
            let mean = sums[component.label - 1] / Double(component.area)
            let value = evidence == nil ? mean : confidence?(features) ?? mean
            return JudgedRegions.Region(
                component: component, share: share, evidence: features, confidence: value, verdict: verdict(value))
        }
        let judged = JudgedRegions(regions: regions, window: window, map: map)
        let polyps = regions.filter { $0.verdict == .polyp }.map { polyp($0, map, window) }
        let findings = EndoscopyFindings(
            polyps: polyps, polypAreaFraction: min(1, polyps.reduce(0) { $0 + $1.area } / field.area),
            disagreement: nil, mask: "polyp.png")
        let doubtful = regions.filter { $0.verdict == .borderline }.map(\.confidence).max()
        let borderline = doubtful.map { Borderline(value: $0, threshold: thresholds[.polypConfidence]) }
        let mask = judged.mask(width: width, height: height) { $0.verdict == .polyp }
        return Result(findings: findings, mask: mask, borderline: borderline, judged: judged)
    }

    /// What becomes of a region. Where its confidence is its mean probability, no region is too doubtful to be shown.
    private func verdict(_ value: Double) -> JudgedRegions.Verdict {
        if value >= thresholds[.polypConfidence] { return .polyp }
        return confidence == nil || value >= thresholds[.polypBorderline] ? .borderline : .dismissed
    }

    private func polyp(_ region: JudgedRegions.Region, _ map: ComponentMap, _ window: PixelBox) -> Polyp {
        let (component, box) = (region.component, region.component.box)
        let outline = Contour.trace(map.mask(of: component)).max { Contour.signedArea($0) < Contour.signedArea($1) } ?? []
        let contour = Contour.simplify(outline, to: 200).map { [$0.x + Double(window.x), $0.y + Double(window.y)] }
        return Polyp(
            box: [box.x + window.x, box.y + window.y, box.width, box.height], area: Double(component.area),
            areaFraction: region.share,
            centroid: [component.centroid.x + Double(window.x), component.centroid.y + Double(window.y)],
            confidence: region.confidence, contour: contour)
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
