internal import Imaging
internal import Phantoms
internal import Reading
internal import Registry
internal import Screening

/// What a model draws, for its card. On phantoms: no picture of a person stands in a card.
enum CardSamples {
    /// Two phantoms as the service would answer them with this model in place of the live one of its task; none where another task that
    /// it is read with has no live model.
    static func blocks(_ model: Model, _ store: ModelStore) async throws -> [CardBlock] {
        let live = try store.live()
        func used(_ task: ModelTask) throws -> Model? {
            task == model.manifest.task ? model : live[task] == nil ? nil : try store.loadLive(task)
        }
        let kinds: [Phantom.Kind] =
            switch model.manifest.task {
            case .router: [.fundus, .endoscopy]
            case .disc, .cup: [.fundus, .fundus]
            case .polyp: [.endoscopy, .endoscopy]
            }
        let models = (try used(.router), try used(.disc), try used(.cup), try used(.polyp))
        guard let router = models.0, let disc = models.1, let cup = models.2, let polyp = models.3 else { return [] }
        let reader = try ImageReader(models: try await ReadingModels(router: router, disc: disc, cup: cup, polyp: polyp))
        var blocks: [CardBlock] = []
        for (index, kind) in kinds.enumerated() {
            let bytes = try ImageEncoder.jpeg(Phantom.make(kind, seed: 1, index: index).raster, quality: 92)
            var random = SystemRandomNumberGenerator()
            let now = Timestamp.now
            let source = Report.Source(name: "phantom.jpg", path: "phantom.jpg", sha256: nil, bytes: 0, received: now)
            let bundle = try await reader.screen(bytes, id: ScreeningID(at: now, using: &random), source: source)
            guard let overlay = bundle.files.first(where: { $0.name == "overlay.jpg" }) else { continue }
            blocks.append(
                .figure(
                    name: "sample-\(index + 1)", image: overlay.bytes,
                    caption: "\(kind == .fundus ? "A" : "An") \(kind.rawValue) phantom: \(bundle.report.outcome.rawValue)."))
        }
        return blocks
    }
}
