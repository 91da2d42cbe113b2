internal import CKernels
internal import OneDNN
internal import Screening

/// A convolution of ``Lite`` (or of the presence's outputs) in training, with its normalisation and what follows.
final class TrainedLayer: TrainedPart {
    let name: String
    /// After normalisation and rectifier.
    let output: Tensor
    /// Of the output; ``backward()`` turns it into that of the convolution, in place.
    let gradient: Tensor
    private let layout: KernelLayout
    private let operation: Operation
    private let normalisation: TrainedNormalisation
    private let residual: TrainedMaps?
    /// The bias to come back to, for a layer that starts from folded weights.
    private var foldedBias: [Float]?

    private enum Operation {
        case convolution(TrainedConvolution)
        case depthwise(TrainedDepthwise)
    }

    /// The rule for its statistics.
    struct Rule {
        var epsilon: Float
        var share: Float
        /// Whether the running statistics stay and are used.
        var isFixed: Bool
    }

    /// - Parameters:
    ///   - kernel: (out, in, k, k), or (maps, 1, k, k) for one kernel a map.
    ///   - end: what follows the normalisation.
    ///   - residual: maps that are added behind it.
    init(
        _ name: String, _ plan: Plan, kernel: [Int], side: Int, stride: Int = 1, source: TrainedMaps,
        end: BatchNormalization.End, residual: TrainedMaps? = nil, rule: Rule, scratch: Scratch
    ) throws(PapillaError) {
        self.name = name
        self.residual = residual
        let isDepthwise = kernel[1] == 1 && kernel[0] == source.file
        let out = Plan.blocked(kernel[0])
        layout = KernelLayout(
            out: (kernel[0], out), inputs: [isDepthwise ? (1, 1) : (source.file, source.maps.dimensions[1])],
            taps: kernel[2] * kernel[3])
        output = try plan.activation(maps: kernel[0], side: side)
        gradient = try Tensor(like: output)
        let convolved = try Tensor(like: output)
        operation =
            isDepthwise
            ? .depthwise(
                try TrainedDepthwise(name, source, to: convolved, gradient: gradient, kernel: kernel[2], stride: stride))
            : .convolution(
                try TrainedConvolution(
                    name, source.maps, to: convolved, gradient: gradient, sourceGradient: source.gradient, kernel: kernel[2],
                    stride: stride, rectified: false, biased: false, accumulates: source.accumulates, scratch: scratch))
        normalisation = try TrainedNormalisation(
            name + ".normalisation", convolved, to: output, gradient: gradient, end: residual.map { .addition($0.maps) } ?? end,
            epsilon: rule.epsilon, share: rule.share, isFixed: rule.isFixed, ranks: plan.ranks)
    }

    /// What it leaves, for the next one.
    var maps: TrainedMaps { TrainedMaps(maps: output, gradient: gradient, file: layout.out.file) }

    private var weights: Parameter {
        switch operation {
        case .convolution(let convolution): convolution.weights
        case .depthwise(let depthwise): depthwise.weights
        }
    }

    var parameters: [Parameter] { [weights, normalisation.parameter] }

    func forward() throws(PapillaError) {
        switch operation {
        case .convolution(let convolution): try convolution.forward()
        case .depthwise(let depthwise): depthwise.forward()
        }
        if let bias = foldedBias {
            normalisation.unfold(bias: bias)
            foldedBias = nil
        }
        normalisation.forward()
    }

    func backward() throws(PapillaError) {
        // What is added has the output's gradient, which the normalisation overwrites.
        if let residual, let sum = residual.gradient {
            if residual.accumulates {
                add_f32(sum.pointer, gradient.pointer, gradient.count)
            } else {
                sum.pointer.update(from: gradient.pointer, count: gradient.count)
            }
        }
        normalisation.backward()
        switch operation {
        case .convolution(let convolution): try convolution.backward()
        case .depthwise(let depthwise): depthwise.backward()
        }
    }

    func load(_ source: Weights) throws(PapillaError) {
        let kernel = layout.part(0, of: source[name + ".weight"])
        switch operation {
        case .convolution: try weights.value.load(kernel)
        case .depthwise(let depthwise): depthwise.load(kernel)
        }
        if !normalisation.load(source) { foldedBias = source[name + ".bias"].padded(to: layout.out.memory) }
    }

    func startFresh() { foldedBias = nil }

    func store(in target: inout Weights) throws(PapillaError) {
        let inputs = layout.inputs[0].file
        var kernel = [Float](repeating: 0, count: layout.out.file * inputs * layout.taps)
        let own: [Float]
        switch operation {
        case .convolution: own = try weights.smoothed.values()
        case .depthwise(let depthwise): own = depthwise.kernels
        }
        layout.store(own, as: 0, in: &kernel)
        var bias = Array((foldedBias ?? [Float](repeating: 0, count: layout.out.file)).prefix(layout.out.file))
        // Before the first batch a normalisation has no statistics: the weights are still those that were loaded.
        if foldedBias == nil {
            for o in bias.indices {
                let (factor, shift) = normalisation.folded(o)
                bias[o] = shift
                for i in 0..<inputs * layout.taps { kernel[o * inputs * layout.taps + i] *= factor }
            }
        }
        let side = Int(Double(layout.taps).squareRoot())
        target.tensors[name + ".weight"] = Weights.Tensor(shape: [layout.out.file, inputs, side, side], values: kernel)
        target.tensors[name + ".bias"] = Weights.Tensor(shape: [layout.out.file], values: bias)
    }

    func smooth(_ share: Float) { normalisation.smooth(share) }

    func state() throws(PapillaError) -> [String: Weights.Tensor] {
        try normalisation.state().merging(try weights.state()) { a, _ in a }
    }

    func restore(_ state: Weights, isFresh: Bool) throws(PapillaError) {
        try weights.restore(state)
        try normalisation.restore(state, isFresh: isFresh)
        if !isFresh { foldedBias = nil }
    }
}

/// A kernel of its own for each map, in training.
final class TrainedDepthwise {
    /// (k, k, 1, maps)
    let weights: Parameter
    private let source: TrainedMaps
    private let target: Tensor
    private let gradient: Tensor
    private let kernel: Int
    private let stride: Int
    private var sums: [Double]

    init(
        _ name: String, _ source: TrainedMaps, to target: Tensor, gradient: Tensor, kernel: Int, stride: Int
    ) throws(PapillaError) {
        self.source = source
        self.target = target
        self.gradient = gradient
        self.kernel = kernel
        self.stride = stride
        let maps = target.dimensions[1]
        weights = try Parameter(name + ".weight", gradient: Tensor([kernel, kernel, 1, maps]))
        sums = [Double](repeating: 0, count: target.dimensions[0] * maps * kernel * kernel)
    }

    private var images: Int { target.dimensions[0] }
    private var maps: Int { target.dimensions[1] }
    private var side: Int { source.maps.dimensions[2] }

    func forward() {
        depthwise_f32(
            source.maps.pointer, target.pointer, weights.value.pointer, nil, images, maps, side, kernel, stride, Processor.block,
            -.infinity, .infinity)
    }

    func backward() {
        depthwise_gradient_f32(
            source.maps.pointer, gradient.pointer, weights.gradient.pointer, &sums, images, maps, side, kernel, stride,
            Processor.block)
        guard let sourceGradient = source.gradient else { return }
        depthwise_back_f32(
            gradient.pointer, weights.value.pointer, sourceGradient.pointer, images, maps, side, kernel, stride, Processor.block,
            source.accumulates ? 1 : 0)
    }

    /// Takes kernels (maps, k · k).
    func load(_ values: [Float]) {
        for map in 0..<maps {
            for tap in 0..<kernel * kernel { weights.value.pointer[tap * maps + map] = values[map * kernel * kernel + tap] }
        }
    }

    /// What is saved: (maps, k · k).
    var kernels: [Float] {
        let (values, taps) = (weights.smoothed.pointer, kernel * kernel)
        return (0..<maps * taps).map { values[$0 % taps * maps + $0 / taps] }
    }
}
