internal import Glibc
internal import Imaging

/// The first look: where in the photograph the disc is, and how large.
struct DiscSearch: Sendable {
    /// A place where the disc may be.
    struct Candidate: Sendable {
        /// px of the original.
        var centre: Point
        /// The greater of its ellipse's extents, px of the original.
        var diameter: Double
        /// Summed probability, px of the view.
        var weight: Double
    }

    /// Most probable first.
    let candidates: [Candidate]

    /// Finds candidates in the disc network's probabilities of the whole field. Specks under six pixels of the view are left out.
    ///
    /// - Parameters:
    ///   - threshold: above it pixels belong to a candidate; low, so that a faint disc is not missed.
    ///   - core: the disc's usual threshold; a candidate that reaches it is as large as its part above it.
    init(probability: Plane, view: NetworkView, threshold: Double, core: Double) {
        let map = probability.thresholded(Float(threshold)).labelled()
        let certain = probability.thresholded(Float(max(core, threshold)))
        let sums = map.sums(of: probability)
        candidates = map.components.indices.filter { map.components[$0].area >= 6 }.sorted { sums[$0] > sums[$1] }.map { index in
            let region = map.mask(of: map.components[index])
            let inner = region.intersection(certain)
            var (shape, component) = (region, map.components[index])
            if let core = Self.largest(in: inner), core.area >= 6 {
                shape = inner
                component = core
            }
            let fallback = Double(max(component.box.width, component.box.height))
            // A fit to few pixels can run away; the component's box cannot.
            let fitted = EllipseFit.fit(shape.filledHoles()).map {
                min(max($0.verticalDiameter, $0.horizontalDiameter), 1.5 * fallback)
            }
            return Candidate(
                centre: view.original(component.centroid), diameter: (fitted ?? fallback) * view.scale, weight: sums[index])
        }
    }

    private static func largest(in mask: Mask) -> Component? { mask.components().max { $0.area < $1.area } }

    /// The share of the first candidate's summed probability that the best one elsewhere has; 0 where there is none. Fragments of the same
    /// disc, less than its diameter away, are not elsewhere.
    var rivalry: Double {
        guard let first = candidates.first else { return 0 }
        let rival = candidates.dropFirst().first {
            hypot($0.centre.x - first.centre.x, $0.centre.y - first.centre.y) > max(first.diameter, $0.diameter)
        }
        return rival.map { $0.weight / first.weight } ?? 0
    }
}
