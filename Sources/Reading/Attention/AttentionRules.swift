internal import Registry
internal import Screening

/// Decides what a person should look at. Every rule holds one figure against one absolute threshold and states both.
struct AttentionRules: Sendable {
    let thresholds: Thresholds

    /// Rules for every image that was read.
    func common(quality: Quality, modality: Report.ModalityFinding) -> [Attention] {
        var list: [Attention] = []
        if quality.grade == .usable {
            let failed = quality.checks.filter { !$0.value.pass }.keys.sorted().joined(separator: ", ")
            list.append(Attention(.qualityUsable, "The image is usable, but not good: \(failed)."))
        }
        let probability = modality.probabilities[modality.value.rawValue] ?? 1
        if probability < thresholds[.outOfDomainNear] {
            list.append(
                Attention(
                    .outOfDomainNear,
                    "The image is nearly out of domain: \(modality.value.rawValue) has \(percent(probability)).",
                    value: probability, threshold: thresholds[.outOfDomainNear]))
        }
        return list
    }

    /// Rules for a fundus photograph.
    func fundus(_ result: FundusReader.Result) -> [Attention] {
        var list: [Attention] = []
        if let measure = result.measure {
            let findings = measure.findings
            if findings.cup == nil {
                list.append(
                    Attention(
                        .cupNotSeen, "No cup was seen in the disc: a small one, or one that the network missed.", value: nil,
                        threshold: thresholds[.cupFaint]))
            }
            list += (findings.cdr.map { ratio($0, of: measure) } ?? []) + (findings.rim.map(rim) ?? []) + shape(measure)
            for (task, disagreement, confidence, structure) in [
                ("disc", Threshold.disagreementDisc, Threshold.lowConfidenceDisc, findings.disc as Structure?),
                ("cup", Threshold.disagreementCup, Threshold.lowConfidenceCup, findings.cup),
            ] {
                if let value = findings.disagreement[task] {
                    list += above(value, disagreement, .disagreement, disagreeing(task))
                }
                if let mean = structure?.meanProbability {
                    list += below(mean, confidence, .lowConfidence, "The \(task) network is not sure of its \(task)")
                }
            }
        }
        if let size = result.discSize {
            list += below(size, .discSmall, .discSize, "The disc is small for its field")
            list += above(size, .discLarge, .discSize, "The disc is large for its field")
        }
        if result.eyeConflict {
            list.append(
                Attention(
                    .eyeConflict, "The disc lies on the other side than that of the eye that was stated (\(result.eye.rawValue))."
                ))
        }
        return list
    }

    /// Rules for an endoscopy frame.
    func endoscopy(_ result: EndoscopyReader.Result) -> [Attention] {
        var list: [Attention] = []
        let polyps = result.findings.polyps
        let needed = thresholds[.polypCount]
        if Double(polyps.count) >= needed {
            list.append(
                Attention(
                    .polyp, polyps.count == 1 ? "A polyp was found." : "\(polyps.count) polyps were found.",
                    value: Double(polyps.count),
                    threshold: needed))
        }
        if let borderline = result.borderline {
            list.append(
                Attention(
                    .polypBorderline, "A region came near the threshold for a polyp without reaching it.",
                    value: borderline.value,
                    threshold: borderline.threshold))
        }
        if let disagreement = result.findings.disagreement {
            list += above(disagreement, .disagreementPolyp, .disagreement, disagreeing("polyp"))
        }
        if let least = polyps.compactMap(\.confidence).min() {
            list += below(least, .lowConfidencePolyp, .lowConfidence, "The polyp network is not sure of a polyp")
        }
        return list
    }

    private func ratio(_ ratio: CupToDiscRatio, of measure: FundusMeasure) -> [Attention] {
        let threshold = thresholds[.ratioHigh]
        var list: [Attention] = []
        if ratio.vertical >= threshold {
            list.append(
                Attention(.ratioHigh, "The vertical cup-to-disc ratio is high.", value: ratio.vertical, threshold: threshold))
        }
        if let errors = measure.ratioErrors, let deviation = measure.ratioDeviation {
            let probability = errors.probability(ofAtLeast: threshold, ratio: ratio.vertical, deviation: deviation)
            if probability >= thresholds[.ratioInterval] {
                list.append(
                    Attention(
                        .ratioInterval, "The vertical cup-to-disc ratio may well be high, by the model's errors on known eyes.",
                        value: probability, threshold: thresholds[.ratioInterval]))
            }
        } else if let low = ratio.interval.first, let high = ratio.interval.last, low < threshold, high >= threshold {
            let bound = ratio.vertical >= threshold ? low : high
            list.append(
                Attention(
                    .ratioInterval, "The interval of the vertical cup-to-disc ratio crosses the threshold.", value: bound,
                    threshold: threshold))
        }
        return list
    }

    private func rim(_ rim: Rim) -> [Attention] {
        below(rim.minimum, .rimThin, .rimThin, "The rim is thin at \(Int(rim.minimumAngle))°")
    }

    private func shape(_ measure: FundusMeasure) -> [Attention] {
        below(measure.axisRatio, .discShape, .discShape, "The disc is far from round")
            + below(measure.outlineAgreement, .discOutline, .discShape, "The disc's outline is not an ellipse")
            + above(measure.cupOutsideShare, .cupOutsideDisc, .cupOutsideDisc, "A part of the cup lies outside of the disc")
    }

    private func disagreeing(_ task: String) -> String { "The \(task) network's two heads disagree" }

    private func above(_ value: Double, _ threshold: Threshold, _ code: Attention.Code, _ words: String) -> [Attention] {
        value > thresholds[threshold] ? [Attention(code, words + ".", value: value, threshold: thresholds[threshold])] : []
    }

    private func below(_ value: Double, _ threshold: Threshold, _ code: Attention.Code, _ words: String) -> [Attention] {
        value < thresholds[threshold] ? [Attention(code, words + ".", value: value, threshold: thresholds[threshold])] : []
    }

    private func percent(_ value: Double) -> String { "\(Int((100 * value).rounded())) %" }
}
