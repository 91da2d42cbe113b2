internal import Screening

/// What an overlay says in words. It names neither file nor ID nor patient, so that the same reading always gives the same picture.
struct Caption: Sendable, Equatable {
    /// How a sample of a line in the legend looks.
    enum Line: Sendable, Equatable { case disc, cup, polyp }

    /// The outcome.
    var headline: String
    /// The figures that matter, the most important first.
    var figures: [String] = []
    /// Lines of the picture and what they are.
    var legend: [(line: Line, words: String)] = []
    /// Why there are no figures.
    var reasons: [String] = []
    /// What a person should look at.
    var attention: [String] = []
    /// Whether the outcome is one that was hoped for.
    var isMeasured: Bool

    init(_ reading: ImageReading) {
        isMeasured = reading.outcome == .measured || reading.outcome == .noFinding
        headline =
            switch reading.outcome {
            case .measured: "Measured"
            case .noFinding: "No polyp found"
            case .ungradable: "Ungradable"
            case .outOfDomain: "Out of domain"
            case .failed: "Failed"
            }
        reasons = reading.reasons.map(\.detail)
        attention = reading.attention.map(Self.words)
        if let fundus = reading.fundus { add(fundus, reading.eye) }
        if let endoscopy = reading.endoscopy { add(endoscopy) }
        if !reading.corrected.isEmpty {
            figures.append("Drawn by a reader: \(reading.corrected.map(\.rawValue).joined(separator: " and "))")
        }
        if let modality = reading.modality { figures.append(Self.words(modality, reading.quality)) }
    }

    static func == (a: Caption, b: Caption) -> Bool {
        a.headline == b.headline && a.figures == b.figures && a.legend.map(\.words) == b.legend.map(\.words)
            && a.reasons == b.reasons
            && a.attention == b.attention && a.isMeasured == b.isMeasured
    }

    private mutating func add(_ fundus: FundusFindings, _ eye: Eye) {
        let words =
            switch eye {
            case .right: "right eye"
            case .left: "left eye"
            case .unknown: "eye unknown"
            }
        guard let ratio = fundus.cdr, let rim = fundus.rim else {
            figures.append("No cup seen in the optic disc: no cup-to-disc ratio · \(words)")
            legend = [(.disc, "optic disc (solid)")]
            return
        }
        figures.append("Vertical cup-to-disc ratio \(Self.decimal(ratio.vertical))")
        var parts = ["horizontal \(Self.decimal(ratio.horizontal))", "area \(Self.decimal(ratio.area))"]
        if !ratio.interval.isEmpty {
            parts.insert("95 % interval \(ratio.interval.map(Self.decimal).joined(separator: " to "))", at: 0)
        }
        figures.append(parts.joined(separator: " · "))
        figures.append("Thinnest rim \(Self.decimal(rim.minimum)) disc diameters at \(Int(rim.minimumAngle))° · \(words)")
        legend = [(.disc, "optic disc (solid)"), (.cup, "cup (dashed)")]
    }

    private mutating func add(_ endoscopy: EndoscopyFindings) {
        let polyps = endoscopy.polyps
        guard !polyps.isEmpty else { return }
        headline = polyps.count == 1 ? "1 polyp found" : "\(polyps.count) polyps found"
        for (index, polyp) in polyps.enumerated().prefix(5) {
            let number = polyps.count > 1 ? "\(index + 1): " : ""
            let confidence = polyp.confidence.map { ", confidence \(Self.percent($0))" } ?? ""
            figures.append("\(number)\(Self.percent(polyp.areaFraction)) of the picture\(confidence)")
        }
        if polyps.count > 5 { figures.append("and \(polyps.count - 5) more") }
        legend = [(.polyp, polyps.count == 1 ? "polyp (solid)" : "polyps (solid)")]
    }

    private static func words(_ attention: Attention) -> String {
        guard let value = attention.value, let threshold = attention.threshold else { return attention.detail }
        let isCount = attention.code == .polyp
        return isCount ? attention.detail : "\(attention.detail.dropLast()): \(decimal(value)), threshold \(decimal(threshold))."
    }

    private static func words(_ modality: Report.ModalityFinding, _ quality: Quality?) -> String {
        let name =
            switch modality.value {
            case .fundus: "Fundus photograph"
            case .endoscopy: "Endoscopy frame"
            case .neither: "Neither fundus nor endoscopy"
            }
        let sure = modality.probabilities[modality.value.rawValue].map { " (\(percent($0)))" } ?? ""
        return name + sure + (quality.map { " · quality \($0.grade.rawValue)" } ?? "")
    }

    /// Two decimals.
    static func decimal(_ value: Double) -> String {
        let hundredths = Int((abs(value) * 100).rounded())
        let fraction = hundredths % 100
        return "\(value < 0 && hundredths > 0 ? "-" : "")\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    /// Whole percent, with one decimal below ten.
    static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded())
        return tenths >= 100 || tenths % 10 == 0 ? "\((tenths + 5) / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }
}
