internal import Screening

/// A study's answers to the paper's three claims. Every sentence follows from an interval alone; where the interval leaves it open, so does
/// the sentence.
struct StudyClaims {
    /// How much Dice counts as none: the margin within which two networks are called equally accurate.
    static let margin = 0.01
    /// The paper's ratio of running times, two decoders over one.
    static let paperRatio = 1.4

    let results: StudyResults

    /// One paragraph a claim.
    var paragraphs: [String] { [decoders, speed, maps] }

    private var decoders: String {
        let sentences = results.options.tasks.flatMap { task in
            StudyResults.decoderPairs.map { one, two in
                let what = "\(task.rawValue), \(Self.name(one)) against \(Self.name(two))"
                guard let difference = results.difference(one, two, task) else {
                    return "\(what): too few images to say."
                }
                guard !isEmpty(one, task), !isEmpty(two, task) else {
                    return "\(what): the claim is open: a network learnt nothing."
                }
                let verdict =
                    difference.low > -Self.margin
                    ? (difference.low > 0 ? "holds, one decoder is even better" : "holds")
                    : difference.high < -Self.margin
                        ? "does not hold"
                        : difference.high < 0
                            ? "is open: one decoder is worse, by how much these images do not settle"
                            : "is open: these images do not settle it"
                return "\(what): \(Self.signed(difference)), the claim \(verdict)."
            }
        }
        return "Equal accuracy with one decoder (taken to hold where the interval of the difference lies above "
            + "-\(Self.number(Self.margin)) Dice). " + sentences.joined(separator: " ")
    }

    private var speed: String {
        let timing = results.timing
        let setting = "At width \(timing.width), \(timing.side) x \(timing.side) px, \(timing.threads) threads, \(timing.isa)"
        let sentences = StudyResults.decoderPairs.map { one, two in
            guard let ratio = timing.ratio(two, one) else { return "\(Self.name(one)): too few rounds to say." }
            let verdict =
                ratio.low > Self.paperRatio
                ? "holds, and the gain is larger"
                : ratio.high < Self.paperRatio
                    ? "does not hold here"
                    : ratio.low > 1 ? "holds" : "is open: the times vary too much"
            return
                "\(Self.name(two)) takes \(Self.number(ratio.value)) times as long as \(Self.name(one)) "
                + "[\(Self.number(ratio.low)), \(Self.number(ratio.high))]: the claim \(verdict)."
        }
        return "1.4 times faster. \(setting): " + sentences.joined(separator: " ")
    }

    private var maps: String {
        guard results.options.tasks.contains(.polyp) else { return "D3 best for polyps: polyps were not part of this study." }
        let differences = StudyResults.mapPairs.map { best, other in
            (other.distance.rawValue, results.difference(best.name, other.name, .polyp))
        }
        let sentences = differences.map { map, difference in
            difference.map { "D3 minus \(map): \(Self.signed($0))." } ?? "D3 minus \(map): too few images to say."
        }
        let known = differences.compactMap(\.1)
        guard !StudyResults.mapPairs.contains(where: { isEmpty($0.name, .polyp) || isEmpty($1.name, .polyp) }) else {
            return "D3 best for polyps. The claim is open: a network learnt nothing."
        }
        let verdict =
            known.count < 2
            ? "The claim is open."
            : known.allSatisfy { $0.low > 0 }
                ? "The claim holds."
                : known.contains { $0.high < 0 }
                    ? "The claim does not hold."
                    : "The claim is open: these images do not settle it."
        return "D3 best for polyps. " + (sentences + [verdict]).joined(separator: " ")
    }

    /// Whether a training of a network ended early, having learnt nothing: its figures say nothing about the network.
    private func isEmpty(_ network: String, _ task: ModelTask) -> Bool {
        results.problems.keys.contains { $0.hasPrefix("\(task.rawValue)-\(network)-seed") }
    }

    static func name(_ architecture: String) -> String { PaperTables.names[architecture] ?? architecture }

    /// `+0.0012 [-0.0030, +0.0051]`
    static func signed(_ estimate: Estimate) -> String {
        func text(_ value: Double) -> String { (value < 0 ? "-" : "+") + number(abs(value)) }
        return "\(text(estimate.value)) [\(text(estimate.low)), \(text(estimate.high))]"
    }

    /// Four decimals.
    static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
        let scaled = Int((abs(value) * 10000).rounded())
        return (value < 0 && scaled > 0 ? "-" : "") + "\(scaled / 10000)." + "\(10000 + scaled % 10000)".dropFirst()
    }
}
