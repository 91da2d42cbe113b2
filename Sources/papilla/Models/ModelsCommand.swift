internal import ArgumentParser
internal import Files
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
