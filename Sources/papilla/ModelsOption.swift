internal import ArgumentParser
internal import FoundationEssentials
internal import Registry

/// `--models DIR`: where the models are.
struct ModelsOption: ParsableArguments {
    @Option(
        name: .customLong("models"),
        help: ArgumentHelp(
            "The models' folder. Default: $PAPILLA_MODELS, else /usr/share/papilla/models, else Deploy/models here.",
            valueName: "dir"))
    var directory: String?

    /// The folder that was named or found; it is not looked at.
    var path: String {
        if let directory { return directory }
        if let named = ProcessInfo.processInfo.environment["PAPILLA_MODELS"], !named.isEmpty { return named }
        let installed = "/usr/share/papilla/models"
        return FileManager.default.fileExists(atPath: installed) ? installed : "Deploy/models"
    }

    /// The models in it.
    var store: ModelStore { ModelStore(directory: path) }
}
