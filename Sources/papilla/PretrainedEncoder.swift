internal import Files
internal import FoundationEssentials
internal import Neural
internal import Registry
internal import Screening

/// The encoder that others have trained, which comes with the program: `pretrained/lite0-imagenet.safetensors` beside the shipped models.
enum PretrainedEncoder {
    /// What it was trained with: the input is (value / 255 − 0.498) / 0.502 in every channel.
    static let input = (mean: [Float](repeating: 0.498, count: 3), deviation: [Float](repeating: 0.502, count: 3))

    /// Its weights.
    /// - Throws: `.notFound`, naming the places that were looked at.
    static func load() throws(PapillaError) -> Weights {
        let named = ProcessInfo.processInfo.environment["PAPILLA_MODELS"].flatMap { $0.isEmpty ? nil : $0 }
        let folders = (named.map { [$0] } ?? []) + ["/usr/share/papilla/models", "Deploy/models"]
        let files = folders.map { $0 + "/pretrained/lite0-imagenet.safetensors" }
        for file in files {
            if let bytes = try? NamedPath.read(file) { return try Weights(safetensors: bytes) }
        }
        throw PapillaError(
            .notFound, "The encoder that knows ImageNet is not there", place: files.joined(separator: ", "),
            hint: "Install the package, run from the source's folder, or set PAPILLA_MODELS")
    }
}
