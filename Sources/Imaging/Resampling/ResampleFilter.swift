import Glibc

/// How the pixels under an output pixel are weighed. When shrinking, the filter is widened by the scale, so nothing aliases.
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
