package import Screening

/// A person's particulars as the image's own file states them. They stand in no report.
package struct PersonDetails: Sendable, Hashable {
    /// As DICOM writes it: family, given, middle, prefix and suffix, with carets between them.
    package var name: String
    /// `19610214`; empty where it is not known.
    package var birthDate: String
    /// `M`, `F` or `O`; empty where it is not known.
    package var sex: String

    package init(name: String = "", birthDate: String = "", sex: String = "") {
        self.name = name
        self.birthDate = birthDate
        self.sex = sex
    }
}

/// A screening as other systems are told of it, whatever their language.
package struct ResultContent: Sendable {
    /// One figure of one frame.
    struct Figure: Sendable {
        /// Of a file that holds several; nil for a plain image.
        let frame: Int?
        let measurement: Measurement
        /// What a person should look at in that frame.
        let attention: [Attention]

        /// Whether it is a vertical ratio that a person should look at.
        var isHigh: Bool {
            measurement.code == .verticalCupToDiscRatio
                && attention.contains { $0.code == .ratioHigh || $0.code == .ratioInterval }
        }

        /// The measurement's code, told apart from that of another frame.
        var key: String { measurement.code.value + (frame.map { "-\($0)" } ?? "") }

        /// A name for a person.
        var name: String {
            let name = measurement.code == .numberOfFindings ? "Polyps in the frame" : measurement.code.meaning
            return name + (frame.map { ", frame \($0)" } ?? "")
        }

        /// The unit in words.
        var unit: String { measurement.unit.filter { $0 != "{" && $0 != "}" } }

        /// To four places, which is finer than anything is known.
        var value: Double { (measurement.value * 10000).rounded() / 10000 }
    }

    /// How far a result is from being final.
    enum State: Sendable {
        /// What networks found; nobody has looked at it.
        case preliminary
        /// A reader's word, in place of an earlier version.
        case amended
    }

    let report: Report
    /// The reports of earlier versions that were told, the first one first.
    let former: [Report]
    let person: PersonDetails
    /// Of the DICOM objects; nil where there are none.
    let study: String?

    /// - Parameters:
    ///   - report: complete but for its files, of any outcome but `failed`.
    ///   - former: the reports of the versions before it that were told: what is in them and no longer in this one is taken back.
    ///   - study: the UID of the study in which the image or the results are; nil where they are in none.
    package init(_ report: Report, after former: [Report] = [], person: PersonDetails = PersonDetails(), study: String?) {
        self.report = report
        self.former = former
        self.person = person
        self.study = study
    }

    /// The figures, frame by frame.
    var figures: [Figure] {
        guard let frames = report.frames, frames.count > 1 else {
            return report.codedFindings.map { Figure(frame: nil, measurement: $0, attention: report.attention) }
        }
        return frames.flatMap { frame in
            var report = report
            report.fundus = frame.fundus
            report.endoscopy = frame.endoscopy
            return report.codedFindings.map { Figure(frame: frame.frame, measurement: $0, attention: frame.attention) }
        }
    }

    /// The versions before, as they were told.
    var earlier: [ResultContent] { former.map { ResultContent($0, person: person, study: study) } }

    /// The figures that were told and are none any more, each as it was told last.
    var withdrawn: [Figure] {
        let standing = Set(figures.map(\.key))
        var figures: [String: Figure] = [:]
        for figure in earlier.flatMap(\.figures) where !standing.contains(figure.key) { figures[figure.key] = figure }
        return figures.values.sorted { $0.key < $1.key }
    }

    /// Whether a figure is of the frame that decides, whose ratio is held against an earlier one.
    func isDeciding(_ figure: Figure) -> Bool { figure.frame.map { $0 == report.decidingFrame } ?? true }

    var state: State { report.decision?.verdict == .correct ? .amended : .preliminary }

    /// The patient's number; one that belongs to nobody else where none is known.
    var patient: String { report.subject?.identifier ?? "PAPILLA-\(report.id)" }

    /// When it was taken, or else came: a day or a moment.
    var taken: String { report.examination.taken?.description ?? report.source.received.description }

    /// When this version was made.
    var issued: Timestamp { report.decision?.at ?? report.reread ?? report.source.received }

    /// In sentences: the result, or why there is none, and what this is not. Of several frames each that has something is told.
    ///
    /// - Parameter prior: whether the ratio before is told.
    func summary(prior tellsPrior: Bool) -> [String] {
        var sentences: [String] = []
        if let frames = report.frames, frames.count > 1, frames.contains(where: { $0.fundus != nil || $0.endoscopy != nil }) {
            let told = frames.compactMap { frame in
                frame.endoscopy?.polyps.isEmpty == true
                    ? nil : Self.sentence(frame.fundus, frame.endoscopy).map { "Frame \(frame.frame): \($0)" }
            }
            sentences += told
            let others = frames.count - told.count
            if others > 0 { sentences.append("In \(others) of \(frames.count) frames nothing was measured or outlined.") }
        } else if let sentence = Self.sentence(report.fundus, report.endoscopy) {
            sentences.append(sentence)
        } else {
            sentences.append("\(outcome.prefix(1).uppercased() + outcome.dropFirst()).")
            sentences += report.reasons.map(\.detail)
        }
        if tellsPrior, report.fundus?.cdr != nil, let prior = report.prior { sentences.append(prior.sentence) }
        return sentences + [report.notice]
    }

    /// What was found in an image or a frame; nil where nothing was measured.
    private static func sentence(_ fundus: FundusFindings?, _ endoscopy: EndoscopyFindings?) -> String? {
        if let ratio = fundus?.cdr {
            let interval = ratio.interval
            let bounds = interval.count == 2 ? " (95 % interval \(hundredths(interval[0])) to \(hundredths(interval[1])))" : ""
            return "Vertical cup-to-disc ratio \(hundredths(ratio.vertical))\(bounds)."
        }
        if fundus != nil { return "The optic disc was measured; no cup was seen in it." }
        return endoscopy.map { $0.polyps.count == 1 ? "1 polyp was outlined." : "\($0.polyps.count) polyps were outlined." }
    }

    /// The outcome in words.
    var outcome: String { report.outcome.rawValue.replacing("_", with: " ") }

    private static func hundredths(_ value: Double) -> String {
        let rounded = Int((value * 100).rounded())
        return "\(rounded / 100).\(rounded % 100 < 10 ? "0" : "")\(rounded % 100)"
    }
}
