import Screening
import TestSupport
import Testing

@testable import Registry

/// The card says what a reader must know before using a model.
@Suite struct ModelCardTests {
    private let card: ModelCard = {
        var manifest = ModelFolder.manifest("disc-1")
        manifest.remarks = ["Phantoms were mixed in.", "A second\nparagraph."]
        return ModelCard(manifest)
    }()

    @Test func markdownSaysWhatMatters() {
        let text = card.markdown
        #expect(text.hasPrefix("# disc-1\n"))
        for heading in ["Intended use", "Data and terms", "Figures", "Training", "Remarks", "Limits"] {
            #expect(text.contains("\n## \(heading)\n"), "\(heading)")
        }
        for fact in [
            "optic disc", Report.notice, "refuge_roi", "193 / 48 / 80", "0.9556", "0.9000", "commit abc1234",
            "0.5 soft Dice(mask)", "D3",
            "Not a medical device", "never stand in two splits", "Phantoms were mixed in.", "A second paragraph.", "SHA-256",
        ] { #expect(text.contains(fact), "\(fact)") }
        // The terms hold a bar and a tag, which must not break the table.
        #expect(text.contains(#"research \| with \<registration>"#))
    }

    @Test func htmlIsEscapedAndClosed() {
        let html = card.html
        #expect(html.hasPrefix("<!DOCTYPE html>"))
        #expect(html.contains("research | with &lt;registration&gt;") && !html.contains("<registration>"))
        for tag in ["html", "head", "body", "table", "tr", "td", "th", "h1", "h2", "p", "ul", "li", "style", "title"] {
            let (open, closed) = (
                html.ranges(of: "<\(tag)>").count + html.ranges(of: "<\(tag) ").count, html.ranges(of: "</\(tag)>").count
            )
            #expect(open == closed && open > 0, "\(tag)")
        }
        #expect(!html.contains("<script") && !html.contains("http"))
    }

    @Test(arguments: ModelTask.allCases) func everyTaskHasItsLimits(_ task: ModelTask) throws {
        var manifest = ModelFolder.manifest("model-1", task: task)
        manifest.metrics = []
        let text = ModelCard(manifest).markdown
        #expect(text.contains("Not evaluated yet.") && text.contains("a person decides") && !text.contains("## Remarks"))
    }

    @Test func cardsAreSavedWithTheModel() throws {
        let temporary = try ModelFolder()
        var manifest = ModelFolder.manifest("disc-1")
        manifest.remarks = ["A remark."]
        try temporary.store.save(ModelFolder.weights(), manifest: manifest)
        let digest = try temporary.store.manifest("disc-1").sha256.description
        #expect(try temporary.store.card("disc-1").contains("A remark."))
        #expect(try temporary.store.card("disc-1").contains(digest))
        #expect(try temporary.store.card("disc-1", html: true).contains(digest))
    }

    @Test func figuresComeWithTheirIntervals() {
        var manifest = ModelFolder.manifest("disc-1")
        manifest.metrics = [
            .init(
                data: "refuge_roi", split: "test", images: 80, values: ["dice": 0.95555, "found": 1],
                intervals: ["dice": [0.9512, 0.9601]])
        ]
        manifest.groups = [.init(data: "refuge_roi: glaucoma", split: "test", images: 8, values: ["dice": 0.9])]
        manifest.temperature = 1.4
        manifest.calibration = ["error_before_test": 0.02, "error_after_test": 0.005]
        let text = ModelCard(manifest).markdown
        #expect(text.contains("| refuge_roi | test | 80 | 0.9556 [0.951, 0.960] | 1.0000 |"))
        #expect(text.contains("## By group") && text.contains("refuge_roi: glaucoma"))
        #expect(
            text.contains("## Calibration") && text.contains("| test | 0.0200 | 0.0050 |") && text.contains("temperature 1.4000"))
    }

    @Test func aCupsCardSaysHowManyEyesGotNoRatio() {
        func card(_ unread: Double?, refused: Double?) -> ModelCard {
            var manifest = ModelFolder.manifest("cup-1", task: .cup)
            var row = ModelManifest.Metric(
                data: "roi", split: "test", images: 101, values: ["dice": 0.9, "cdr_vertical_mae": 0.04])
            manifest.metrics = [row]
            (row.data, row.values["cdr_unread"], row.values["refused"]) = ("roi, end to end", unread, refused)
            manifest.metrics.append(row)
            return ModelCard(manifest)
        }
        let some = card(14, refused: 12)
        #expect(some.markdown.contains("| data set | split | images | Dice | refused | no ratio | ratio error |"))
        #expect(some.markdown.contains("| roi, end to end | test | 101 | 0.9000 | 12 | 14 | 0.0400 |"))
        #expect(some.markdown.contains("| roi | test | 101 | 0.9000 | – | – | 0.0400 |"))
        #expect(some.markdown.contains("no ratio: eyes of which no ratio was read, refused ones included;"))
        #expect(some.html.contains("<th>no ratio</th>") && some.html.contains("<td>12</td><td>14</td>"))
        // As in service, none is worth saying; a manifest without the figure says nothing of it.
        #expect(card(0, refused: 12).markdown.contains("| roi, end to end | test | 101 | 0.9000 | 12 | 0 | 0.0400 |"))
        #expect(!card(0, refused: nil).markdown.contains("no ratio"))
        #expect(!card(nil, refused: 12).markdown.contains("no ratio"))
    }

    @Test func diagramsAreDrawnInThePage() {
        var manifest = ModelFolder.manifest("disc-1")
        manifest.metrics = [.init(data: "a", split: "test", images: 1, values: ["dice": 1])]
        manifest.plots = [
            .init(
                title: "Agreement <of two>", across: "mean", up: "difference", width: [0, 1], height: [-0.5, 0.5],
                points: [[0.5, 0], [1, 0.5]], guides: [[[0, 0.25], [1, 0.25]]])
        ]
        let card = ModelCard(manifest)
        // The frame is 320 px from (64, 12): the middle lies at (224, 172), the upper right corner at (384, 12).
        for mark in [
            #"cx="224.0" cy="172.0""#, #"cx="384.0" cy="12.0""#, #"points="64.0,92.0 384.0,92.0""#, "Agreement &lt;of two&gt;",
        ] {
            #expect(card.html.contains(mark), "\(mark)")
        }
        #expect(card.html.ranges(of: "<svg").count == 1 && card.html.ranges(of: "</svg>").count == 1)
        #expect(card.markdown.contains("see card.html") && !card.markdown.contains("<svg"))
    }

    @Test func aCandidateIsDescribedAnewButNotALiveModel() throws {
        let temporary = try ModelFolder()
        let store = temporary.store
        try temporary.save("disc-1")
        try temporary.save("disc-2")
        try store.promote("disc-1")
        var manifest = try store.manifest("disc-2")
        manifest.temperature = 2.5
        manifest.remarks = ["Calibrated."]
        try store.update(manifest)
        #expect(try store.load("disc-2").manifest == manifest)
        #expect(try store.card("disc-2").contains("Calibrated.") && store.card("disc-2", html: true).contains("Calibrated."))
        let live = try store.manifest("disc-1")
        #expect { try store.update(live) } throws: { ($0 as? PapillaError)?.code == .refused }
        #expect(try store.names() == ["disc-1", "disc-2"])
    }
}
