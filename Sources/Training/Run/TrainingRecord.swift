internal import Neural
internal import Screening

/// What a run remembers beside its weights: how far it is, every epoch's figures and the best so far. Part of every snapshot.
public struct TrainingRecord: Sendable, Codable, Equatable {
    /// One line of `history.csv`.
    public struct Epoch: Sendable, Codable, Equatable {
        /// Counted from 1.
        public var epoch: Int
        /// Steps done by its end.
        public var step: Int
        /// The last step's learning rate.
        public var rate: Float
        /// Mean training loss: `total` and every head.
        public var losses: [String: Double]
        /// Mean loss on the validation views, the paper's terms; nil where none was made.
        public var validationLoss: Double?
        /// Mean Dice on the validation views at the network's resolution (router: share of right answers); nil where none was made.
        public var validationScore: Double?
        /// Seconds since the run began, pauses left out.
        public var seconds: Double
    }

    /// The best weights so far.
    public struct Best: Sendable, Codable, Equatable {
        /// After so many steps.
        public var step: Int
        /// Their score on the validation views.
        public var score: Double
        /// Their loss there.
        public var loss: Double
    }

    /// Steps done.
    public var step = 0
    /// Every epoch's figures.
    public var epochs: [Epoch] = []
    /// The best so far.
    public var best: Best?
    /// The step of the last validation.
    public var validated = 0
    /// Validations since the beginning that found nothing but background.
    public var backgroundOnly = 0
    /// Seconds spent, pauses left out.
    public var seconds = 0.0
    /// How hard each image without a polyp is: a running mean of how sure the network was to see one; and what the epoch in hand is drawn by.
    var hardness = Hardness()
    /// Sums of the losses since the last line, and their count.
    var sums: [String: Double] = [:]
    var summed = 0

    /// `history.csv`: one line an epoch, one column a loss.
    public var table: String {
        let names = Set(epochs.flatMap(\.losses.keys)).sorted { ($0 != "total" ? 1 : 0, $0) < ($1 != "total" ? 1 : 0, $1) }
        func text(_ value: Double?) -> String { value.map { "\(($0 * 1e6).rounded() / 1e6)" } ?? "" }
        var lines = [["epoch", "step", "rate"] + names.map { "train_\($0)" } + ["val_loss", "val_dice", "seconds"]]
        for epoch in epochs {
            lines.append(
                ["\(epoch.epoch)", "\(epoch.step)", "\(epoch.rate)"] + names.map { text(epoch.losses[$0]) }
                    + [text(epoch.validationLoss), text(epoch.validationScore), "\((epoch.seconds * 10).rounded() / 10)"])
        }
        return lines.map { CommaSeparated.line($0, end: "\n") }.joined()
    }
}
