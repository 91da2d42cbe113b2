internal import Glibc

/// A model's confidence that a region is what it looks for: a logistic function of what its network says of the region and of the frame.
/// Its weights were fitted on val.
public struct RegionConfidence: Sendable, Codable, Equatable {
    /// Something that a network says of a region or of the frame around it.
    public enum Feature: String, Sendable, Codable, CaseIterable {
        /// Logit of the mean probability.
        case mean
        /// Logit of the highest probability.
        case highest
        /// Pixels whose probability is above one half, of the region's, 0...1.
        case sureShare = "sure_share"
        /// Natural logarithm of the region's share of the content.
        case size
        /// The square of that.
        case sizeSquared = "size_squared"
        /// The lowest value of the distance map D3, 0...1: the lower, the deeper the region.
        case distance
        /// The highest logit of the cells that the region lies in.
        case highestCell = "highest_cell"
        /// Their mean over the region.
        case meanCell = "mean_cell"
        /// The frame's logit.
        case frame
        /// How many other regions the frame has.
        case others

        /// What it is, for a card's reader.
        public var words: String {
            switch self {
            case .mean: "mean probability inside (logit)"
            case .highest: "highest probability inside (logit)"
            case .sureShare: "share of its pixels above one half"
            case .size: "size (logarithm of its share of the content)"
            case .sizeSquared: "the size's square"
            case .distance: "lowest distance inside, as the distance head gives it (low is deep)"
            case .highestCell: "highest answer of the cells of 32 x 32 px that it lies in (logit)"
            case .meanCell: "mean answer of these cells (logit)"
            case .frame: "whether there is anything in the frame (logit)"
            case .others: "other regions in the frame"
            }
        }
    }

    /// A feature with its part in the sum: weight x (value - mean) / deviation.
    public struct Term: Sendable, Codable, Equatable {
        /// What is looked at.
        public var feature: Feature
        /// Over val's regions.
        public var mean: Double
        /// Over val's regions, above 0.
        public var deviation: Double
        /// What one deviation more adds to the logit of the confidence.
        public var weight: Double

        /// A feature's part.
        public init(_ feature: Feature, mean: Double, deviation: Double, weight: Double) {
            self.feature = feature
            self.mean = mean
            self.deviation = deviation
            self.weight = weight
        }
    }

    /// The logit of a region that is average in everything.
    public var bias: Double
    /// What is added to it.
    public var terms: [Term]
    /// Regions that it was fitted to.
    public var regions = 0
    /// Those of them that are none of what is looked for.
    public var falseRegions = 0
    /// What the point would be without the data set that has most of the empty frames; nil where only one has any.
    public var heldOut: HeldOut?

    /// A test of how a point travels: fitted and chosen without a data set, and held against its empty frames.
    public struct HeldOut: Sendable, Codable, Equatable {
        /// The data set.
        public var set: String
        /// Confidence from which a region is taken for a polyp.
        public var point: Double
        /// Empty frames of the data set.
        public var emptyFrames: Int
        /// Those of them with a region at that point.
        public var falseFrames: Int
        /// Polyps found in the other data sets, 0...1.
        public var sensitivity: Double

        /// How a point travels.
        public init(set: String, point: Double, emptyFrames: Int, falseFrames: Int, sensitivity: Double) {
            self.set = set
            self.point = point
            self.sensitivity = sensitivity
            self.emptyFrames = emptyFrames
            self.falseFrames = falseFrames
        }

        enum CodingKeys: String, CodingKey {
            case set, point, sensitivity
            case emptyFrames = "empty_frames"
            case falseFrames = "false_frames"
        }
    }

    enum CodingKeys: String, CodingKey {
        case bias, terms, regions
        case falseRegions = "false_regions"
        case heldOut = "held_out"
    }

    /// A function.
    public init(bias: Double, terms: [Term]) {
        self.bias = bias
        self.terms = terms
    }

    /// The confidence in a region, 0...1. A feature that is not among the evidence counts as average.
    public func callAsFunction(_ evidence: [Feature: Double]) -> Double {
        let logit = terms.reduce(bias) { sum, term in
            sum + (evidence[term.feature].map { term.weight * ($0 - term.mean) / term.deviation } ?? 0)
        }
        return 1 / (1 + exp(-logit))
    }

    /// Whether every number is one, every deviation above 0 and no feature counted twice.
    var isSound: Bool {
        bias.isFinite && terms.allSatisfy { $0.mean.isFinite && $0.weight.isFinite && $0.deviation.isFinite && $0.deviation > 0 }
            && Set(terms.map(\.feature)).count == terms.count
    }
}

/// The distances of read cup-to-disc ratios from drawn ones on val, in units of what the networks themselves are unsure of: what makes an
/// interval of a reading (conformal prediction with normalised residuals; Papadopoulos & Haralambous, Neural Networks 24, 2011).
public struct RatioErrors: Sendable, Codable, Equatable {
    /// What is added to the networks' own deviation of the ratio: what they do not know that they do not know.
    public var floor: Double
    /// (Drawn - read) / (deviation + floor) of val's eyes, the least first.
    public var residuals: [Double]
    /// The disc's model that took part: with another one the errors are others. Nil where it was not noted.
    public var disc: String?

    /// Errors of some eyes.
    public init(floor: Double, residuals: [Double]) {
        self.floor = floor
        self.residuals = residuals.sorted()
    }

    /// [low, high], within 0...1, which covers 95 % of the drawn ratios of eyes like those.
    /// - Parameter deviation: one standard deviation of the ratio, as the networks' own uncertainty has it.
    public func interval(_ ratio: Double, deviation: Double) -> [Double] {
        let (count, scale) = (Double(residuals.count + 1), deviation + floor)
        let low = residuals[max(0, Int((0.025 * count).rounded(.down)) - 1)]
        let high = residuals[min(residuals.count - 1, Int((0.975 * count).rounded(.up)) - 1)]
        return [min(ratio, max(0, ratio + low * scale)), max(ratio, min(1, ratio + high * scale))]
    }

    /// The probability that the drawn ratio is `threshold` or more.
    public func probability(ofAtLeast threshold: Double, ratio: Double, deviation: Double) -> Double {
        let least = (threshold - ratio) / (deviation + floor)
        return Double(residuals.count { $0 >= least }) / Double(residuals.count)
    }

    /// Whether there are some, in order, and every number is one.
    var isSound: Bool {
        floor.isFinite && floor > 0 && !residuals.isEmpty && residuals.allSatisfy(\.isFinite) && residuals == residuals.sorted()
    }
}
