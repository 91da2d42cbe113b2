internal import Imaging
internal import Registry
internal import Screening

/// Measures disc and cup: pure geometry on probabilities over one window of the original.
struct FundusMeasure: Sendable {
    /// What a report states.
    var findings: FundusFindings
    /// The cup's pixels after clipping, in the window; none without a cup.
    let cupMask: Mask
    /// 0...1, minor over major axis of the disc.
    let axisRatio: Double
    /// Dice of the disc's component with its ellipse.
    let outlineAgreement: Double
    /// One standard deviation of the vertical ratio, as the networks' own uncertainty has it; nil without a cup.
    let ratioDeviation: Double?
    /// How far ratios were off on val; nil where that was not measured.
    let ratioErrors: RatioErrors?
    /// Of the cup's component, how much lies outside of the disc's ellipse, 0...1.
    let cupOutsideShare: Double

    /// - Parameters:
    ///   - discProbability: over the window.
    ///   - cupProbability: over the same window.
    ///   - disagreement: 1 - Dice between heads, by task.
    init(
        disc: Region, cup: Region, discProbability: Plane, cupProbability: Plane, eye: Eye, disagreement: [String: Double],
        ratioErrors: RatioErrors? = nil
    ) {
        let (discMask, cupEllipse) = (disc.ellipseMask, cup.ellipseMask)
        cupMask = cupEllipse.intersection(discMask)
        let extents = cup.ellipse.extents(clippedTo: disc.ellipse)
        let discExtents = (vertical: disc.ellipse.verticalDiameter, horizontal: disc.ellipse.horizontalDiameter)
        let discStructure = Self.structure(disc, discMask, discProbability, extents: discExtents, "disc")
        let cupStructure = Self.structure(cup, cupMask, cupProbability, extents: extents, "cup")
        var (discDeviation, cupDeviation) = (0.0, 0.0)
        Cores.both(
            { discDeviation = RatioInterval.deviation(of: discProbability, window: disc.window) },
            { cupDeviation = RatioInterval.deviation(of: cupProbability, window: cup.window, inside: discMask) })
        let deviation = RatioInterval.deviation(
            disc: discExtents.vertical, discDeviation: discDeviation, cup: extents.vertical, cupDeviation: cupDeviation)
        ratioDeviation = deviation
        self.ratioErrors = ratioErrors
        let vertical = extents.vertical / discExtents.vertical
        let interval =
            ratioErrors?.interval(vertical, deviation: deviation) ?? RatioInterval.interval(vertical, deviation: deviation)
        let ratio = CupToDiscRatio(
            vertical: vertical, horizontal: extents.horizontal / discExtents.horizontal,
            area: discStructure.area > 0 ? cupStructure.area / discStructure.area : 0, interval: interval)
        findings = FundusFindings(
            disc: discStructure, cup: cupStructure, cdr: ratio, rim: Rim(disc: disc.ellipse, cup: cup.ellipse, eye: eye),
            disagreement: disagreement)
        axisRatio = disc.ellipse.b / disc.ellipse.a
        outlineAgreement = Overlap(disc.mask, discMask).dice
        let cupArea = cup.mask.area
        cupOutsideShare = cupArea == 0 ? 0 : 1 - Double(cup.mask.intersection(discMask).area) / Double(cupArea)
    }

    /// Measures a disc in which no cup was seen: no ratio and no rim.
    ///
    /// - Parameters:
    ///   - probability: of the disc, over its window.
    ///   - disagreement: 1 - Dice between heads, by task.
    init(cuplessDisc disc: Region, probability: Plane, disagreement: [String: Double]) {
        let mask = disc.ellipseMask
        let extents = (vertical: disc.ellipse.verticalDiameter, horizontal: disc.ellipse.horizontalDiameter)
        cupMask = Mask(width: mask.width, height: mask.height)
        findings = FundusFindings(
            disc: Self.structure(disc, mask, probability, extents: extents, "disc"), cup: nil, cdr: nil, rim: nil,
            disagreement: disagreement)
        axisRatio = disc.ellipse.b / disc.ellipse.a
        outlineAgreement = Overlap(disc.mask, mask).dice
        cupOutsideShare = 0
        ratioDeviation = nil
        ratioErrors = nil
    }

    private static func structure(
        _ region: Region, _ mask: Mask, _ probability: Plane, extents: (vertical: Double, horizontal: Double), _ name: String
    ) -> Structure {
        let centroid = mask.centroid ?? Point(x: 0, y: 0)
        return Structure(
            area: Double(mask.area), centre: [centroid.x + Double(region.window.x), centroid.y + Double(region.window.y)],
            ellipse: region.ellipse, verticalDiameter: extents.vertical, horizontalDiameter: extents.horizontal,
            meanProbability: probability.mean(over: mask), mask: "\(name).png", rawMask: "\(name)-raw.png")
    }
}

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

/// The networks' own uncertainty of the vertical cup-to-disc ratio, and the 95 % interval of it where errors were not measured on val.
///
/// Along a line that leaves a structure, the probability that a pixel is inside is the probability that the border lies beyond it. The
/// probabilities are thus the border's own distribution, and its standard deviation is half the way between where they fall through
/// 0.84 and through 0.16. The vertical diameter is measured at those two thresholds just as at the usual one; half the difference is its
/// standard deviation, if the border moves as one, which errs on the wide side. Disc and cup come from different networks: their
/// relative variances add.
enum RatioInterval {
    /// One standard deviation of a structure's vertical diameter, px. A structure that vanishes at the upper threshold has diameter 0 there.
    static func deviation(of probability: Plane, window: PixelBox, inside: Mask? = nil) -> Double {
        func diameter(_ threshold: Double) -> Double {
            Region(probability: probability, window: window, threshold: threshold, inside: inside)?.ellipse.verticalDiameter ?? 0
        }
        return max(0, (diameter(0.16) - diameter(0.84)) / 2)
    }

    /// One standard deviation of the ratio; 1 without a disc.
    static func deviation(disc: Double, discDeviation: Double, cup: Double, cupDeviation: Double) -> Double {
        guard disc > 0 else { return 1 }
        let (ofCup, ofDisc) = (cupDeviation / disc, cup / disc * discDeviation / disc)
        return (ofCup * ofCup + ofDisc * ofDisc).squareRoot()
    }

    /// [low, high], within 0...1, of normal errors.
    static func interval(_ ratio: Double, deviation: Double) -> [Double] {
        let half = 1.96 * deviation
        return [min(ratio, max(0, ratio - half)), max(ratio, min(1, ratio + half))]
    }
}

/// The eye that a photograph shows.
enum EyeSide {
    /// The eye as the photograph tells it: with the macula near the middle, the disc lies on the nasal side, which is the right half of
    /// a right eye's photograph. Unknown where the disc is in the middle or far off the horizontal, and where no whole field is seen.
    static func seen(disc: Point, in field: FieldOfView) -> Eye {
        guard let circle = field.circle else { return .unknown }
        let x = (disc.x - circle.centre.x) / (2 * circle.radius)
        let y = (disc.y - circle.centre.y) / (2 * circle.radius)
        guard abs(x) >= 0.12, abs(y) <= abs(x) else { return .unknown }
        return x > 0 ? .right : .left
    }

    /// The eye that counts, and whether what was stated and what is seen disagree.
    static func decide(stated: Eye, seen: Eye) -> (eye: Eye, isConflict: Bool) {
        (stated == .unknown ? seen : stated, stated != .unknown && seen != .unknown && stated != seen)
    }
}
