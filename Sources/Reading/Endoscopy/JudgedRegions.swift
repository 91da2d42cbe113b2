public import Imaging
public import Registry

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

    /// What becomes of a region.
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

    /// The pixels of some regions, in an image of that size.
    public func mask(width: Int, height: Int, where isKept: (Region) -> Bool) -> Mask {
        let labels = Set(regions.filter(isKept).map(\.component.label))
        return map.mask { labels.contains($0.label) }.placed(at: window, width: width, height: height)
    }
}
