internal import ArgumentParser
internal import Files
internal import FoundationEssentials
internal import Registry

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
