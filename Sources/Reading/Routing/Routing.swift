internal import Glibc
internal import Screening

/// The meaning of the router's probabilities for an image.
struct Routing: Sendable {
    /// What a report states.
    let finding: Report.ModalityFinding
    /// Why the image is out of domain; nil where it is to be read.
    private(set) var reason: Reason?
    /// The same, taken for what is most probable.
    var withoutReason: Routing {
        var routing = self
        routing.reason = nil
        return routing
    }

    /// - Parameters:
    ///   - logits: fundus, endoscopy, neither.
    ///   - isGreyscale: whether the image is without colour, judged on its pixels.
    ///   - isGreen: whether it is green nearly everywhere, as only red-free photographs of the fundus are.
    ///   - isComposite: whether several pictures share the frame.
    init(
        logits: [Float], temperature: Double, isGreyscale: Bool, isGreen: Bool, isComposite: Bool, thresholds: Thresholds
    ) {
        let scaled = logits.map { Double($0) / temperature }
        let highest = scaled.max() ?? 0
        let exponentials = scaled.map { exp($0 - highest) }
        let sum = exponentials.reduce(0, +)
        var probabilities: [String: Double] = [:]
        for (modality, value) in zip(Modality.allCases, exponentials) { probabilities[modality.rawValue] = value / sum }
        self.init(
            probabilities: probabilities, isGreyscale: isGreyscale, isGreen: isGreen, isComposite: isComposite,
            thresholds: thresholds)
    }

    init(probabilities: [String: Double], isGreyscale: Bool, isGreen: Bool, isComposite: Bool, thresholds: Thresholds) {
        func probability(_ modality: Modality) -> Double { probabilities[modality.rawValue] ?? 0 }
        let value = Modality.allCases.max { probability($0) < probability($1) } ?? .neither
        finding = Report.ModalityFinding(value: value, probabilities: probabilities)
        let threshold = thresholds[.router]
        let percent = Int((100 * probability(value)).rounded())
        if value == .neither, probability(.neither) >= threshold {
            // The router speaks first: an X-ray is grey too, but "neither" tells more.
            reason = Reason(
                .neither, "The image is neither a colour fundus photograph nor an endoscopy frame (\(percent) % sure).")
        } else if isGreyscale {
            reason = Reason(.greyscale, "The image has no colour; colour fundus photographs and endoscopy frames are read.")
        } else if isGreen, value == .fundus {
            reason = Reason(
                .greyscale, "The image is nearly all green, as red-free photographs are; colour fundus photographs are read.")
        } else if isComposite {
            reason = Reason(.composite, "Several pictures share the frame; one picture for each file is read.")
        } else if value == .neither || probability(value) < threshold {
            let needed = Int((100 * threshold).rounded())
            reason = Reason(
                .uncertain, "No kind of image reached \(needed) %; the most probable, \(value.rawValue), has \(percent) %.")
        } else {
            reason = nil
        }
    }
}
