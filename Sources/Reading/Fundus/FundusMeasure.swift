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
        (ratioDeviation, self.ratioErrors) = (deviation, ratioErrors)
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
        (ratioDeviation, ratioErrors) = (nil, nil)
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
