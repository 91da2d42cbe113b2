internal import ArgumentParser
internal import DataSets
internal import Neural
internal import Registry
internal import Screening
internal import Training

extension ModelsCommand {
    /// `papilla models quantise NAME`
    struct Quantise: AsyncParsableCommand, OwnFilesCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks a model in int8 or bf16; if it loses next to nothing, lets it run so where the CPU is made for it.",
            discussion: """
                For int8, which for networks on the paper's encoder needs VNNI, ranges are found on images of train; bf16 needs AMX. Then \
                val and test are read in fp32 and in fewer bits, through the code that reads images in service, and if a mean Dice (the router's accuracy) falls by more than \
                0.002 nothing is changed. What was found goes into the model's manifest and card; `precision: auto` of the configuration \
                uses it from the next start or reload: int8 before bf16. A live model is refused: its readings must not change under its name.

                Example: papilla models quantise disc-20261124-1 --data refuge_roi palm_disc
                """)
        @OptionGroup var models: ModelsOption
        @Argument(help: "The model's name.") var name: String
        @Option(parsing: .upToNextOption, help: "Data-set folders, those that it was trained on.") var data: [String]
        @OptionGroup var words: DataSetOptions
        @Option(help: "int8 or bf16.") var precision = Precision.int8
        @Option(help: "For int8: images of train that the ranges are found on.") var images = 64
        @Option(help: "For the cup: the disc's model (default: the live one).") var disc: String?
        @Flag(help: "Print one JSON value.") var json = false

        func validate() throws {
            guard precision != .fp32 else { throw ValidationError("--precision fp32: expected int8 or bf16") }
            try within("--images", images, 1...1_000_000)
        }

        func run() async throws {
            let store = models.store
            let model = try store.load(name)
            try store.refuseLive(model.manifest)
            // Before everything is read, not after it.
            try store.refuseUnwritable(name)
            var found: Model?
            if model.manifest.task == .cup {
                found = if let disc { try store.load(disc) } else { try store.loadLive(.disc) }
            }
            let bar = ProgressBar()
            try words.check(data)
            let sets = try words.sets(data, for: model.manifest.task, on: bar)
            let reduced = try await Quantising(model, to: precision, disc: found).run(
                sets, images: images, note: { bar.note($0) },
                progress: { done, all in bar.show(Double(done) / Double(all), "\(done)/\(all) images") })
            bar.end()
            try store.record(reduced, in: precision, for: name)
            if json { return print(try CanonicalJSON.line(reduced.checks)) }
            func decimal(_ value: Double) -> String { "\((value * 10000).rounded() / 10000 + 0)" }
            print(
                TextTable(
                    ["data set", "split", "images", "fp32", precision.rawValue, "difference"],
                    reduced.checks.map { check in
                        [
                            check.data, check.split, "\(check.images)", decimal(check.fp32), decimal(check.reduced),
                            decimal(check.reduced - check.fp32),
                        ]
                    }, right: [2, 3, 4, 5]
                ).text)
            let isForAll =
                try precision == .int8 && Architecture(named: model.manifest.architecture).isFasterInBytes(hasFastIntegers: false)
            let place = isForAll ? "on every CPU" : "where the CPU has \(precision == .int8 ? "VNNI" : "AMX")"
            print("\(name) may run in \(precision) \(place)")
        }
    }
}
