internal import ArgumentParser
internal import Registry
internal import Screening
internal import Training

extension ModelsCommand {
    /// `papilla models quantise NAME`
    struct Quantise: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks a model in int8 and, if it loses next to nothing, lets it run so where the CPU has VNNI.",
            discussion: """
                Ranges are found on images of train. Then val and test are read in fp32 and in int8, through the code that reads images in \
                service, and if a mean Dice (the router's accuracy) falls by more than 0.002 nothing is changed. What was found goes into the \
                model's manifest and card; `precision: auto` of the configuration uses it from the next start or reload.

                Example: papilla models quantise disc-20261124-1 --data refuge_roi palm_disc
                """)
        @OptionGroup var models: ModelsOption
        @Argument(help: "The model's name.") var name: String
        @Option(parsing: .upToNextOption, help: "Data-set folders, those that it was trained on.") var data: [String]
        @Option(help: "Images of train that the ranges are found on.") var images = 64
        @Option(help: "For the cup: the disc's model (default: the live one).") var disc: String?
        @Flag(help: "Print one JSON value.") var json = false

        func validate() throws {
            guard images > 0 else { throw ValidationError("--images \(images): expected at least 1") }
        }

        func run() async throws {
            let store = models.store
            let model = try store.load(name)
            var found: Model?
            if model.manifest.task == .cup {
                found = if let disc { try store.load(disc) } else { try store.loadLive(.disc) }
            }
            let sets = try data.map { path throws(PapillaError) in try DataSet(directory: path) }
            let bar = ProgressBar()
            let quantised = try await Quantising(model, disc: found).run(
                sets, images: images, note: { bar.note($0) },
                progress: { done, all in bar.show(Double(done) / Double(all), "\(done)/\(all) images") })
            bar.end()
            try store.record(quantised, for: name)
            if json { return print(try CanonicalJSON.line(quantised.checks)) }
            func decimal(_ value: Double) -> String { "\((value * 10000).rounded() / 10000)" }
            print(
                TextTable(
                    ["data set", "split", "images", "fp32", "int8", "difference"],
                    quantised.checks.map { check in
                        [
                            check.data, check.split, "\(check.images)", decimal(check.fp32), decimal(check.int8),
                            decimal(check.int8 - check.fp32),
                        ]
                    }, right: [2, 3, 4, 5]
                ).text)
            print("\(name) may run in int8 where the CPU has VNNI")
        }
    }
}
