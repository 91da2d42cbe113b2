internal import Glibc
public import Neural
public import Screening

/// Everything that decides the weights of a run, apart from the images: equal options and equal data give equal weights for an equal
/// number of the engine's threads.
public struct TrainingOptions: Sendable, Codable, Equatable {
    /// The course of the learning rate.
    public enum Schedule: String, Sendable, Codable, CaseIterable {
        /// Up to the peak over the warm-up, then down to 0 along half a cosine.
        case cosine
        /// The same all the time, as in the paper.
        case constant
    }

    /// The length of a run.
    public enum Length: Sendable, Codable, Equatable {
        /// So many times through the data.
        case epochs(Int)
        /// So many batches.
        case steps(Int)
    }

    /// What the network is for.
    public var task: ModelTask
    /// Which of the paper's networks.
    public var architecture: String
    /// Its base width.
    public var width: Int
    /// Its input's side, px.
    public var side: Int
    /// Whether the network sees the disc unrolled: of the cup alone.
    public var polar: Bool
    /// Images in a batch.
    public var batch: Int
    /// What its distance head learns.
    public var distance: DistanceMap
    /// Whether batch normalisation stands between convolutions and ReLUs while training.
    public var normalisation: Learner.Normalisation
    /// Weight of the soft Dice term beside the paper's losses; 0 for the paper's alone.
    public var softDice: Float
    /// Decay a step of the running average of weights that is kept; 0 keeps the last ones, as in the paper.
    public var averaging: Float
    /// Decay of the kernels' weights, apart from the gradient (AdamW); 0 for none, as in the paper.
    public var decay: Float
    /// The gradient is shortened to this length where it is longer; 0 leaves it, as in the paper.
    public var clip: Float
    /// Whether the encoder begins with what it has learnt on ImageNet, instead of with random weights.
    public var knowsImageNet: Bool
    /// The encoder's rate over that of the rest; 0 leaves the encoder as it is. Of the networks with such an encoder alone.
    public var encoderRate: Float
    /// Weight of the losses of the outputs that say whether there is something, where the network has them.
    public var presence: Float
    /// Share of images without a polyp among the samples, the harder ones more often; 0: as often as the sets have them.
    public var negatives: Double
    /// Adam's learning rate, at its peak.
    public var rate: Float
    /// How it goes.
    public var schedule: Schedule
    /// How long the run is.
    public var length: Length
    /// Of all that is random.
    public var seed: UInt64
    /// Share of phantoms among the samples, 0...0.05.
    public var phantoms: Double
    /// How far data sets are evened out: 0 not at all, 1 wholly.
    public var balance: Double
    /// Ways in which samples differ from their pictures, beside their geometry.
    public var disturbances: [Disturbance]
    /// At least so many steps lie between two validations, which happen at the ends of epochs.
    public var validationInterval: Int
    /// Mean of red, green and blue that the input is shifted by, of 255; nil: measured on the training images.
    public var inputMean: [Float]?
    /// The deviation that it is divided by; nil: measured on the training images.
    public var inputDeviation: [Float]?

    /// Options for a task, with the paper's training where nothing else is said.
    public init(task: ModelTask) {
        self.task = task
        architecture = task == .router ? Architecture.router.name : "1enc-1dec-conv-md"
        width = task == .router ? 16 : 32
        side = 256
        polar = false
        batch = 4
        distance = .signed
        normalisation = .none
        softDice = 0
        averaging = 0
        decay = 0
        clip = 0
        knowsImageNet = false
        encoderRate = 1
        presence = 0.25
        negatives = 0
        rate = 1e-4
        schedule = .cosine
        length = .epochs(150)
        seed = 1
        phantoms = 0
        balance = 0
        disturbances = Disturbance.standard
        validationInterval = 150
    }

    /// Refuses what cannot be trained, by name.
    public func check() throws(PapillaError) {
        func refuse(_ option: String, _ found: String, _ expected: String) -> PapillaError {
            PapillaError(.badInput, "\(option) is \(found): expected \(expected)")
        }
        if side < 32 || !side.isMultiple(of: 32) { throw refuse("the side", "\(side)", "a multiple of 32") }
        if batch < 1 || batch > 256 { throw refuse("the batch", "\(batch)", "1 to 256") }
        if !(rate > 0 && rate < 1) { throw refuse("the rate", "\(rate)", "more than 0 and less than 1") }
        if !(0...0.05).contains(phantoms) { throw refuse("the share of phantoms", "\(phantoms)", "0 to 0.05") }
        if !(0...1).contains(balance) { throw refuse("the balance", "\(balance)", "0 to 1") }
        if !(softDice >= 0 && softDice <= 10) { throw refuse("the soft Dice weight", "\(softDice)", "0 to 10") }
        if !(averaging >= 0 && averaging < 1) { throw refuse("the averaging", "\(averaging)", "0, or less than 1") }
        if !(decay >= 0 && decay <= 1) { throw refuse("the weight decay", "\(decay)", "0 to 1") }
        if !(clip >= 0 && clip.isFinite) { throw refuse("the gradient's length", "\(clip)", "0 or more") }
        if !(encoderRate >= 0 && encoderRate <= 10) { throw refuse("the encoder's rate", "\(encoderRate)", "0 to 10") }
        if !(presence >= 0 && presence <= 10) { throw refuse("the presence's weight", "\(presence)", "0 to 10") }
        if !(0...0.9).contains(negatives) { throw refuse("the share of images without a polyp", "\(negatives)", "0 to 0.9") }
        if negatives > 0, task != .polyp { throw refuse("the task", task.rawValue, "polyp, where images may show none") }
        if polar, task != .cup { throw refuse("the task", task.rawValue, "cup, which alone can be shown the disc unrolled") }
        if !(1...1_000_000_000).contains(validationInterval) {
            throw refuse("the validation interval", "\(validationInterval)", "1 to 1000000000 steps")
        }
        switch length {
        case .epochs(let count) where !(1...1_000_000).contains(count):
            throw refuse("the run's length", "\(count) epochs", "1 to 1000000")
        case .steps(let count) where !(1...1_000_000_000).contains(count):
            throw refuse("the run's length", "\(count) steps", "1 to 1000000000")
        default: break
        }
        let network = try Architecture(named: architecture)
        try Learner.check(network, width: width, side: side, batch: batch)
        if network.encoder == .paper, knowsImageNet || encoderRate != 1 {
            throw refuse(
                "the architecture", architecture,
                Architecture.pretrained.map(\.name).joined(separator: " or ")
                    + ", whose encoder can begin with what others have learnt")
        }
        let heads = network.heads
        if (task == .router) != heads.contains(.classes) {
            throw refuse(
                "the architecture", architecture, task == .router ? Architecture.router.name : "one of the segmentation networks")
        }
    }
}

/// The learning rate of each step.
struct RateSchedule: Sendable {
    /// The highest rate.
    let peak: Float
    /// Steps of the whole run.
    let steps: Int
    /// How it goes.
    let schedule: TrainingOptions.Schedule

    /// Steps until the peak: a twentieth of the run, at most 200.
    var warmUp: Int { min(200, max(1, steps / 20)) }

    /// The rate of a step, counted from 0.
    func rate(_ step: Int) -> Float {
        guard schedule == .cosine else { return peak }
        if step < warmUp { return peak * Float(step + 1) / Float(warmUp) }
        let share = Double(step - warmUp) / Double(max(1, steps - warmUp))
        return peak * Float(0.5 * (1 + cos(.pi * min(1, share))))
    }
}
