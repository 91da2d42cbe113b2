internal import ArgumentParser
internal import Files
internal import FoundationEssentials
internal import Imaging
internal import Phantoms
internal import Reading
internal import Registry
internal import Screening
internal import Service
internal import Settings

/// `papilla models`: the models on disk, which of them are live, and how to change that.
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Lists models, shows cards, makes models live, checks them in int8, and exchanges them.",
        discussion: """
            With a configuration (--config, or /etc/papilla/papilla.yaml where it is there) promotion and rollback go through the running \
            service, which notes them in the audit and reads the next image with the new model; where none runs, the command does the same by \
            itself. --models DIR is for models without a service.

            Example: papilla models promote disc-20261124-1
            """,
        subcommands: [
            List.self, Show.self, Card.self, Remark.self, Promote.self, Rollback.self, Quantise.self, Import.self, Export.self,
        ], defaultSubcommand: List.self)
}

/// `--config FILE` or `--models DIR`: the models of a service, or a folder of models.
struct ModelsPlace: ParsableArguments {
    @OptionGroup var models: ModelsOption
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "The service's configuration. Default: /etc/papilla/papilla.yaml where it is there and no --models is given.",
            valueName: "file"))
    var file: String?

    func validate() throws {
        if file != nil, models.directory != nil { throw ValidationError("--config and --models exclude each other") }
    }

    /// The configuration; nil for a folder of models.
    var configuration: Configuration? {
        get throws {
            guard models.directory == nil else { return nil }
            if let file { return try Configuration.load(path: file) }
            let standard = "/etc/papilla/papilla.yaml"
            return NamedPath.exists(standard) ? try Configuration.load(path: standard) : nil
        }
    }

    /// The models.
    var store: ModelStore {
        get throws { try configuration.map { ModelStore(directory: $0.paths.models) } ?? models.store }
    }
}

/// `--models DIR`: where the models are.
struct ModelsOption: ParsableArguments {
    @Option(
        name: .customLong("models"),
        help: ArgumentHelp(
            "The models' folder. Default: $PAPILLA_MODELS, else the service's (/var/lib/papilla/models), else /usr/share/papilla/models, else Deploy/models here.",
            valueName: "dir"))
    var directory: String?

    /// The folder that was named or found; it is not looked at.
    var path: String {
        if let directory { return directory }
        if let named = ProcessInfo.processInfo.environment["PAPILLA_MODELS"], !named.isEmpty { return named }
        // The service's own are not for everybody to see; those that came with the package are.
        let installed = ["/var/lib/papilla/models", "/usr/share/papilla/models"]
        return installed.first { NamedPath.exists("\($0)/live.json") } ?? "Deploy/models"
    }

    /// The models in it.
    var store: ModelStore { ModelStore(directory: path) }
}

/// Samples of what a model draws, for its card. On phantoms: no picture of a person stands in a card.
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
