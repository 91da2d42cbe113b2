internal import Imaging
internal import Screening

extension Rim {
    /// Measures the rim between a disc and its cup, both ellipses, along 72 rays from the disc's centre.
    ///
    /// A width is that from where the ray leaves the cup for the last time to where it leaves the disc, over the disc's diameter in the
    /// ray's own direction, as for the disc damage likelihood scale (Spaeth et al., Trans. Am. Ophthalmol. Soc. 100, 2002). Where a ray
    /// misses the cup all of the disc is rim (0.5); where the cup reaches beyond the disc there is none (0). Quadrants are 90° wide
    /// around the image's axes; the rays between two quadrants count half in each, so that mirrored eyes give equal figures.
    init(disc: Ellipse, cup: Ellipse, eye: Eye) {
        let centre = Point(x: disc.cx, y: disc.cy)
        let widths = (0..<72).map { index -> Double in
            let degrees = Double(index) * 5
            guard let border = disc.exit(from: centre, degrees: degrees), border > 0 else { return 0 }
            let inner = cup.exit(from: centre, degrees: degrees) ?? 0
            return max(0, border - inner) / (2 * border)
        }
        func quadrant(_ middle: Int) -> Double {
            var sum = 0.0
            for step in -9...9 {
                let width = widths[(middle / 5 + step + 72) % 72]
                sum += abs(step) == 9 ? width / 2 : width
            }
            return sum / 18
        }
        // The disc lies nasally of the fovea: in a right eye's photograph nasal is to the right.
        let (nasal, temporal): (Double?, Double?) =
            switch eye {
            case .right: (quadrant(0), quadrant(180))
            case .left: (quadrant(180), quadrant(0))
            case .unknown: (nil, nil)
            }
        let (superior, inferior) = (quadrant(90), quadrant(270))
        let thinnest = widths.indices.min { widths[$0] < widths[$1] } ?? 0
        var isnt: Bool?
        if let nasal, let temporal { isnt = inferior >= superior && superior >= nasal && nasal >= temporal }
        self.init(
            widths: widths, minimum: widths[thinnest], minimumAngle: Double(thinnest) * 5, inferior: inferior, superior: superior,
            nasal: nasal,
            temporal: temporal, isnt: isnt)
    }
}
