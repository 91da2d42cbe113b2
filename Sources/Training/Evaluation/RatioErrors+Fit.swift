internal import Registry

extension RatioErrors {
    /// The errors of some eyes, with the floor at which their mean interval is narrowest: with a low one the networks' own uncertainty
    /// decides whose interval is wide, with a high one all are alike. Nil for fewer than forty eyes, which say little of the outermost
    /// twentieth.
    init?(of scores: [ImageScore]) {
        let eyes = scores.compactMap { score -> (drawn: Double, read: Double, deviation: Double)? in
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
