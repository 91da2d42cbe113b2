import Foundation
import Screening
import TestSupport
import Testing

@testable import Trends

/// A visit with everything in it, and the history that it stands in.
private enum Full {
    static func images() -> [ExaminedImage] {
        var usable = Sample.photograph(3, .left, taken: "2026-04-01T09:02:00Z", ratio: 0.72, device: "Cam <1> & \"2\"")
        usable.quality = .usable
        usable.attention = [.qualityUsable, .ratioHigh, .ratioInterval, .rimThin, .disagreement, .lowConfidence, .discShape]
        var cut = Sample.photograph(4, .right, taken: "2026-04-01T09:03:00Z")
        (cut.outcome, cut.ratio, cut.quality, cut.reasons) = (.ungradable, nil, .ungradable, [.discCut])
        var unknown = Sample.photograph(5, .unknown, taken: "2026-04-01T09:04:00Z")
        unknown.attention = [.eyeConflict]
        var failed = ExaminedImage(id: Sample.id(6), received: Sample.time("2026-04-01T09:05:00Z"), outcome: .failed)
        failed.reasons = [.truncated]
        let frames = (0..<9).map { index -> ExaminedImage in
            var frame = ExaminedImage(
                id: Sample.id(20 + index), received: Sample.time("2026-04-01T09:0\(index):00Z"),
                outcome: index < 7 ? .measured : index == 7 ? .noFinding : .ungradable)
            frame.modality = .endoscopy
            if index < 7 {
                frame.polyps = [.init(areaFraction: 0.01 * Double(index + 1), confidence: 0.9), .init(areaFraction: 0.005)]
            }
            if index < 7 { frame.attention = [.polyp] }
            return frame
        }
        let repeats = (0..<8).map {
            Sample.photograph(40 + $0, .right, taken: "2026-04-01T10:0\($0):00Z", ratio: 0.5 + 0.001 * Double($0))
        }
        return [
            Sample.photograph(1, .right, taken: "2024-02-29", ratio: 0.42),
            Sample.photograph(2, .left, taken: "2024-02-29", ratio: 0.5),
            usable, cut, unknown, failed,
        ] + frames + repeats
    }

    static func report(version: Int = 1, subject: Subject = Sample.subject) throws -> VisitReport {
        let visits = VisitGroup.all(of: images())
        let visit = try #require(visits.last)
        let history = History(of: subject, visits, repeatability: Repeatability(ofModels: ["cup-1": 0.04]))
        return VisitReport(
            id: Sample.id(999), version: version,
            supersedes: version > 1 ? VisitReport.folder(day: visit.day, id: Sample.id(999), version: version - 1) : nil,
            subject: subject, visit, history: history, made: Sample.time("2026-11-24T12:00:00Z"))
    }
}

@Suite("visit.json and visit.html")
struct VisitReportTests {
    @Test("Every image stands in it once; the better photograph counts, the others stand beside it, the worst eye is named")
    func content() throws {
        let report = try Full.report()
        #expect(report.images.count == Full.images().count - 2 && Set(report.images.map(\.id)).count == report.images.count)
        #expect(report.eyes.map(\.eye) == [.right, .left] && report.worst == .left)
        let (right, left) = (report.eyes[0], report.eyes[1])
        #expect(right.others.count == 8 && right.counts?.image.ratio?.value == 0.5)
        #expect(right.others.last?.image.outcome == .ungradable)
        #expect(zip(right.others, right.others.dropFirst().dropLast()).allSatisfy { $0.score.total >= $1.score.total })
        #expect(left.isChanged && left.attention.first?.code == .change && left.attention.first?.threshold == 0.04)
        #expect(left.changes.map(\.verdict) == [.change] && left.changes.first?.direction == .wider)
        #expect(right.changes.map(\.verdict) == [.change] && report.unplaced.count == 1 && report.rest.count == 1)
        let endoscopy = try #require(report.endoscopy)
        #expect(endoscopy.frames == 9 && endoscopy.read == 8 && endoscopy.withPolyps.count == 7)
        #expect(endoscopy.withPolyps.first?.polyps.first?.areaFraction == 0.07)
        #expect(report.weight >= Attention.Code.change.weight + Attention.Code.ratioHigh.weight)
        #expect(VisitReport.folder(day: report.day, id: report.id, version: 2) == "2026-04-01/visit.\(report.id).v2")
    }

    @Test("What was rejected counts nowhere: no ratio, no polyp, no change")
    func rejected() throws {
        var images = Full.images()
        for index in images.indices { images[index].decision = .reject }
        let visits = VisitGroup.all(of: images)
        let report = VisitReport(
            id: Sample.id(1), subject: Sample.subject, try #require(visits.last),
            history: History(of: Sample.subject, visits, repeatability: Repeatability()),
            made: Sample.time("2026-11-24T12:00:00Z"))
        #expect(report.eyes.allSatisfy { $0.counts == nil && !$0.isChanged } && report.endoscopy?.withPolyps.isEmpty == true)
        let page = VisitPage(report, overlays: [:]).html
        #expect(page.contains("rejected by a reader") && page.contains("No ratio"))
    }

    @Test("visit.json is canonical, is read as it was written, and agrees with its schema key by key")
    func document() throws {
        let report = try Full.report(version: 2)
        let text = try CanonicalJSON.document(report)
        #expect(try CanonicalJSON.decode(VisitReport.self, from: text.utf8) == report)
        let schema = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: ReportSchema.ofVisits))) as? [String: Any])
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let definitions = try #require(schema["$defs"] as? [String: [String: Any]])
        func agree(_ value: Any?, _ definition: [String: Any]?, _ name: String) {
            let keys = Set((value as? [String: Any] ?? [:]).keys)
            #expect(Set(definition?["required"] as? [String] ?? []) == keys, "\(name)")
            #expect(Set((definition?["properties"] as? [String: Any] ?? [:]).keys) == keys, "\(name)")
        }
        agree(object, schema, "visit")
        let eyes = try #require(object["eyes"] as? [[String: Any]])
        let counts = eyes[0]["counts"] as? [String: Any], change = (eyes[0]["changes"] as? [[String: Any]])?.first
        agree(eyes[0], definitions["eye"], "eye")
        agree(counts, definitions["photograph"], "photograph")
        agree(counts?["image"], definitions["image"], "image")
        agree(counts?["score"], definitions["score"], "score")
        agree(change, definitions["change"], "change")
        agree(change?["from"], definitions["end"], "end")
        agree(object["endoscopy"], definitions["endoscopy"], "endoscopy")
        func words(_ definition: String, _ property: String) -> Set<String> {
            let properties = definitions[definition]?["properties"] as? [String: [String: Any]]
            return Set((properties?[property]?["enum"] as? [Any] ?? []).compactMap { $0 as? String })
        }
        #expect(words("change", "verdict") == Set(Change.Verdict.allCases.map(\.rawValue)))
        #expect(words("change", "why") == Set(Change.Obstacle.allCases.map(\.rawValue)))
        #expect(words("change", "basis") == Set(ErrorLimit.Basis.allCases.map(\.rawValue)))
        #expect(words("change", "against") == Set(Change.Against.allCases.map(\.rawValue)))
    }

    @Test(
        "visit.json agrees with its schema, and what lacks a key does not",
        .enabled(if: ReportSchema.python != nil, "jsonschema is not installed: Deploy/test does"))
    func schema() throws {
        let folder = try TemporaryFolder("visit")
        try CanonicalJSON.document(try Full.report()).write(
            to: folder.url.appending(path: "visit.json"), atomically: true, encoding: .utf8)
        ReportSchema.check(folder.url, schema: ReportSchema.ofVisits)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(try CanonicalJSON.document(Full.report()).utf8)) as? [String: Any])
        for key in object.keys {
            var without = object
            without[key] = nil
            try JSONSerialization.data(withJSONObject: without).write(to: folder.url.appending(path: "visit.json"))
            #expect(try ReportSchema.look(at: folder.url, schema: ReportSchema.ofVisits).status == 1, "\(key)")
        }
    }

    @Test(
        "visit.html holds its pictures, links to nothing, lets nothing through that a site stated, and counts what it leaves out")
    func page() throws {
        let report = try Full.report(subject: Subject(identifier: "<script>alert('x')</script>&", issuer: "\"A\u{7}\""))
        let shown = VisitPage.pictures(of: report)
        #expect(shown.count == 2 + 6)
        let html = VisitPage(report, overlays: Dictionary(uniqueKeysWithValues: shown.map { ($0.id, [0xFF, 0xD8, 0xFF]) })).html
        #expect(html.components(separatedBy: "src=\"data:image/jpeg;base64,/9j/\"").count == 1 + 8)
        #expect(!html.contains("<script") && html.contains("&lt;script&gt;alert(&#39;x&#39;)"))
        #expect(!html.contains("http:") && !html.contains("https:"))
        #expect(html.contains("Cam &lt;1&gt; &amp; &quot;2&quot;") && !html.contains("\u{7}"))
        #expect(html.contains("and 1 more in visit.json") && html.contains("and 3 more in visit.json"))
        #expect(html.contains("<strong>wider</strong>: +0.220, beyond measurement error (0.040)"))
        #expect(html.contains("8 of 9 frames were fit to be read, 7 of them with a polyp"))
        #expect(html.contains("0.72 (0.64–0.80)") && html.contains("look here first") && html.contains("Research use only"))
    }

    /// A visit of which only the photographs are known, not their eyes.
    private func ofUnknownEyes() throws -> VisitReport {
        let images = Full.images().filter { $0.modality == .fundus }.map { image in
            var image = image
            image.eye = .unknown
            return image
        }
        let visits = VisitGroup.all(of: images)
        return VisitReport(
            id: Sample.id(3), subject: Sample.subject, try #require(visits.last),
            history: History(of: Sample.subject, visits, repeatability: Repeatability()),
            made: Sample.time("2026-11-24T12:00:00Z"))
    }

    @Test("Photographs of an eye that nobody named are shown, the highest ratio first")
    func unknownEyes() throws {
        let report = try ofUnknownEyes()
        #expect(report.eyes.isEmpty && report.unplaced.count > 6)
        let shown = VisitPage.pictures(of: report)
        let ratios = shown.map { $0.ratio?.value ?? -1 }
        #expect(shown.count == 6 && ratios == ratios.sorted(by: >))
        #expect(ratios[0] == report.unplaced.compactMap(\.ratio?.value).max())
        let html = VisitPage(report, overlays: Dictionary(uniqueKeysWithValues: shown.map { ($0.id, [0xFF, 0xD8, 0xFF]) })).html
        #expect(html.components(separatedBy: "src=\"data:image/jpeg;base64,/9j/\"").count == 1 + 6)
        #expect(html.contains("\(report.unplaced.count) photographs are in no history"))
        #expect(html.contains("and \(report.unplaced.count - 6) more in visit.json") && html.contains("<figcaption>ratio 0.72"))
    }

    @Test(
        "visit.html prints on one A4 page, however much came",
        .enabled(if: Chromium.path != nil, "chromium is not installed: Deploy/test does"))
    func prints() throws {
        let folder = try TemporaryFolder("print")
        let overlay = [UInt8](try Data(contentsOf: URL(filePath: Checkout.path("Deploy/pictures/fundus.jpg"))))
        let full = try Full.report(subject: Subject(identifier: String(repeating: "0123456789 ", count: 90), issuer: "A"))
        let eyes = VisitGroup.all(of: Full.images().filter { $0.modality == .fundus })
        let plain = VisitReport(
            id: Sample.id(2), subject: Sample.subject, try #require(eyes.last),
            history: History(of: Sample.subject, eyes, repeatability: Repeatability()), made: Sample.time("2026-11-24T12:00:00Z"))
        for (name, report) in [("full", full), ("plain", plain), ("unknown", try ofUnknownEyes())] {
            let overlays = Dictionary(uniqueKeysWithValues: VisitPage.pictures(of: report).map { ($0.id, overlay) })
            let html = folder.url.appending(path: "\(name).html"), pdf = folder.url.appending(path: "\(name).pdf")
            try VisitPage(report, overlays: overlays).html.write(to: html, atomically: true, encoding: .utf8)
            let bytes = try Chromium.print(html, to: pdf)
            #expect(bytes.matches(of: /\/Type ?\/Page[^s]/).count == 1, "\(name)")
            #expect(bytes.contains(/\/MediaBox ?\[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]/), "\(name)")
        }
    }
}

/// Debian's browser, which prints pages.
private enum Chromium {
    static let path = ["/usr/bin/chromium", "/usr/lib/chromium/chromium"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// The bytes of the PDF, as Latin-1.
    static func print(_ page: URL, to pdf: URL) throws -> String {
        let result = try Program.run(
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", "--user-data-dir=\(pdf.path).profile",
                "--print-to-pdf=\(pdf.path)", page.absoluteString,
            ], program: try #require(path))
        #expect(result.status == 0, "\(result.errors)")
        return try String(contentsOf: pdf, encoding: .isoLatin1)
    }
}

@Suite("Histories as tables and drawings")
struct HistoryOutputTests {
    private func history() -> History {
        var images = (0..<5).map {
            Sample.photograph($0, taken: "\(2020 + $0)-04-01", ratio: 0.4 + 0.05 * Double($0), cup: $0 < 2 ? "cup-0" : "cup-1")
        }
        images[3].decision = .accept
        images[4].decision = .correct
        images[4].ratio = .init(0.9)
        var rejected = Sample.photograph(9, taken: "2025-01-01")
        rejected.decision = .reject
        return Sample.history(images + [rejected, Sample.photograph(10, .left, taken: "2023-04-01", study: "=1+1")])
    }

    @Test("The table has a line a visit of an eye, guarded against spreadsheets' formulas")
    func table() {
        let lines = history().commaSeparated.components(separatedBy: "\r\n")
        #expect(lines.count == 1 + 6 + 1 + 1 && lines.last == "" && lines[0] == History.columns.joined(separator: ","))
        #expect(lines.dropLast().allSatisfy { $0.components(separatedBy: ",").count == History.columns.count })
        #expect(lines[7].contains(",'=1+1,") && lines[6].contains(",rejected,"))
        #expect(lines[3].contains("model_changed") && lines[4].contains(",stable,") == false && lines[4].contains(",change,"))
    }

    @Test("JSON has the points and changes that are promised, and is read as it was written")
    func json() throws {
        let history = history()
        let text = try CanonicalJSON.line(history)
        #expect(try CanonicalJSON.decode(History.self, from: text.utf8) == history)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let eye = try #require((object["eyes"] as? [[String: Any]])?.first)
        let point = try #require((eye["points"] as? [[String: Any]])?.first),
            change = try #require((eye["changes"] as? [[String: Any]])?.first)
        #expect(Set(point.keys).isSuperset(of: ["taken", "value", "interval", "model", "decision"]))
        #expect(Set(change.keys).isSuperset(of: ["from", "to", "value", "interval", "limit", "verdict"]))
        #expect(object["schema"] as? String == "papilla.history/1")
    }

    @Test("The drawing marks intervals, networks' changes, decisions, gaps and changes, is well-formed, and names nobody")
    func drawing() throws {
        let svg = HistoryPlot(history()).svg()
        func count(_ text: String) -> Int { svg.components(separatedBy: text).count - 1 }
        #expect(count("class=\"model\"") == 1 && count("class=\"accepted\"") == 1 && count("class=\"drawn\"") == 1)
        #expect(count("class=\"read\"") == 4 && count("class=\"gap\"") == 1 && count("class=\"change\"") >= 1)
        #expect(svg.contains("Right eye") && svg.contains("Left eye") && !svg.contains("P-1") && !svg.contains("<script"))
        #expect(HistoryPlot(history()).svg(naming: true).contains("P-1"))
        let parser = Balance(svg)
        #expect(parser.isWellFormed)
        for images in [[], [Sample.photograph(1, taken: "2024-02-29")], [Sample.photograph(1, .unknown, taken: nil)]]
            as [[ExaminedImage]]
        {
            let text = HistoryPlot(Sample.history(images)).svg()
            #expect(Balance(text).isWellFormed && !text.contains("nan") && !text.contains("–\""))
        }
    }

    @Test("The words of the plot's key stand apart, and none goes beyond its edge")
    func key() throws {
        let svg = HistoryPlot(history()).svg()
        let item = #/translate\(([0-9.]+) [0-9.]+\)">(?:(?!<g).)*?font-size="11">([^<]+)</#.dotMatchesNewlines()
        let items = svg.matches(of: item).compactMap { match in
            Double(match.1).map { (left: $0, words: String(match.2)) }
        }
        #expect(items.count == 7)
        // In the widest of usual typefaces a letter of 11 px is 6.4 px wide on average.
        let ends = items.map { $0.left + 16 + 6.4 * Double($0.words.count) }
        for (end, next) in zip(ends, items.dropFirst()) { #expect(end + 10 < next.left, "\(next.words)") }
        #expect(ends.allSatisfy { $0 <= 860 })
    }

    /// Whether every tag of a text is closed in order.
    private struct Balance {
        var isWellFormed: Bool
        init(_ text: String) {
            var open: [Substring] = []
            var isSound = true
            for tag in text.matches(of: /<(\/?)([a-z]+)((?:[^<>"]|"[^"<]*")*?)(\/?)>/) {
                if !tag.1.isEmpty {
                    isSound = isSound && open.popLast() == tag.2
                } else if tag.4.isEmpty {
                    open.append(tag.2)
                }
            }
            isWellFormed = isSound && open.isEmpty && text.count { $0 == "<" } == text.matches(of: /<\/?[a-z]+/).count
        }
    }

    @Test("Numbers are rounded as people round")
    func numbers() {
        #expect(Markup.fixed(0.005, 2) == "0.01" && Markup.fixed(-0.004, 2) == "0.00" && Markup.fixed(-1.25, 1) == "−1.3")
        #expect(Markup.fixed(12, 0) == "12" && Markup.signed(0, 2) == "+0.00" && Markup.fixed(.nan, 2) == "–")
        #expect(Markup.ratio(0.5, [0.4, 0.6]) == "0.50 (0.40–0.60)" && Markup.ratio(0.5, nil) == "0.50")
    }
}
