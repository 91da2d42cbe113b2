internal import ArgumentParser
internal import Control
internal import Registry
internal import Screening
internal import Service

extension ModelsCommand {
    /// `papilla models promote NAME`
    struct Promote: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a model live for its task, if it passes the gate.",
            discussion: """
                With a configuration, the model must do no worse than the live one on at least 20 frozen cases that readers drew, blind or \
                as corrections, and must not have collapsed on phantoms; there is no way around it. It is judged by 95 % intervals of \
                candidate minus live: Dice must lie above -0.01; for the cup the ratio's error below 0.01 and the share of eyes \
                without a ratio below 0.05; for polyps the share found above -0.05, false regions a frame and the share of empty frames with a region below 0.05. A refusal says which figure \
                decided. The running service does it: it takes effect between two images and stands in the audit, as does a refusal. \
                With --models, the model is only checked to be whole.

                Example: papilla models promote disc-20261124-1
                """)
        @OptionGroup var place: ModelsPlace
        @Argument(help: "The model's name.") var name: String
        @Flag(help: "Print one JSON value.") var json = false

        func run() async throws {
            let change: LiveModels.Change
            if let configuration = try place.configuration {
                change = try await Promotion.perform(
                    .promote(model: name), configuration, gate: ServeCommand.gate(configuration))
            } else {
                change = try place.store.promote(name)
            }
            try show(change, json: json)
        }
    }

    /// `papilla models rollback TASK`
    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the model before the present one live again.",
            discussion: """
                The running service does it: it takes effect between two images and stands in the audit.

                Example: papilla models rollback disc
                """)
        @OptionGroup var place: ModelsPlace
        @Argument(help: "router, disc, cup or polyp.") var task: ModelTask
        @Flag(help: "Print one JSON value.") var json = false

        func run() async throws {
            let change: LiveModels.Change
            if let configuration = try place.configuration {
                change = try await Promotion.perform(
                    .rollback(task: task), configuration, gate: ServeCommand.gate(configuration))
            } else {
                change = try place.store.rollback(task)
            }
            try show(change, json: json)
        }
    }

    /// Says what was changed.
    private static func show(_ change: LiveModels.Change, json: Bool) throws {
        if json { return print(try CanonicalJSON.document(change), terminator: "") }
        print("\(change.name) is live for \(change.task.rawValue)" + (change.previous.map { ", instead of \($0)" } ?? ""))
    }
}
