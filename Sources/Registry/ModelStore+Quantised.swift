internal import Glibc
public import Screening

extension ModelStore {
    /// Records that a model passed its check in int8, in its manifest and its card. Each file is replaced whole; the weights stay.
    /// - Throws: `.damaged` if the model or the ranges are.
    public func record(_ quantised: ModelManifest.Quantised, for name: String) throws(PapillaError) {
        var manifest = try load(name).manifest
        (manifest.int8, manifest.precisions) = (quantised, ["fp32", "int8"])
        try manifest.check()
        let document: String
        do { document = try CanonicalJSON.document(manifest) } catch {
            throw PapillaError(.internal, "The manifest cannot be written", place: manifest.name, cause: error)
        }
        let card = ModelCard(manifest, remarks: ModelCard.remarks(ofMarkdown: try self.card(name)))
        // The card first: a manifest that speaks of int8 always has a card that does.
        for (file, text) in [("card.md", card.markdown), ("card.html", card.html), ("manifest.json", document)] {
            let aside = path(name, ".\(file).new")
            unlink(aside)
            try DurableFile.write(Array(text.utf8), to: aside)
            try DurableFile.move(aside, to: path(name, file), in: path(name))
        }
    }
}
