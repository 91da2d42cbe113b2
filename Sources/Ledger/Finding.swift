package import Screening

/// One row of `finding`: a figure or a sentence of a report, kept so that review and export need not open bundles.
package struct Finding: Equatable, Sendable {
    package enum Kind: String {
        /// Why it did not end as measured: code and sentence.
        case reason
        /// A figure of the whole image: one of `Measure`.
        case measure
        /// A figure of one polyp; `position` counts them, largest first.
        case polyp
        /// What a person should look at: code, sentence, value, threshold.
        case attention
    }

    /// The figures of kind `measure`.
    package enum Measure: String {
        case vcdr
        case vcdrLow = "vcdr_low"
        case vcdrHigh = "vcdr_high"
        case hcdr
        case areaRatio = "area_ratio"
        case rimMinimum = "rim_minimum"
        case rimMinimumAngle = "rim_minimum_angle"
        case polypAreaFraction = "polyp_area_fraction"
        /// Focus over its threshold.
        case focus
        /// 1 − Dice of the network's heads, the larger one of disc and cup.
        case disagreement

        /// Figures that ledgers of schema 3 did not keep.
        static let later: Set<String> = [focus.rawValue, disagreement.rawValue]
    }

    package var kind: Kind
    package var position: Int
    package var code: String
    package var value: Double?
    package var threshold: Double?
    package var detail: String?

    /// All findings of a report, in the order of the table's primary key.
    package static func all(of report: Report) -> [Finding] {
        var all: [Finding] = []
        func measure(_ code: Measure, _ value: Double?) {
            guard let value else { return }
            all.append(Finding(kind: .measure, position: 0, code: code.rawValue, value: value))
        }
        for (position, reason) in report.reasons.enumerated() {
            all.append(Finding(kind: .reason, position: position, code: reason.code.rawValue, detail: reason.detail))
        }
        for (position, entry) in report.attention.enumerated() {
            all.append(
                Finding(
                    kind: .attention, position: position, code: entry.code.rawValue, value: entry.value,
                    threshold: entry.threshold,
                    detail: entry.detail))
        }
        if let focus = report.quality?.checks["focus"], focus.threshold > 0 { measure(.focus, focus.value / focus.threshold) }
        measure(.disagreement, report.fundus?.disagreement.values.max() ?? report.endoscopy?.disagreement)
        if let fundus = report.fundus {
            measure(.vcdr, fundus.cdr?.vertical)
            measure(.vcdrLow, fundus.cdr?.interval.first)
            measure(.vcdrHigh, fundus.cdr?.interval.last)
            measure(.hcdr, fundus.cdr?.horizontal)
            measure(.areaRatio, fundus.cdr?.area)
            measure(.rimMinimum, fundus.rim?.minimum)
            measure(.rimMinimumAngle, fundus.rim?.minimumAngle)
        }
        if let endoscopy = report.endoscopy {
            measure(.polypAreaFraction, endoscopy.polypAreaFraction)
            for (position, polyp) in endoscopy.polyps.enumerated() {
                all.append(Finding(kind: .polyp, position: position, code: "area", value: polyp.area))
                all.append(Finding(kind: .polyp, position: position, code: "area_fraction", value: polyp.areaFraction))
                all.append(Finding(kind: .polyp, position: position, code: "confidence", value: polyp.confidence))
            }
        }
        return all.sorted(by: Self.precedes)
    }

    /// Whether these are a report's findings: all of them, or all that a ledger of schema 3 kept.
    package static func are(_ stored: [Finding], of report: Report) -> Bool {
        let all = all(of: report)
        return stored == all || stored == all.filter { $0.kind != .measure || !Measure.later.contains($0.code) }
    }

    package static func precedes(_ a: Finding, _ b: Finding) -> Bool {
        (a.kind.rawValue, a.position, a.code) < (b.kind.rawValue, b.position, b.code)
    }

    /// A figure or a sentence.
    package init(
        kind: Kind, position: Int, code: String, value: Double? = nil, threshold: Double? = nil, detail: String? = nil
    ) {
        self.kind = kind
        self.position = position
        self.code = code
        self.value = value
        self.threshold = threshold
        self.detail = detail
    }
}
