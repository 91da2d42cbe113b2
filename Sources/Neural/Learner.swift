internal import CKernels
internal import OneDNN
public import Screening

/// The input of one training step. Targets that the architecture has no head for stay empty.
public struct TrainingBatch: Sendable {
    /// Normalised images, N x 3 x S x S.
    public var input: [Float]
    /// N x S x S, 0 or 1.
    public var mask: [UInt8]
    /// N x S x S, 0 or 1.
    public var contour: [UInt8]
    /// N x S x S, 0...1.
    public var distance: [Float]
    /// N, 0 fundus, 1 endoscopy, 2 neither.
    public var classes: [Int32]

    /// A batch with the targets that its network needs.
    public init(input: [Float], mask: [UInt8] = [], contour: [UInt8] = [], distance: [Float] = [], classes: [Int32] = []) {
        self.input = input
        self.mask = mask
        self.contour = contour
        self.distance = distance
        self.classes = classes
    }
}

/// A network in training: forward, losses, backward and Adam in fp32, with batch normalisation if asked.
///
/// Batch normalisation stands between each hidden convolution and its rectifier while training and is folded into kernel and bias by
/// ``weights()``: what is saved is the paper's network, weight for weight.
@EngineActor
public final class Learner {
    /// The normalisation between a hidden convolution and its rectifier.
    public enum Normalisation: String, Sendable, Codable, CaseIterable { case batch, none }

    /// The choices that a learner is made with. Two learners with equal options can exchange their state.
    public struct Options: Sendable, Codable, Equatable {
        /// Name of the ``Architecture``.
        public var architecture: String
        /// Maps of the first level; the paper's is 32.
        public var width: Int
        /// Side of the input, px.
        public var side: Int
        /// Images in a step, all ranks' ones.
        public var batch: Int
        /// Batch normalisation or none.
        public var normalisation: Normalisation
        /// Weight of a soft Dice term on the mask; 0 leaves the paper's losses alone.
        public var softDice: Float
        /// Decay a step of the running average that ``Learner/weights()`` gives; 0 gives the last weights, as in the paper.
        public var averaging: Float
        /// Decay of the kernels' weights, apart from the gradient (AdamW); 0 for none, as in the paper.
        public var decay: Float

        /// The gradient, of all parameters together, is shortened to this length where it is longer; 0 leaves it, as in the paper.
        public var clip: Float
        /// Weight of the losses of the outputs that say whether there is something, where the architecture has them.
        public var presence: Float
        /// The encoder's rate over that of the rest; 0 leaves the encoder as it is, its running statistics among it.
        public var encoderRate: Float

        /// All options.
        public init(
            architecture: String, width: Int, side: Int, batch: Int, normalisation: Normalisation, softDice: Float,
            averaging: Float = 0, decay: Float = 0, clip: Float = 0, presence: Float = 0.25, encoderRate: Float = 1
        ) {
            self.architecture = architecture
            self.width = width
            self.side = side
            self.batch = batch
            self.normalisation = normalisation
            self.softDice = softDice
            self.averaging = averaging
            self.decay = decay
            self.clip = clip
            self.presence = presence
            self.encoderRate = encoderRate
        }
    }

    /// The losses of one step.
    public struct Losses: Sendable {
        /// Their sum.
        public var total: Double
        /// Means over pixels and batch, by head.
        public var heads: [Architecture.Head: Double]
    }

    /// What it was made for.
    public let options: Options
    /// Steps of Adam taken.
    public private(set) var time = 0
    private let architecture: Architecture
    private let plan: Plan
    private let input: Tensor
    private let scratch = Scratch()
    private let encoder: any TrainedEncoder
    /// Decoder by decoder, level 3 first, two each.
    private var decoders: [[[TrainedUnit]]] = []
    private var ends: [TrainedHeads] = []
    private var classifier: TrainedClassifier?
    private var presence: TrainedPresence?

    /// Refuses what no network can be made of on this machine: width, side, batch and what they need of memory.
    public nonisolated static func check(_ architecture: Architecture, width: Int, side: Int, batch: Int, ranks: Ranks? = nil)
        throws(PapillaError)
    { _ = try Plan(architecture, width: width, side: side, batch: batch, ranks: ranks) }

    /// - Parameters:
    ///   - weights: to start from; nil for He's initialisation (He et al. 2015).
    ///   - pretrained: an encoder that others have trained, in place of random weights: see ``Weights/check(pretrained:)``.
    ///   - seed: of the random weights.
    ///   - foreground: share of the foreground among the training set's pixels, at whose log-odds the mask head's bias starts; otherwise
    ///     the first epochs are spent on learning that most pixels are background.
    ///   - ranks: the processes that make the same steps, each on its share of the batch; nil: this one alone.
    public init(
        _ options: Options, weights: Weights?, pretrained: Weights? = nil, seed: UInt64, foreground: Double, ranks: Ranks? = nil
    ) throws(PapillaError) {
        self.options = options
        architecture = try Architecture(named: options.architecture)
        plan = try Plan(architecture, width: options.width, side: options.side, batch: options.batch, ranks: ranks)
        input = try Tensor([plan.batch, 3, options.side, options.side])
        try weights?.check(architecture, width: options.width)
        let normalised = options.normalisation == .batch
        if let lite = architecture.encoder.lite {
            encoder = try TrainedLiteEncoder(
                lite, plan, input, normalised: normalised, frozen: options.encoderRate == 0, scratch: scratch)
        } else {
            encoder = try TrainedPaperEncoder(plan, input, normalised: normalised, scratch: scratch)
        }
        try build()
        try load(weights ?? .initial(architecture, width: options.width, seed: seed, foreground: foreground))
        if weights == nil { for part in parts { part.startFresh() } }
        if let pretrained {
            try pretrained.check(pretrained: architecture)
            for part in encoder.parts { try part.load(pretrained) }
        }
    }

    /// One step: forward, losses, backward, Adam.
    /// - Parameters:
    ///   - batch: this process's images.
    ///   - rate: Adam's step size.
    public func step(_ batch: TrainingBatch, rate: Float) throws(PapillaError) -> Losses {
        let losses = try gradients(batch)
        time += 1
        let scale = clipping
        for parameter in encoderParameters {
            parameter.step(time, rate: rate * options.encoderRate, decay: options.decay, scale: scale)
        }
        for parameter in otherParameters { parameter.step(time, rate: rate, decay: options.decay, scale: scale) }
        if options.averaging > 0 {
            // Young averages forget faster, or the first random weights would stay in them.
            let share = max(1 - options.averaging, 9 / Float(10 + time))
            for parameter in encoderParameters + otherParameters { try parameter.smooth(share) }
            for part in parts { part.smooth(share) }
        }
        return losses
    }

    /// What the gradient is multiplied by to be no longer than it may be.
    private var clipping: Float {
        guard options.clip > 0 else { return 1 }
        let length = (encoderParameters + otherParameters).reduce(0) { $0 + $1.squares }.squareRoot()
        return length > Double(options.clip) ? Float(Double(options.clip) / length) : 1
    }

    /// Forward, losses and backward, without a step.
    func gradients(_ batch: TrainingBatch) throws(PapillaError) -> Losses {
        try check(batch)
        batch.input.withUnsafeBufferPointer { if let base = $0.baseAddress { input.pointer.update(from: base, count: $0.count) } }
        try forward()
        var heads: [Architecture.Head: Double] = [:]
        for end in ends { heads.merge(end.losses(batch, softDice: options.softDice)) { a, _ in a } }
        if let classifier { heads[.classes] = try classifier.losses(batch.classes) }
        if let presence { heads.merge(presence.losses(batch)) { a, _ in a } }
        try backward()
        if let ranks = plan.ranks {
            for parameter in encoderParameters + otherParameters where !parameter.isSummed { try ranks.sum(parameter.gradient) }
            let names = heads.keys.sorted { $0.rawValue < $1.rawValue }
            heads = Dictionary(uniqueKeysWithValues: zip(names, ranks.sum(names.map { heads[$0] ?? 0 })))
        }
        return Losses(total: heads.values.reduce(0, +), heads: heads)
    }

    /// How sure the network was in its last step that there is something in some images of the batch, all ranks' ones: the mean of the highest
    /// probabilities of the mask, those of as many pixels as 200 are at full size.
    public func peaks(ofImages images: [Int]) -> [Float] {
        let first = (plan.ranks?.rank ?? 0) * plan.batch
        let own = (0..<plan.batch).map { images.contains(first + $0) ? ends.first?.peak(ofImage: $0) ?? 0 : 0 }
        let all = plan.ranks?.gather(own) ?? own
        return images.map { all[$0] }
    }

    /// The network as it ships: the running average where one is kept, normalisation folded in, names and shapes as in PyTorch's state dict.
    public func weights() throws(PapillaError) -> Weights {
        var result = Weights(tensors: [:])
        for part in parts { try part.store(in: &result) }
        for end in ends { try end.store(in: &result) }
        try classifier?.store(in: &result)
        try presence?.store(in: &result)
        return result
    }

    /// Everything that a run needs to go on to the bit: parameters, Adam's moments, running statistics, steps.
    public func state() throws(PapillaError) -> Weights {
        var tensors: [String: Weights.Tensor] = ["time": Weights.Tensor(shape: [1], values: [Float(time)])]
        for part in parts { tensors.merge(try part.state()) { a, _ in a } }
        for parameter in endParameters {
            tensors.merge(try parameter.state()) { a, _ in a }
        }
        return Weights(tensors: tensors)
    }

    /// Goes back to a state of a learner with the same options.
    public func restore(_ state: Weights) throws(PapillaError) {
        guard let time = state["time"].first else {
            throw PapillaError(.badInput, "The snapshot lacks its number of steps", place: "time")
        }
        for part in parts { try part.restore(state, isFresh: time == 0) }
        for parameter in endParameters { try parameter.restore(state) }
        self.time = Int(time)
    }

    /// Whatever has a normalisation or could have one.
    private var parts: [any TrainedPart] { encoder.parts + otherParts }
    private var otherParts: [any TrainedPart] {
        decoders.flatMap { $0.flatMap { $0 } } + (presence.map { [$0.hidden] } ?? [])
    }
    private var encoderParameters: [Parameter] { options.encoderRate == 0 ? [] : encoder.parts.flatMap(\.parameters) }
    private var otherParameters: [Parameter] { otherParts.flatMap(\.parameters) + endParameters }
    private var endParameters: [Parameter] {
        ends.flatMap(\.parameters) + (classifier?.parameters ?? []) + (presence?.parameters ?? [])
    }

    private func build() throws(PapillaError) {
        let normalised = options.normalisation == .batch
        for decoder in 0..<architecture.decoders {
            var levels: [[TrainedUnit]] = []
            var below = encoder.last
            for level in [3, 2, 1, 0] {
                let name = "decoder.\(decoder).\(level)"
                // Skips, and the encoder's last maps, are read by every decoder: all but the first add to their gradient.
                let first = try TrainedUnit(
                    name + ".conv1", plan, level, source: encoder.skips[level].read(accumulating: decoder > 0),
                    below: below.read(accumulating: decoder > 0 && level == 3), normalised: normalised, scratch: scratch)
                let second = try TrainedUnit(
                    name + ".conv2", plan, level, source: first.maps, normalised: normalised, scratch: scratch)
                below = second.maps
                levels.append([first, second])
            }
            decoders.append(levels)
            ends.append(try TrainedHeads(plan, decoder: decoder, below, scratch: scratch))
        }
        if architecture.heads == [.classes] { classifier = try TrainedClassifier(plan, encoder.last) }
        if architecture.heads.contains(.frame) {
            presence = try TrainedPresence(
                plan, encoder.last, weight: options.presence, normalised: normalised, scratch: scratch)
        }
    }

    private func load(_ weights: Weights) throws(PapillaError) {
        for part in encoder.parts + decoders.flatMap({ $0.flatMap { $0 } }) { try part.load(weights) }
        for end in ends { try end.load(weights) }
        try classifier?.load(weights)
        try presence?.load(weights)
    }

    private func forward() throws(PapillaError) {
        try encoder.forward()
        for (levels, end) in zip(decoders, ends) {
            for units in levels { for unit in units { try unit.forward() } }
            try end.forward()
        }
        try presence?.forward()
    }

    private func backward() throws(PapillaError) {
        for (levels, end) in zip(decoders, ends) {
            try end.backward()
            for units in levels.reversed() { for unit in units.reversed() { try unit.backward() } }
        }
        try presence?.backward()
        try encoder.backward()
    }

    private func check(_ batch: TrainingBatch) throws(PapillaError) {
        let (n, plane) = (plan.batch, options.side * options.side)
        let heads = Set(architecture.heads)
        guard batch.input.count == n * 3 * plane, !heads.contains(.mask) || batch.mask.count == n * plane,
            !heads.contains(.contour) || batch.contour.count == n * plane,
            !heads.contains(.distance) || batch.distance.count == n * plane,
            !heads.contains(.classes) || (batch.classes.count == n && batch.classes.allSatisfy { (0..<3).contains($0) })
        else { throw PapillaError(.internal, "A training batch does not fit its network: batch \(n), side \(options.side)") }
    }
}
