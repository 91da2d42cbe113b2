internal import CKernels
internal import OneDNN
public import Screening

/// What one training step is given. Targets that the architecture has no head for stay empty.
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
        (self.input, self.mask, self.contour, self.distance, self.classes) = (input, mask, contour, distance, classes)
    }
}

/// A network in training: forward, losses, backward and Adam in fp32, with batch normalisation if asked.
///
/// Batch normalisation stands between each hidden convolution and its rectifier while training and is folded into kernel and bias by
/// ``weights()``: what is saved is the paper's network, weight for weight.
@EngineActor
public final class Learner {
    /// What stands between a hidden convolution and its rectifier.
    public enum Normalisation: String, Sendable, Codable, CaseIterable { case batch, none }

    /// What a learner is made for. Two learners with equal options can exchange their state.
    public struct Options: Sendable, Codable, Equatable {
        /// Name of the ``Architecture``.
        public var architecture: String
        /// Maps of the first level; the paper's is 32.
        public var width: Int
        /// Side of the input, px.
        public var side: Int
        /// Images in a step.
        public var batch: Int
        /// Batch normalisation or none.
        public var normalisation: Normalisation
        /// Weight of a soft Dice term on the mask; 0 leaves the paper's losses alone.
        public var softDice: Float
        /// Decay a step of the running average that ``Learner/weights()`` gives; 0 gives the last weights, as in the paper.
        public var averaging: Float
        /// Decay of the kernels' weights, apart from the gradient (AdamW); 0 for none, as in the paper.
        public var decay: Float

        /// All options.
        public init(
            architecture: String, width: Int, side: Int, batch: Int, normalisation: Normalisation, softDice: Float,
            averaging: Float = 0, decay: Float = 0
        ) {
            (self.architecture, self.width, self.side, self.batch) = (architecture, width, side, batch)
            (self.normalisation, self.softDice, self.averaging, self.decay) = (normalisation, softDice, averaging, decay)
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
    /// Level by level, two each.
    private var encoder: [[TrainedUnit]] = []
    private var pools: [(forward: Primitive, pooled: Tensor, gradient: Tensor)] = []
    /// Decoder by decoder, level 3 first, two each.
    private var decoders: [[[TrainedUnit]]] = []
    private var ends: [TrainedHeads] = []
    private var classifier: TrainedClassifier?

    /// Refuses what no network can be made of on this machine: width, side, batch and what they need of memory.
    public nonisolated static func check(_ architecture: Architecture, width: Int, side: Int, batch: Int) throws(PapillaError) {
        _ = try Plan(architecture, width: width, side: side, batch: batch)
    }

    /// - Parameters:
    ///   - weights: to start from; nil for He's initialisation (He et al. 2015).
    ///   - seed: of the random weights.
    ///   - foreground: share of the foreground among the training set's pixels, at whose log-odds the mask head's bias starts; otherwise
    ///     the first epochs are spent on learning that most pixels are background.
    public init(_ options: Options, weights: Weights?, seed: UInt64, foreground: Double) throws(PapillaError) {
        self.options = options
        architecture = try Architecture(named: options.architecture)
        plan = try Plan(architecture, width: options.width, side: options.side, batch: options.batch)
        input = try Tensor([options.batch, 3, options.side, options.side])
        try weights?.check(architecture, width: options.width)
        try build()
        try load(weights ?? .initial(architecture, width: options.width, seed: seed, foreground: foreground))
        if weights == nil { for unit in units { unit.startFresh() } }
    }

    /// One step: forward, losses, backward, Adam.
    /// - Parameter rate: Adam's step size.
    public func step(_ batch: TrainingBatch, rate: Float) throws(PapillaError) -> Losses {
        let losses = try gradients(batch)
        time += 1
        for parameter in parameters { parameter.step(time, rate: rate, decay: options.decay) }
        if options.averaging > 0 {
            // Young averages forget faster, or the first random weights would stay in them.
            let share = max(1 - options.averaging, 9 / Float(10 + time))
            for parameter in parameters { try parameter.smooth(share) }
            for unit in units { unit.smooth(share) }
        }
        return losses
    }

    /// Forward, losses and backward, without a step.
    func gradients(_ batch: TrainingBatch) throws(PapillaError) -> Losses {
        try check(batch)
        batch.input.withUnsafeBufferPointer { if let base = $0.baseAddress { input.pointer.update(from: base, count: $0.count) } }
        try forward()
        var heads: [Architecture.Head: Double] = [:]
        for end in ends { heads.merge(end.losses(batch, softDice: options.softDice)) { a, _ in a } }
        if let classifier { heads[.classes] = try classifier.losses(batch.classes) }
        try backward()
        return Losses(total: heads.values.reduce(0, +), heads: heads)
    }

    /// The network as it ships: the running average where one is kept, normalisation folded in, names and shapes as in PyTorch's state dict.
    public func weights() throws(PapillaError) -> Weights {
        var result = Weights(tensors: [:])
        for unit in units {
            let (weight, bias) = try unit.folded()
            let inputs = weight.count / (9 * bias.count)
            result.tensors[unit.name + ".weight"] = Weights.Tensor(shape: [bias.count, inputs, 3, 3], values: weight)
            result.tensors[unit.name + ".bias"] = Weights.Tensor(shape: [bias.count], values: bias)
        }
        for end in ends { try end.store(in: &result) }
        try classifier?.store(in: &result)
        return result
    }

    /// Everything that a run needs to go on to the bit: parameters, Adam's moments, running statistics, steps.
    public func state() throws(PapillaError) -> Weights {
        var tensors: [String: Weights.Tensor] = ["time": Weights.Tensor(shape: [1], values: [Float(time)])]
        for unit in units { tensors.merge(try unit.state()) { a, _ in a } }
        for parameter in ends.flatMap(\.parameters) + (classifier?.parameters ?? []) {
            tensors.merge(try parameter.state()) { a, _ in a }
        }
        return Weights(tensors: tensors)
    }

    /// Goes back to a state of a learner with the same options.
    public func restore(_ state: Weights) throws(PapillaError) {
        guard let time = state["time"].first else {
            throw PapillaError(.badInput, "The snapshot lacks its number of steps", place: "time")
        }
        for unit in units { try unit.restore(state, isFresh: time == 0) }
        for parameter in ends.flatMap(\.parameters) + (classifier?.parameters ?? []) { try parameter.restore(state) }
        self.time = Int(time)
    }

    private var units: [TrainedUnit] { encoder.flatMap { $0 } + decoders.flatMap { $0.flatMap { $0 } } }
    private var parameters: [Parameter] {
        units.flatMap(\.parameters) + ends.flatMap(\.parameters) + (classifier?.parameters ?? [])
    }

    private func build() throws(PapillaError) {
        let normalised = options.normalisation == .batch
        var source = TrainedUnit.Source(maps: input, gradient: nil, file: 3)
        for level in 0..<5 {
            let first = try TrainedUnit(
                "encoder.\(level).conv1", plan, level, source: source, normalised: normalised, scratch: scratch)
            let inner = TrainedUnit.Source(maps: first.output, gradient: first.gradient, file: plan.maps(level))
            let second = try TrainedUnit(
                "encoder.\(level).conv2", plan, level, source: inner, normalised: normalised, scratch: scratch)
            encoder.append([first, second])
            guard level < 4 else { break }
            let pooled = try Tensor([plan.batch, plan.blockedMaps(level), plan.side(level + 1), plan.side(level + 1)], .blocked)
            let gradient = try Tensor(like: pooled)
            pools.append((try .maximumPooling(second.output, to: pooled, by: plan.factor(level)), pooled, gradient))
            source = .init(maps: pooled, gradient: gradient, file: plan.maps(level))
        }
        for decoder in 0..<architecture.decoders {
            var levels: [[TrainedUnit]] = []
            var below = encoder[4][1]
            for level in [3, 2, 1, 0] {
                let name = "decoder.\(decoder).\(level)"
                let skip = encoder[level][1]
                // Skips, and the encoder's last maps, are read by every decoder: all but the first add to their gradient.
                let first = try TrainedUnit(
                    name + ".conv1", plan, level,
                    source: .init(maps: skip.output, gradient: skip.gradient, file: plan.maps(level), accumulates: decoder > 0),
                    below: .init(
                        maps: below.output, gradient: below.gradient, file: plan.maps(level + 1),
                        accumulates: decoder > 0 && level == 3),
                    normalised: normalised, scratch: scratch)
                let inner = TrainedUnit.Source(maps: first.output, gradient: first.gradient, file: plan.maps(level))
                below = try TrainedUnit(name + ".conv2", plan, level, source: inner, normalised: normalised, scratch: scratch)
                levels.append([first, below])
            }
            decoders.append(levels)
            ends.append(try TrainedHeads(plan, decoder: decoder, below.output, sourceGradient: below.gradient, scratch: scratch))
        }
        if architecture.decoders == 0 {
            classifier = try TrainedClassifier(plan, encoder[4][1].output, gradient: encoder[4][1].gradient)
        }
    }

    private func load(_ weights: Weights) throws(PapillaError) {
        for unit in units { try unit.load(weight: weights[unit.name + ".weight"], bias: weights[unit.name + ".bias"]) }
        for end in ends { try end.load(weights) }
        try classifier?.load(weights)
    }

    private func forward() throws(PapillaError) {
        for (level, units) in encoder.enumerated() {
            for unit in units { try unit.forward() }
            if level < 4 { try pools[level].forward.run() }
        }
        for (levels, end) in zip(decoders, ends) {
            for units in levels { for unit in units { try unit.forward() } }
            try end.forward()
        }
    }

    private func backward() throws(PapillaError) {
        for (levels, end) in zip(decoders, ends) {
            try end.backward()
            for units in levels.reversed() { for unit in units.reversed() { try unit.backward() } }
        }
        for level in (0..<5).reversed() {
            if level < 4 {
                let (unit, pool) = (encoder[level][1], pools[level])
                pool_backward_f32(
                    unit.output.pointer, pool.gradient.pointer, unit.gradient.pointer,
                    plan.batch * plan.blockedMaps(level) / OneDNN.block,
                    plan.side(level), plan.factor(level), OneDNN.block, architecture.decoders > 0 ? 1 : 0)
            }
            for unit in encoder[level].reversed() { try unit.backward() }
        }
    }

    private func check(_ batch: TrainingBatch) throws(PapillaError) {
        let (n, plane) = (options.batch, options.side * options.side)
        let heads = Set(architecture.heads)
        guard batch.input.count == n * 3 * plane, !heads.contains(.mask) || batch.mask.count == n * plane,
            !heads.contains(.contour) || batch.contour.count == n * plane,
            !heads.contains(.distance) || batch.distance.count == n * plane,
            !heads.contains(.classes) || (batch.classes.count == n && batch.classes.allSatisfy { (0..<3).contains($0) })
        else { throw PapillaError(.internal, "A training batch does not fit its network: batch \(n), side \(options.side)") }
    }
}
