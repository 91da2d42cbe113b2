internal import Imaging
internal import Screening

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
