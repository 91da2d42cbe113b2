public import Screening

/// By how much the ratios of two photographs of one unchanged eye differ: 95 % of such differences are smaller than the limit.
public struct ErrorLimit: Sendable, Codable, Hashable {
    /// What a limit was measured on.
    public enum Basis: String, Sendable, Codable, CaseIterable {
        /// This site's own repeats within visits.
        case site
        /// Eyes photographed twice, as the model's manifest has it.
        case model
        /// The two photographs' own intervals: the root of the sum of their squared halves, √2 times one's where both are as wide.
        case interval
        /// What two readers' outlines differ by: where a reader drew.
        case readers
    }

    /// In ratio.
    public var value: Double
    /// What it was measured on.
    public var basis: Basis

    /// A limit and where it is from.
    public init(_ value: Double, _ basis: Basis) {
        self.value = value
        self.basis = basis
    }

    /// Ratios from two readers' outlines differ by up to 0.08 on average; 95 % of such differences, spread normally around 0, lie within
    /// 1.96 √(π/2) times that.
    public static let betweenReaders = ErrorLimit(0.197, .readers)
}

/// Differences among repeats: photographs of one eye at one visit, measured by the same networks (Bland and Altman, BMJ 312, 1996).
public struct Repeats: Sendable, Codable, Hashable {
    /// Repeats: photographs less the eyes and visits that they are of.
    public private(set) var count: Int
    /// Squared deviations from the mean of their eye and visit.
    public private(set) var squares: Double

    /// As few repeats as this say nothing yet.
    public static let enough = 20

    /// None yet.
    public init() {
        count = 0
        squares = 0
    }

    /// As they were kept.
    public init(count: Int, squares: Double) {
        self.count = count
        self.squares = squares
    }

    /// The ratios of one eye at one visit.
    public mutating func add(_ values: [Double]) {
        guard values.count > 1 else { return }
        let mean = values.reduce(0, +) / Double(values.count)
        count += values.count - 1
        squares += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }

    /// Adds others.
    public mutating func add(_ others: Repeats) {
        count += others.count
        squares += others.squares
    }

    /// The limit that 95 % of differences between two photographs stay within: 1.96 √2 times the standard deviation within an eye. Nil
    /// where there are fewer than 20 repeats, and where all are the same to the last digit, as no camera's are.
    public var limit: Double? {
        guard count >= Self.enough, squares > 0 else { return nil }
        return 1.96 * (2 * squares / Double(count)).squareRoot()
    }
}

/// All that is known of measurement error: the site's repeats by camera and networks, and the models' own figures.
public struct Repeatability: Sendable, Codable, Hashable {
    /// A camera and the networks that measured its photographs.
    public struct Source: Sendable, Codable, Hashable {
        /// The camera, as stated; null where nobody said.
        @Nullable public var device: String?
        /// The networks.
        public var models: ExaminedImage.Models

        /// A camera and networks.
        public init(device: String?, models: ExaminedImage.Models) {
            self.device = device
            self.models = models
        }
    }

    /// Repeats by their source.
    public private(set) var repeats: [Source: Repeats] = [:]
    /// The limit by the name of a cup's network, where its manifest has one.
    public var ofModels: [String: Double]

    /// Nothing but the models' own figures.
    public init(ofModels: [String: Double] = [:]) { self.ofModels = ofModels }

    /// Adds what the repeats of a visit tell. What a reader drew, and what is of a doubtful or an unknown eye, tells nothing.
    public mutating func add(_ visit: VisitGroup) {
        for eye in [Eye.right, .left] {
            let counted = visit.photographs(of: eye).filter { $0.isCountable && !$0.isEyeDoubtful && $0.measuredBy != nil }
            for (source, images) in Dictionary(grouping: counted, by: Source.init(of:)) {
                add(images.compactMap { $0.ratio?.value }, of: source)
            }
        }
    }

    /// Adds the ratios of one eye at one visit.
    public mutating func add(_ values: [Double], of source: Source) {
        guard values.count > 1 else { return }
        repeats[source, default: Repeats()].add(values)
    }

    /// What two photographs' ratios differ by where nothing has changed; nil where nothing is known.
    ///
    /// A reader's outline is compared by what readers differ by. Else the site's own repeats count, of the camera where there are enough of
    /// it, of all its cameras otherwise, and of two cameras the less repeatable one; then the manifest's figure; then the intervals.
    public func limit(between a: ExaminedImage, and b: ExaminedImage) -> ErrorLimit? {
        guard let first = a.ratio, let second = b.ratio else { return nil }
        guard let one = a.measuredBy, let other = b.measuredBy else { return .betweenReaders }
        if one == other {
            if let (mine, theirs) = both(ofSite(Source(of: a)), ofSite(Source(of: b))) {
                return ErrorLimit(max(mine, theirs), .site)
            }
            if let limit = one.cup.flatMap({ ofModels[$0] }), limit > 0 { return ErrorLimit(limit, .model) }
        }
        guard let low = first.interval, let high = second.interval else { return nil }
        let halves = [low, high].map { ($0[1] - $0[0]) / 2 }
        let limit = (halves[0] * halves[0] + halves[1] * halves[1]).squareRoot()
        return limit > 0 ? ErrorLimit(limit, .interval) : nil
    }

    /// Adds repeats that were kept.
    mutating func add(_ kept: Repeats, of source: Source) { repeats[source, default: Repeats()].add(kept) }

    /// The site's limit for a camera and networks.
    public func ofSite(_ source: Source) -> Double? {
        if let own = repeats[source]?.limit { return own }
        var all = Repeats()
        // Sorted, so that sums come out the same to the last digit.
        let alike = repeats.filter { $0.key.models == source.models }.sorted { ($0.key.device ?? "") < ($1.key.device ?? "") }
        for (_, repeats) in alike { all.add(repeats) }
        return all.limit
    }

    private func both(_ a: Double?, _ b: Double?) -> (Double, Double)? {
        guard let a, let b else { return nil }
        return (a, b)
    }
}

extension Repeatability.Source {
    init(of image: ExaminedImage) { self.init(device: image.device, models: image.models) }
}
