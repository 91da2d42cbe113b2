public import Screening

extension ModelStore {
    /// Records that a model passed its check in int8, in its manifest and its card. The weights stay.
    /// - Throws: `.damaged` if the model or the ranges are.
    public func record(_ quantised: ModelManifest.Quantised, for name: String) throws(PapillaError) {
        var manifest = try load(name).manifest
        (manifest.int8, manifest.precisions) = (quantised, ["fp32", "int8"])
        try replace(manifest)
    }
}
