internal import Glibc
internal import Neural
internal import Screening

/// Running times of the networks of Table 1, measured in turns so that a busy moment falls on all of them: `timing.json`.
public struct StudyTiming: Sendable, Codable, Equatable {
    /// Base width of the networks.
    public var width: Int
    /// Side of the input, px.
    public var side: Int
    /// Threads of the engine.
    public var threads: Int
    /// The instruction set that oneDNN used.
    public var isa: String
    /// Milliseconds of one image by architecture, one value a round.
    public var milliseconds: [String: [Double]]

    /// Times every network once a round, the first one another each time. Random weights: the time does not depend on them.
    static func measured(width: Int, side: Int, rounds: Int, progress: @escaping @Sendable (Int) -> Void) async throws
        -> StudyTiming
    {
        try await EngineActor.run {
            let names = StudyNetwork.tableOne.map(\.architecture)
            let input = (0..<3 * side * side).map { Float($0 % 255) / 255 }
            let networks = try names.map { name in
                let options = Learner.Options(
                    architecture: name, width: width, side: 32, batch: 1, normalisation: .none, softDice: 0)
                let weights = try Learner(options, weights: nil, seed: 1, foreground: 0.2).weights()
                let network = try Network(Architecture(named: name), width: width, side: side, weights: weights)
                for _ in 0..<2 { _ = try network.run(input) }
                return network
            }
            let clock = ContinuousClock()
            var milliseconds: [String: [Double]] = [:]
            for round in 0..<rounds {
                for place in names.indices {
                    let index = (place + round) % names.count
                    let start = clock.now
                    try networks[index].runInPlace()
                    milliseconds[names[index], default: []].append((clock.now - start) / .milliseconds(1))
                }
                progress(round + 1)
            }
            return StudyTiming(
                width: width, side: side, threads: EngineInfo.threads, isa: EngineInfo.isa, milliseconds: milliseconds)
        }
    }

    /// The median time of an architecture, ms.
    func median(_ architecture: String) -> Double? {
        guard let times = milliseconds[architecture]?.sorted(), !times.isEmpty else { return nil }
        return times.count.isMultiple(of: 2)
            ? (times[times.count / 2 - 1] + times[times.count / 2]) / 2 : times[times.count / 2]
    }

    /// How many times as long the first takes as the second: the geometric mean over rounds, with its 95 % bootstrap interval.
    func ratio(_ first: String, _ second: String) -> Estimate? {
        guard let a = milliseconds[first], let b = milliseconds[second], a.count == b.count, a.count > 1 else { return nil }
        let logarithms = zip(a, b).enumerated().map { (group: "\($0)", value: log($1.0 / $1.1)) }
        guard let estimate = Estimate(logarithms) else { return nil }
        return Estimate(value: exp(estimate.value), low: exp(estimate.low), high: exp(estimate.high), count: a.count)
    }
}
