internal import ArgumentParser
internal import Registry
internal import Screening

extension ModelsCommand {
    /// `papilla models list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists all models; * marks the live ones.")
        @OptionGroup var place: ModelsPlace
        @Flag(help: "Print one JSON value.") var json = false

        private struct Row: Encodable {
            let name: String
            @Nullable var task: String?
            let live: Bool
            @Nullable var architecture: String?
            @Nullable var width: Int?
            @Nullable var side: Int?
            @Nullable var trained: Timestamp?
            @Nullable var sha256: Digest?
            /// Why it cannot be loaded.
            @Nullable var problem: String?
        }

        func run() async throws {
            let store = try place.store
            let live = Set(try store.live().values)
            let rows = try store.names().map { name in row(name, isLive: live.contains(name), store) }
            if json { return print(try CanonicalJSON.document(rows), terminator: "") }
            guard !rows.isEmpty else { return print("No models in \(store.directory)") }
            let cells = rows.map { row in
                [
                    row.live ? "*" : "", row.name, row.task ?? "", row.architecture ?? "", row.width.map(String.init) ?? "",
                    row.side.map(String.init) ?? "", row.trained?.day ?? "", row.problem ?? "",
                ]
            }
            print(TextTable(["", "name", "task", "architecture", "width", "side", "trained", ""], cells, right: [4, 5]).text)
        }

        /// Loads the model whole, so that a damaged one is seen here and not at its promotion.
        private func row(_ name: String, isLive: Bool, _ store: ModelStore) -> Row {
            do {
                let manifest = try store.load(name).manifest
                return Row(
                    name: name, task: manifest.task.rawValue, live: isLive, architecture: manifest.architecture,
                    width: manifest.width,
                    side: manifest.side, trained: manifest.trained.at, sha256: manifest.sha256, problem: nil)
            } catch {
                return Row(
                    name: name, task: nil, live: isLive, architecture: nil, width: nil, side: nil, trained: nil, sha256: nil,
                    problem: error.explained)
            }
        }
    }

    /// `papilla models show NAME`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a model's manifest after checking its weights.")
        @OptionGroup var place: ModelsPlace
        @Argument(help: "The model's name.") var name: String
        @Flag(help: "Print one JSON value.") var json = false

        func run() async throws {
            let manifest = try place.store.load(name).manifest
            if json { return print(try CanonicalJSON.document(manifest), terminator: "") }
            let isLive = try place.store.live()[manifest.task] == name
            let metrics = manifest.metrics.map { metric in
                let values = metric.values.sorted { $0.key < $1.key }.map { "\($0.key) \(($0.value * 10000).rounded() / 10000)" }
                return ["\(metric.data) \(metric.split)", "\(values.joined(separator: ", ")) (\(metric.images) images)"]
            }
            let rows =
                [
                    ["task", manifest.task.rawValue + (isLive ? ", live" : "")],
                    ["network", "\(manifest.architecture), width \(manifest.width), \(manifest.side) x \(manifest.side)"],
                    ["trained", "\(manifest.trained.at), commit \(manifest.trained.commit), \(manifest.trained.epochs) epochs"],
                    ["data", manifest.trained.data.map { "\($0.name) (\($0.images))" }.joined(separator: ", ")],
                ] + metrics + [["sha256", manifest.sha256.description]]
            print(TextTable(["name", manifest.name], rows).text)
        }
    }

    /// `papilla models card NAME`
    struct Card: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a model's card: data, terms, figures, intended use, limits.",
            discussion: """
                With --html as a page with diagrams, and with phantoms as this model reads them, the live models beside it.

                Example: papilla models card disc-20261124-1 --html > card.html
                """)
        @OptionGroup var place: ModelsPlace
        @Argument(help: "The model's name.") var name: String
        @Flag(help: "HTML instead of Markdown.") var html = false

        func run() async throws {
            let store = try place.store
            guard html else { return print(try store.card(name), terminator: "") }
            let model = try store.load(name)
            print(ModelCard(model.manifest, samples: try await CardSamples.blocks(model, store)).html, terminator: "")
        }
    }

    /// `papilla models remark NAME TEXT...`
    struct Remark: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes a candidate's card anew with these remarks instead of those that it has.",
            discussion: "Example: papilla models remark disc-20261124-1 \"Fails on discs with a large atrophy around them.\"")
        @OptionGroup var place: ModelsPlace
        @Argument(help: "The model's name.") var name: String
        @Argument(help: "Paragraphs.") var texts: [String] = []

        func run() async throws {
            let store = try place.store
            var manifest = try store.manifest(name)
            manifest.remarks = texts
            try store.update(manifest)
            print("\(name): \(texts.count) remarks")
        }
    }
}
