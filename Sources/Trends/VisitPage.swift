internal import FoundationEssentials
public import Screening

/// `visit.html`: a visit on one printed A4 page, without scripts, links or other files. Pictures are inside of it.
public struct VisitPage: Sendable {
    private let report: VisitReport
    private let overlays: [ScreeningID: [UInt8]]

    /// What fits on the page; what is left out is counted there.
    private static let repeatsShown = 5
    private static let framesShown = 6
    private static func unplacedShown(of report: VisitReport) -> Int {
        switch (report.eyes.isEmpty, report.endoscopy == nil) {
        case (true, true): 6
        case (false, false): 0
        default: 3
        }
    }
    private static let attentionShown = 5

    /// A page of a visit.
    ///
    /// - Parameter overlays: JPEG files by arrival. Only those that are shown are needed: ``pictures(of:)``.
    public init(_ report: VisitReport, overlays: [ScreeningID: [UInt8]]) {
        self.report = report
        self.overlays = overlays
    }

    /// The images whose overlays the page shows.
    public static func pictures(of report: VisitReport) -> [ExaminedImage] {
        let eyes = report.eyes.compactMap { eye in eye.counts?.image ?? eye.others.first?.image }
        return eyes + shownUnplaced(of: report) + (report.endoscopy?.withPolyps.prefix(framesShown) ?? [])
    }

    /// Photographs of an eye that is not known, the highest ratio first.
    private static func shownUnplaced(of report: VisitReport) -> ArraySlice<ExaminedImage> {
        report.unplaced.sorted { ($0.ratio?.value ?? -1) > ($1.ratio?.value ?? -1) }.prefix(unplacedShown(of: report))
    }

    /// The page.
    public var html: String {
        let subject = report.subject
        let whose = subject.identifier + (subject.issuer.map { " (\($0))" } ?? "")
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
            <title>Visit of \(report.day)</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            <header>
            <h1>Visit of \(report.day)</h1>
            <div class="whose"><p>\(whose.escapedForMarkup)</p>\(report.study.map { "<p>study \($0.escapedForMarkup)</p>" } ?? "")</div>
            </header>
            <main>
            \(eyes)
            \(unplaced)
            \(endoscopy)
            \(rest)
            </main>
            <footer>\(report.notice.escapedForMarkup) Visit \(report.id), version \(report.version), \(report.made).</footer>
            </body>
            </html>

            """
    }

    private static let style = """
        @page { size: A4; margin: 12mm }
        * { box-sizing: border-box }
        body { font: 10pt/1.35 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 186mm; margin: 0 auto }
        header { display: flex; justify-content: space-between; align-items: baseline; border-bottom: 0.5mm solid #333; gap: 4mm }
        h1 { font-size: 15pt; margin: 0; white-space: nowrap }
        h2 { font-size: 12pt; margin: 3mm 0 1mm }
        p { margin: 1mm 0; overflow-wrap: anywhere }
        .whose { min-width: 0; text-align: right }
        .whose p { margin: 0 }
        .whose p:first-child { white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
        .eyes { display: grid; grid-template-columns: 1fr 1fr; gap: 6mm }
        .frames { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 3mm }
        figure { margin: 0 }
        .eyes img { width: 100%; height: 70mm; object-fit: contain; background: #000 }
        .frames img { width: 100%; height: 42mm; object-fit: contain; background: #000 }
        .none { height: 20mm; display: flex; align-items: center; justify-content: center; border: 0.3mm dashed #777; color: #444 }
        .ratio { font-size: 17pt; font-weight: 600 }
        .beyond { font-weight: 600; border-left: 1.2mm solid #b00020; padding-left: 2mm }
        table { border-collapse: collapse; width: 100%; font-size: 8.5pt }
        th, td { text-align: left; padding: 0.3mm 2mm 0.3mm 0; border-bottom: 0.2mm solid #ccc; vertical-align: top }
        ul { margin: 1mm 0; padding-left: 4.5mm }
        figcaption, .small { font-size: 8.5pt; color: #333 }
        footer { border-top: 0.3mm solid #333; margin-top: 3mm; font-size: 8pt; color: #444 }
        @media print { main { max-height: 245mm; overflow: hidden } }
        """

    // MARK: - Eyes

    private var eyes: String {
        guard !report.eyes.isEmpty else { return "" }
        let sides: [Eye] = [.right, .left]
        let columns = sides.map { side in
            report.eyes.first { $0.eye == side }.map(column)
                ?? "<section><h2>\(Self.name(side))</h2><div class=\"none\">no photograph</div></section>"
        }
        return "<div class=\"eyes\">\n\(columns.joined(separator: "\n"))\n</div>"
    }

    private static func name(_ eye: Eye) -> String {
        eye == .right ? "Right eye" : eye == .left ? "Left eye" : "Eye not known"
    }

    private func column(_ eye: VisitReport.OfEye) -> String {
        let shown = eye.counts?.image ?? eye.others.first?.image
        var parts = ["<h2>\(Self.name(eye.eye))\(report.worst == eye.eye ? " · look here first" : "")</h2>"]
        if let shown { parts.append(picture(shown, "\(Self.name(eye.eye)) with disc and cup outlined")) }
        if let image = eye.counts?.image, let ratio = image.ratio {
            parts.append(
                "<p>Vertical cup-to-disc ratio <span class=\"ratio\">\(Markup.ratio(ratio.value, ratio.interval))</span></p>")
            parts.append("<p class=\"small\">\(facts(image))</p>")
        } else {
            parts.append("<p class=\"ratio\">No ratio</p><p class=\"small\">\(whyNot(eye))</p>")
        }
        parts += eye.changes.map(Self.sentence)
        parts.append(attention(eye.attention))
        parts.append(repeats(eye))
        return "<section>\n\(parts.filter { !$0.isEmpty }.joined(separator: "\n"))\n</section>"
    }

    private func facts(_ image: ExaminedImage) -> String {
        var facts: [String] = []
        if let rim = image.rimMinimum {
            let place = image.rimMinimumAngle.map { " at \(Markup.fixed($0, 0))°" } ?? ""
            facts.append("rim at least \(Markup.fixed(rim, 2)) of the disc\(place)")
        }
        if let quality = image.quality { facts.append("quality \(quality.rawValue)") }
        switch image.decision {
        case .accept: facts.append("accepted by a reader")
        case .correct: facts.append(image.ratio?.isDrawn == false ? "eye corrected by a reader" : "drawn by a reader")
        case .reject, nil: break
        }
        switch image.examined.whence {
        case .stated: facts.append("taken \(image.examined.time.local())")
        case .arrival: facts.append("arrived \(image.examined.time.local())")
        case .clockAhead, .clockUnset:
            facts.append("arrived \(image.examined.time.local()); the camera's clock was not right")
        }
        if let device = image.device { facts.append(String(device.prefix(60))) }
        return facts.joined(separator: " · ").escapedForMarkup
    }

    private func whyNot(_ eye: VisitReport.OfEye) -> String {
        let images = eye.others.map(\.image)
        let reasons = Set(images.flatMap(\.reasons)).map { $0.rawValue.replacing("_", with: " ") }.sorted()
        var words = reasons
        if images.contains(where: { $0.decision == .reject }) { words.append("rejected by a reader") }
        if images.contains(where: { $0.outcome == .measured && $0.ratio == nil }) { words.append("no cup was seen") }
        return (words.isEmpty ? "nothing was fit to measure" : words.joined(separator: ", ")).escapedForMarkup
    }

    private static func sentence(_ change: Change) -> String {
        let since = (change.against == .first ? "Since the first comparable visit, " : "Since ") + change.from.visit
        switch change.verdict {
        case .stable, .change:
            let value = Markup.signed(change.value ?? 0, 3), limit = Markup.fixed(change.limit ?? 0, 3)
            let words =
                change.verdict == .stable
                ? "stable: \(value), within measurement error (\(limit))"
                : "<strong>\(change.direction == .narrower ? "narrower" : "wider")</strong>: \(value), beyond measurement error (\(limit))"
            return "<p class=\"small\(change.verdict == .change ? " beyond" : "")\">\(since): \(words).</p>"
        case .cannotTell:
            let why: [Change.Obstacle: String] = [
                .modelChanged: "other networks measured then: read the earlier one again",
                .quality: "nothing was fit to measure",
                .rejected: "a reader rejected it",
                .otherEye: "which eye it is is not sure",
                .noError: "the error is not known",
            ]
            return "<p class=\"small\">\(since): cannot tell, \(change.why.flatMap { why[$0] } ?? "").</p>"
        }
    }

    private func attention(_ entries: [Attention]) -> String {
        guard !entries.isEmpty else { return "" }
        let items = entries.prefix(Self.attentionShown).map { "<li>\($0.detail.escapedForMarkup)</li>" }
        let more = entries.count - items.count
        return "<ul>\(items.joined())\(more > 0 ? "<li>and \(more) more in \(VisitReport.fileName)</li>" : "")</ul>"
    }

    private func repeats(_ eye: VisitReport.OfEye) -> String {
        let others = eye.counts == nil ? Array(eye.others.dropFirst()) : eye.others
        guard !others.isEmpty else { return "" }
        let rows = others.prefix(Self.repeatsShown).map { photograph in
            let image = photograph.image
            let ratio = image.ratio.map { Markup.ratio($0.value, $0.interval) } ?? image.outcome.rawValue
            let word = image.decision == .reject ? ", rejected" : ""
            return "<tr><td>\(image.id)</td><td>\(ratio)\(word)</td><td>\(Markup.fixed(photograph.score.total, 2))</td></tr>"
        }
        return "<table><tr><th>Other photographs</th><th>ratio</th><th>score</th></tr>\(rows.joined())</table>"
            + more(others.count - rows.count)
    }

    private func picture(_ image: ExaminedImage, _ words: String) -> String {
        guard let bytes = overlays[image.id] else { return "<div class=\"none\">no picture</div>" }
        return "<img alt=\"\(words.escapedForMarkup)\" src=\"data:image/jpeg;base64,\(Data(bytes).base64EncodedString())\">"
    }

    // MARK: - Everything else

    private var unplaced: String {
        let count = report.unplaced.count
        guard count > 0 else { return "" }
        let shown = Self.shownUnplaced(of: report)
        let figures = shown.map { image in
            let words =
                image.ratio.map { "ratio \(Markup.ratio($0.value, $0.interval))" }
                ?? image.outcome.rawValue.replacing("_", with: " ")
            return Self.figure(picture(image, words), words)
        }
        let photographs = count == 1 ? "1 photograph is" : "\(count) photographs are"
        return """
            <h2>Eye not known</h2>
            <p class="small">\(photographs) in no history, until a reader or a sidecar says which eye it is.</p>
            \(figures.isEmpty ? "" : "<div class=\"frames\">\(figures.joined(separator: "\n"))</div>\(more(count - figures.count))")
            """
    }

    private static func figure(_ picture: String, _ words: String) -> String {
        "<figure>\(picture)<figcaption>\(words.escapedForMarkup)</figcaption></figure>"
    }

    private func more(_ count: Int) -> String {
        count > 0 ? "<p class=\"small\">and \(count) more in \(VisitReport.fileName)</p>" : ""
    }

    private var endoscopy: String {
        guard let endoscopy = report.endoscopy else { return "" }
        let shown = endoscopy.withPolyps.prefix(Self.framesShown)
        let figures = shown.map { image in
            let largest = image.polyps.map(\.areaFraction).max() ?? 0
            let count = image.polyps.count
            let words =
                "\(count) polyp\(count == 1 ? "" : "s"), the largest \(Markup.fixed(100 * largest, 1)) % of the picture"
                + (image.decision.map { ", \($0 == .correct ? "drawn by a reader" : $0.rawValue + "ed")" } ?? "")
            return Self.figure(picture(image, words), words)
        }
        return """
            <h2>Endoscopy</h2>
            <p>\(endoscopy.read) of \(endoscopy.frames) frames were fit to be read, \(endoscopy.withPolyps.count) of them with a polyp.</p>
            <div class="frames">\(figures.joined(separator: "\n"))</div>
            \(more(endoscopy.withPolyps.count - shown.count))
            """
    }

    private var rest: String {
        guard !report.rest.isEmpty else { return "" }
        let counts = Dictionary(grouping: report.rest, by: \.outcome).map {
            "\($0.value.count) \($0.key.rawValue.replacing("_", with: " "))"
        }
        return "<p class=\"small\">Other files: \(counts.sorted().joined(separator: ", ")).</p>"
    }
}
