import Glibc

/// The weights of the pixels under an output pixel. When shrinking, the filter is widened by the scale, so nothing aliases.
public enum ResampleFilter: String, Sendable, Codable, CaseIterable {
    /// The mean over the area that an output pixel covers, with fractional coverage at its edges.
    case area
    /// Bilinear: a triangle of one output pixel to each side.
    case triangle
    /// A sinc windowed to three lobes: the sharpest, with slight overshoot beside edges.
    case lanczos

    /// How far it reaches from an output pixel's centre, in output pixels when shrinking, else in input pixels.
    var support: Double {
        switch self {
        case .area: 0.5
        case .triangle: 1
        case .lanczos: 3
        }
    }

    /// The weight of the input pixel `index` for an output pixel at `centre`, before normalisation; `stretch` is at least 1.
    func weight(index: Int, centre: Double, stretch: Double) -> Double {
        switch self {
        case .area:
            let reach = stretch / 2
            return max(0, min(Double(index) + 1, centre + reach) - max(Double(index), centre - reach))
        case .triangle:
            return max(0, 1 - abs(Double(index) + 0.5 - centre) / stretch)
        case .lanczos:
            let distance = abs(Double(index) + 0.5 - centre) / stretch
            guard distance < 3 else { return 0 }
            guard distance > 1e-9 else { return 1 }
            let angle = Double.pi * distance
            return 3 * sin(angle) * sin(angle / 3) / (angle * angle)
        }
    }
}

/// The weights that carry one axis of an image to another sampling of it.
struct ResampleWeights {
    /// For each output pixel, the first input pixel that it reads. Always inside of the image.
    private(set) var first: [Int] = []
    /// For each output pixel, how many input pixels it reads; 0 where it lies wholly outside.
    private(set) var count: [Int] = []
    /// For each output pixel, where its weights begin in `values`.
    private(set) var offset: [Int] = []
    /// All weights, one output pixel after the other.
    private(set) var values: [Float] = []

    /// Weights from `extent` input pixels, beginning at `origin`, to `outputs` pixels, for an axis of `length` input pixels.
    ///
    /// The weights of an output pixel sum to 1 over the endless axis; those outside of the image are then left out, so that
    /// the outside counts as black.
    init(length: Int, origin: Double, extent: Double, outputs: Int, filter: ResampleFilter) {
        let scale = extent / Double(outputs)
        let stretch = max(1, scale)
        let reach = filter.support * stretch + 0.5
        for output in 0..<outputs {
            let centre = origin + (Double(output) + 0.5) * scale
            let range = Int((centre - reach).rounded(.down))...Int((centre + reach).rounded(.up))
            let weights = range.map { filter.weight(index: $0, centre: centre, stretch: stretch) }
            let sum = weights.reduce(0, +)
            let inside = zip(range, weights).filter { $0.0 >= 0 && $0.0 < length && $0.1 != 0 }
            first.append(inside.first?.0 ?? 0)
            count.append(inside.count)
            offset.append(values.count)
            values.append(contentsOf: inside.map { Float($0.1 / sum) })
        }
    }

    /// The input pixels that any output pixel reads.
    var needed: Range<Int> {
        let used = first.indices.filter { count[$0] > 0 }
        let low = used.map { first[$0] }.min() ?? 0
        let high = used.map { first[$0] + count[$0] }.max() ?? 0
        return low..<high
    }
}
