import Screening
import Testing

@testable import Registry

/// The card says what a reader must know before using a model.
@Suite struct ModelCardTests {
    private let card = ModelCard(TemporaryStore.manifest("disc-1"), remarks: "Phantoms were mixed in.\n\nA second\nparagraph.")

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
        var manifest = TemporaryStore.manifest("model-1", task: task)
        manifest.metrics = []
        let text = ModelCard(manifest).markdown
        #expect(text.contains("Not evaluated yet.") && text.contains("a person decides") && !text.contains("## Remarks"))
    }

    @Test func cardsAreSavedWithTheModel() throws {
        let temporary = try TemporaryStore()
        try temporary.store.save(TemporaryStore.weights(), manifest: TemporaryStore.manifest("disc-1"), card: "A remark.")
        let digest = try temporary.store.manifest("disc-1").sha256.description
        #expect(try temporary.store.card("disc-1").contains("A remark."))
        #expect(try temporary.store.card("disc-1").contains(digest))
        #expect(try temporary.store.card("disc-1", html: true).contains(digest))
    }
}
