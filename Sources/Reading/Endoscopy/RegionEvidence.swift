internal import Glibc
public import Imaging
public import Registry

/// A network's answer to a frame, carried back to a window of the original, where regions are held against it.
struct RegionEvidence {
    /// Over the window.
    private let probability: Plane
    private let distance: Plane?
    private let cells: Plane?
    private let frame: Double?

    init(_ look: NetworkAnswer, in view: NetworkView, probability: Plane, window: PixelBox) {
        self.probability = probability
        distance = look.distance.map { view.carryBack($0, over: window) }
        cells = look.cells.map { view.resized(to: $0.width).carryBack($0, over: window) }
        frame = look.frame
    }

    /// What is said of a region of the window; what the network has no head for is missing.
    ///
    /// - Parameters:
    ///   - share: of the content's area.
    ///   - others: how many other regions there are.
    func features(of region: Mask, in box: PixelBox, share: Double, others: Int) -> [RegionConfidence.Feature: Double] {
        var count = 0
        var sure = 0
        var sum = 0.0
        var highest = Float(0)
        var lowest = Float(1)
        var cellSum = 0.0
        var highestCell = -Float.infinity
        for y in box.y..<box.y + box.height {
            for index in y * region.width + box.x..<y * region.width + box.x + box.width where region.pixels[index] != 0 {
                let value = probability.values[index]
                count = count + 1
                sure = sure + (value > 0.5 ? 1 : 0)
                sum = sum + Double(value)
                highest = max(highest, value)
                if let distance { lowest = min(lowest, distance.values[index]) }
                if let cells {
                    cellSum += Double(cells.values[index])
                    highestCell = max(highestCell, cells.values[index])
                }
            }
        }
        guard count > 0, share > 0 else { return [:] }
        let size = log(share)
        var features: [RegionConfidence.Feature: Double] = [
            .mean: Self.logit(sum / Double(count)), .highest: Self.logit(Double(highest)),
            .sureShare: Double(sure) / Double(count), .size: size, .sizeSquared: size * size, .others: Double(others),
        ]
        if distance != nil { features[.distance] = Double(lowest) }
        if cells != nil {
            features[.meanCell] = cellSum / Double(count)
            features[.highestCell] = Double(highestCell)
        }
        features[.frame] = frame
        return features
    }

    private static func logit(_ probability: Double) -> Double {
        let bounded = min(max(probability, 1e-4), 1 - 1e-4)
        return log(bounded / (1 - bounded))
    }
}

/// Every region of an endoscopy frame that was judged, whatever became of it: what calibration and evaluation hold against the truth.
public struct JudgedRegions: Sendable {
    /// One of them.
    public struct Region: Sendable {
        /// Its number, area, box and centroid in the window.
        public let component: Component
        /// Of the content's area.
        public let share: Double
        /// What the network says of it; empty where a reader drew it.
        public let evidence: [RegionConfidence.Feature: Double]
        /// How sure the model is of it, 0...1.
        public let confidence: Double
        /// What became of it.
        public let verdict: Verdict
    }

    /// The verdict on a region.
    public enum Verdict: Sendable {
        /// It is taken for a polyp.
        case polyp
        /// It is not, but a person is asked to look.
        case borderline
        /// It is left out.
        case dismissed
    }

    /// Largest first.
    public let regions: [Region]
    /// The window of the original that they lie in, px.
    public let window: PixelBox
    /// Their pixels, in the window.
    let map: ComponentMap

    /// The pixels of the regions that a person is shown, in the window; nil where there are none.
    var shown: Mask? {
        let labels = Set(regions.filter { $0.verdict != .dismissed }.map(\.component.label))
        return labels.isEmpty ? nil : map.mask { labels.contains($0.label) }
    }

    /// The pixels of some regions, in an image of that size.
    public func mask(width: Int, height: Int, where isKept: (Region) -> Bool) -> Mask {
        let labels = Set(regions.filter(isKept).map(\.component.label))
        return map.mask { labels.contains($0.label) }.placed(at: window, width: width, height: height)
    }
}
