internal import ArgumentParser
internal import Screening
internal import Service
internal import Settings

/// `--config FILE`: where the configuration is.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .customLong("config"), help: ArgumentHelp("The configuration.", valueName: "file"))
    var file = "/etc/papilla/papilla.yaml"

    /// Reads and checks it.
    /// - Throws: `badConfiguration`, with which the program ends with status 78.
    func load() throws(PapillaError) -> Configuration { try Configuration.load(path: file) }
}
