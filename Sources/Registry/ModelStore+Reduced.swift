public import Neural
public import Screening

extension ModelStore {
    /// Records that a model passed its check in int8 or bf16, in its manifest and its card. The weights stay.
    /// - Throws: `.damaged` if the model or the ranges are.
    public func record(_ reduced: ModelManifest.Reduced, in precision: Precision, for name: String) throws(PapillaError) {
        var manifest = try load(name).manifest
        switch precision {
        case .fp32: return
        case .bf16: manifest.bf16 = reduced
        case .int8: manifest.int8 = reduced
        }
        manifest.precisions = manifest.checkedPrecisions
        try replace(manifest)
    }
}
