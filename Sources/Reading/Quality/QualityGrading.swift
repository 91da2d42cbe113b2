internal import Screening

/// Holds an image's figures against the thresholds.
struct QualityGrading: Sendable {
    /// What a report states.
    private(set) var quality: Quality
    /// Why the image is ungradable; empty where it is not.
    private(set) var reasons: [Reason]

    init(_ measure: QualityMeasure, _ thresholds: Thresholds) {
        var checks: [String: Quality.Check] = [:]
        var reasons: [Reason] = []
        var isGood = true
        /// States a figure with the threshold that it failed, or else the first one to fail.
        func check(
            _ name: String, _ value: Double, limit: Threshold, usable: Threshold, isUpper: Bool = false, _ code: Reason.Code,
            _ words: String
        ) {
            func passes(_ threshold: Threshold) -> Bool {
                isUpper ? value <= thresholds[threshold] : value >= thresholds[threshold]
            }
            let isFit = passes(limit)
            let pass = isFit && passes(usable)
            if !isFit, !reasons.contains(where: { $0.code == code }) { reasons.append(Reason(code, words)) }
            isGood = isGood && pass
            // Exposure is checked from three sides; the side that fails is the one to state.
            if checks[name]?.pass ?? true || !isFit {
                checks[name] = Quality.Check(value: value, threshold: thresholds[isFit ? usable : limit], pass: pass)
            }
        }
        check(
            "field", Double(measure.fieldSide), limit: .shortSide, usable: .fieldUsable, .tooSmall,
            "The picture is too small to be measured.")
        check(
            "exposure", measure.clippedShare, limit: .clipped, usable: .clippedUsable, isUpper: true, .tooBright,
            "Most of the picture is burnt out.")
        check(
            "exposure", measure.brightness, limit: .bright, usable: .brightUsable, isUpper: true, .tooBright,
            "The picture is too bright.")
        check("exposure", measure.brightness, limit: .dark, usable: .darkUsable, .tooDark, "The picture is too dark.")
        check(
            "contrast", measure.contrast, limit: .contrast, usable: .contrastUsable, .lowContrast,
            "The picture has too little contrast.")
        check("focus", measure.focus, limit: .focus, usable: .focusUsable, .outOfFocus, "The picture is out of focus.")
        self.reasons = reasons
        quality = Quality(grade: !reasons.isEmpty ? .ungradable : isGood ? .good : .usable, checks: checks)
    }

    /// Adds a reason that is no figure's, before all others.
    mutating func add(_ reason: Reason) {
        reasons.insert(reason, at: 0)
        quality.grade = .ungradable
    }
}
