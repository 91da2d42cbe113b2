internal import ArgumentParser

/// `papilla dataset`: folders of images with their truth.
struct DatasetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset", abstract: "Makes a data set of a folder as it was published, and says what is in one.",
        discussion: """
            A data set is a folder with images, masks and manifest.csv. make writes the manifest; check reports counts, sizes, what the masks \
            hold, and what stands in two splits, and lays masks over images on one sheet: look at it before you train.

            Example: papilla dataset make Kvasir-SEG --label endoscopy
            """,
        subcommands: [DatasetMakeCommand.self, DatasetCheckCommand.self])
}
