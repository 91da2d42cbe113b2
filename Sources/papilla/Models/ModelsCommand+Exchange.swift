internal import ArgumentParser
internal import Files
internal import FoundationEssentials
internal import Neural
internal import Registry
internal import Screening
internal import Training

extension ModelsCommand {
    /// The formats in which a network is written for other programs.
    enum Format: String, CaseIterable, ExpressibleByArgument { case safetensors, onnx }

    /// `papilla models export NAME`
    struct Export: AsyncParsableCommand, OwnFilesCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes a model's network for other programs: safetensors or ONNX.",
            discussion: """
                Tensors are named as PyTorch's state dict. The ONNX network takes `input`, N x 3 x SIDE x SIDE, normalised as the manifest says, and \
                gives the logits of each head by its name. The manifest travels in the file's metadata, so that `models import` needs no options.

                Example: papilla models export disc-20261124-1 --format onnx --out disc.onnx
                """)
        @OptionGroup var models: ModelsOption
        @Argument(help: "The model's name.") var name: String
        @Option(help: "safetensors or onnx.") var format = Format.safetensors
        @Option(help: "The file to write; it must not be there yet.") var out: String

        func run() async throws {
            let model = try models.store.load(name)
            let manifest = model.manifest
            var described = manifest
            described.int8 = nil
            described.precisions = ["fp32"]
            let metadata = [ModelManifest.schema: try CanonicalJSON.line(described)]
            let bytes =
                switch format {
                case .safetensors: model.weights.safetensors(.float32, metadata: metadata)
                case .onnx:
                    try model.weights.onnx(
                        Architecture(named: manifest.architecture), width: manifest.width, side: manifest.side, metadata: metadata
                    )
                }
            try PapillaError.telling(
                "The file cannot be written", at: out, hint: "Name a new file in a folder that is there and that you may write to"
            ) { () throws(FileError) in try OpenFile.create(out).write(bytes) }
            print("\(name): \(bytes.count) bytes of \(format.rawValue)")
        }
    }

    /// `papilla models import FILE`
    struct Import: AsyncParsableCommand, OwnFilesCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a model of a network that was trained elsewhere: safetensors or ONNX.",
            discussion: """
                The tensors must be those of one of `papilla architectures`, named as PyTorch's state dict; architecture and width are told by them. \
                A file that `models export` wrote brings its manifest along; for others --task is needed, and what --side, --mean, \
                --deviation and --distance-map say must be what the network was trained with. Beside a manifest these four are refused. The \
                model is not made live.

                Example: papilla models import disc.safetensors --task disc --side 256 --mean 0.5 0.5 0.5 --deviation 0.25 0.25 0.25
                """)
        @OptionGroup var models: ModelsOption
        @Argument(help: "A file that ends in .safetensors or .onnx.") var file: String
        @Option(help: "What it is for: router, disc, cup or polyp.") var task: ModelTask?
        @Option(help: "The model's name (default: the next free one of the day).") var name: String?
        @Option(help: "Side of its input, px (default: 256).") var side: Int?
        @Option(
            parsing: .upToNextOption, help: "Means of red, green and blue, 0...1, that are subtracted (default: 0.5 0.5 0.5).")
        var mean: [Float] = []
        @Option(parsing: .upToNextOption, help: "What the difference is divided by (default: 0.25 0.25 0.25).")
        var deviation: [Float] = []
        @Option(help: "With a distance head: D1, D2 or D3 (default: D3).") var distanceMap: DistanceMap?

        func validate() throws {
            if let side { try within("--side", side, 32...4096, multipleOf: 32) }
            guard [mean, deviation].allSatisfy({ $0.isEmpty || $0.count == 3 }) else {
                throw ValidationError("--mean and --deviation take three numbers each, for red, green and blue")
            }
            for value in mean { try within("--mean", value, 0...1) }
            for value in deviation { try within("--deviation", value, 0.001...1000) }
        }

        func run() async throws {
            let (weights, metadata) = try read()
            let (architecture, width) = try Architecture.recognising(weights)
            try weights.check(architecture, width: width)
            try refuseUseless(architecture, hasManifest: metadata != nil)
            let store = models.store
            var manifest =
                try metadata.map { text in
                    try CanonicalJSON.decode(ModelManifest.self, from: Array(text.utf8))
                } ?? described(architecture, width)
            if let task { manifest.task = task }
            manifest.name = if let name { name } else { try store.freeName(for: manifest.task, on: .now) }
            manifest.remarks = ["Imported from a file that \(metadata == nil ? "another program" : "Papilla") wrote."]
            try store.save(weights, manifest: manifest, precision: .float32)
            print("\(manifest.name): \(architecture.name), width \(width), for \(manifest.task.rawValue); not live yet")
        }

        private func read() throws -> (Weights, metadata: String?) {
            let bytes = try PapillaError.telling("The file cannot be read", at: file) { () throws(FileError) in
                try NamedPath.read(file)
            }
            switch URL(filePath: file).pathExtension {
            case "safetensors":
                return (try Weights(safetensors: bytes), Weights.metadata(ofSafetensors: bytes)[ModelManifest.schema])
            case "onnx": return (try Weights(onnx: bytes), Weights.metadata(ofONNX: bytes)[ModelManifest.schema])
            default:
                throw PapillaError(
                    .badInput, "The file's name tells no format", place: file, hint: "Expected .safetensors or .onnx")
            }
        }

        /// Refuses options that would say nothing of this network.
        private func refuseUseless(_ architecture: Architecture, hasManifest: Bool) throws {
            let given = [
                ("--side", side != nil), ("--mean", !mean.isEmpty), ("--deviation", !deviation.isEmpty),
                ("--distance-map", distanceMap != nil),
            ].filter { $0.1 }.map { $0.0 }.joined(separator: ", ")
            guard !hasManifest || given.isEmpty else {
                throw PapillaError(
                    .badInput, "Found \(given) for a file that brings its manifest along", place: file,
                    hint: "Leave out \(given): the manifest says what the network was trained with")
            }
            guard distanceMap == nil || architecture.heads.contains(.distance) else {
                throw PapillaError(
                    .badInput, "Found --distance-map for a network without a distance head, \(architecture.name)", place: file,
                    hint: "Leave out --distance-map")
            }
        }

        private func described(_ architecture: Architecture, _ width: Int) throws -> ModelManifest {
            guard let task = task ?? (architecture == .router ? .router : nil) else {
                throw PapillaError(
                    .badInput, "The file does not say what the model is for", hint: "Name it: --task disc, cup or polyp")
            }
            let view =
                switch task {
                case .router, .polyp: "field"
                case .disc: "field and crop"
                case .cup: "crop"
                }
            return ModelManifest(
                name: "", task: task, architecture: architecture.name, width: width, side: side ?? 256, view: view,
                normalisation: .init(
                    mean: mean.isEmpty ? [0.5, 0.5, 0.5] : mean, std: deviation.isEmpty ? [0.25, 0.25, 0.25] : deviation),
                distanceMap: architecture.heads.contains(.distance) ? (distanceMap ?? .signed).rawValue : nil,
                trained: .init(at: .now, commit: "elsewhere", data: [], epochs: 0, seed: 0, losses: []))
        }
    }
}
