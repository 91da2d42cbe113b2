internal import DataSets
internal import Glibc
internal import Imaging
internal import Reading
internal import Registry

/// One answer of a network with the truth: how probable it said something was, and whether it was so.
public struct CalibrationSample: Sendable, Equatable {
    /// 0...1.
    public let probability: Float
    /// Whether it was so.
    public let isTrue: Bool

    /// Samples of one image at most.
    static let limit = 2048

    /// The truth at pixels of the network's view, evenly spread, without its padding.
    static func samples(of evidence: NetworkEvidence, truth: Mask) -> [CalibrationSample] {
        let (view, side) = (evidence.view, evidence.view.side)
        let step = max(1, Int((Double(side * side) / Double(limit)).squareRoot().rounded(.up)))
        var samples: [CalibrationSample] = []
        for y in stride(from: step / 2, to: side, by: step) {
            for x in stride(from: step / 2, to: side, by: step) {
                let place = view.original(Point(x: Double(x) + 0.5, y: Double(y) + 0.5))
                let (column, row) = (Int(place.x.rounded(.down)), Int(place.y.rounded(.down)))
                let visible = view.visible
                guard (visible.x..<visible.x + visible.width).contains(column),
                    (visible.y..<visible.y + visible.height).contains(row)
                else { continue }
                samples.append(.init(probability: evidence.probability.values[y * side + x], isTrue: truth[column, row]))
            }
        }
        return samples
    }
}

/// The calibration of probabilities: whether they mean what they say (Guo et al., "On calibration of modern neural networks", ICML 2017).
public struct Calibration: Sendable, Equatable {
    /// Samples whose probability lies in one fifteenth of 0...1.
    public struct Bin: Sendable, Equatable {
        /// Mean probability.
        public var probability: Double
        /// Share that was so.
        public var share: Double
        /// Samples.
        public var count: Int
    }

    /// Bins with any samples, from the least probable.
    public let bins: [Bin]
    /// Expected calibration error: the mean distance between probability and share, weighed by samples. 0...1.
    public let error: Double

    /// Sorts samples into 15 bins.
    /// - Parameter temperature: by which logits are divided first.
    public init(_ samples: some Sequence<CalibrationSample>, temperature: Double = 1) {
        var sums = [(probability: Double, hits: Int, count: Int)](repeating: (0, 0, 0), count: 15)
        for sample in samples {
            let probability = Self.rescaled(Double(sample.probability), temperature)
            let bin = min(14, Int(probability * 15))
            sums[bin].probability += probability
            sums[bin].hits += sample.isTrue ? 1 : 0
            sums[bin].count += 1
        }
        bins = sums.filter { $0.count > 0 }.map {
            Bin(probability: $0.probability / Double($0.count), share: Double($0.hits) / Double($0.count), count: $0.count)
        }
        let total = Double(max(1, bins.reduce(0) { $0 + $1.count }))
        error = bins.reduce(0) { $0 + abs($1.probability - $1.share) * Double($1.count) } / total
    }

    /// The temperature at which the samples are most likely: the convex minimum of their negative log-likelihood over its inverse, by
    /// golden sections of 0.1...10 on a logarithmic scale. 1 without samples of both kinds.
    public static func temperature(of samples: [CalibrationSample]) -> Double {
        guard samples.contains(where: \.isTrue), samples.contains(where: { !$0.isTrue }) else { return 1 }
        let margins = samples.map { sample in logit(Double(sample.probability)) * (sample.isTrue ? 1 : -1) }
        func loss(_ logarithm: Double) -> Double {
            let inverse = exp(-logarithm)
            return margins.reduce(0) { $0 + log1p(exp(-$1 * inverse)) }
        }
        return exp(minimum(of: loss, in: log(0.1)...log(10)))
    }

    /// The router's: probabilities of several classes, of which one is true.
    static func temperature(of answers: [(probabilities: [Double], truth: Int)]) -> Double {
        guard !answers.isEmpty else { return 1 }
        let logits = answers.map { answer in answer.probabilities.map { log(max($0, 1e-12)) } }
        func loss(_ logarithm: Double) -> Double {
            let inverse = exp(-logarithm)
            return zip(logits, answers).reduce(0) { sum, pair in
                sum + log(pair.0.reduce(0) { $0 + exp($1 * inverse) }) - pair.0[pair.1.truth] * inverse
            }
        }
        return exp(minimum(of: loss, in: log(0.1)...log(10)))
    }

    /// A probability whose logit is divided by a temperature.
    static func rescaled(_ probability: Double, _ temperature: Double) -> Double {
        temperature == 1 ? probability : 1 / (1 + exp(-logit(probability) / temperature))
    }

    private static func logit(_ probability: Double) -> Double {
        let bounded = min(max(probability, 1e-7), 1 - 1e-7)
        return log(bounded / (1 - bounded))
    }

    /// Where a function with one minimum has it, by golden sections (Kiefer, 1953).
    private static func minimum(of function: (Double) -> Double, in range: ClosedRange<Double>) -> Double {
        let golden = (5.0.squareRoot() - 1) / 2
        var (low, high) = (range.lowerBound, range.upperBound)
        var (left, right) = (high - golden * (high - low), low + golden * (high - low))
        var (atLeft, atRight) = (function(left), function(right))
        for _ in 0..<40 {
            if atLeft < atRight {
                high = right
                right = left
                atRight = atLeft
                left = high - golden * (high - low)
                atLeft = function(left)
            } else {
                low = left
                left = right
                atLeft = atRight
                right = low + golden * (high - low)
                atRight = function(right)
            }
        }
        return (low + high) / 2
    }
}

extension RatioErrors {
    /// The errors of some eyes, with the floor at which their mean interval is narrowest: with a low one the networks' own uncertainty
    /// decides whose interval is wide, with a high one all are alike. Nil for fewer than forty eyes, which say little of the outermost
    /// twentieth. Nobody's eye counts in two sets.
    init?(of scores: [ImageScore]) {
        let apart = DataSet.once(scores, owner: \.owner, set: \.set)
        let eyes = apart.compactMap { score -> (drawn: Double, read: Double, deviation: Double)? in
            guard let drawn = score.drawnRatio, let read = score.readRatio, let deviation = score.readDeviation else {
                return nil
            }
            return (drawn, read, deviation)
        }
        guard eyes.count >= 40 else { return nil }
        func errors(_ floor: Double) -> RatioErrors {
            RatioErrors(
                floor: floor,
                residuals: eyes.map { ((($0.drawn - $0.read) / ($0.deviation + floor)) * 10000).rounded() / 10000 })
        }
        func width(_ errors: RatioErrors) -> Double {
            eyes.reduce(0) { sum, eye in
                let interval = errors.interval(eye.read, deviation: eye.deviation)
                return sum + interval[1] - interval[0]
            }
        }
        let candidates = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32].map(errors)
        guard let best = candidates.min(by: { width($0) < width($1) }) else { return nil }
        self = best
    }
}
