internal import CKernels
internal import OneDNN
internal import Screening

/// A hidden convolution with what follows it: a rectifier, or batch normalisation and a rectifier.
///
/// The first unit of a decoder's level has two sources: the maps below, upsampled, and the skip.
final class TrainedUnit: TrainedPart {
    /// `encoder.0.conv1`, as in the weights file.
    let name: String
    /// (N, maps, H, W), after the rectifier.
    let output: Tensor
    /// Of the output; ``backward()`` turns it into that of the convolution, in place.
    let gradient: Tensor
    private let layout: KernelLayout
    private let convolved: Tensor
    private let spatial: TrainedConvolution
    private let below: TrainedUpsampled?
    private let normalisation: TrainedNormalisation?
    /// The bias to come back to, for a unit that starts from folded weights.
    private var foldedBias: [Float]?

    init(
        _ name: String, _ plan: Plan, _ level: Int, source: TrainedMaps, below lower: TrainedMaps? = nil, normalised: Bool,
        scratch: Scratch
    )
        throws(PapillaError)
    {
        self.name = name
        let out = plan.blockedMaps(level)
        let own = (file: source.file, memory: source.maps.dimensions[1])
        layout = KernelLayout(
            out: (plan.maps(level), out), inputs: lower.map { [($0.file, $0.maps.dimensions[1]), own] } ?? [own])
        output = try plan.activation(level)
        gradient = try plan.activation(level)
        convolved = normalised ? try plan.activation(level) : output
        spatial = try TrainedConvolution(
            name, source.maps, to: convolved, gradient: gradient, sourceGradient: source.gradient, kernel: 3,
            rectified: !normalised && lower == nil, biased: !normalised, accumulates: source.accumulates,
            scratch: scratch)
        if let lower {
            below = try TrainedUpsampled(
                name, lower, to: convolved, gradient: gradient, rectified: !normalised, factor: plan.factor(level),
                scratch: scratch)
        } else {
            below = nil
        }
        normalisation =
            normalised
            ? try TrainedNormalisation(name + ".normalisation", convolved, to: output, gradient: gradient, ranks: plan.ranks)
            : nil
    }

    /// What it leaves, for the next one.
    var maps: TrainedMaps { TrainedMaps(maps: output, gradient: gradient, file: layout.out.file) }

    var parameters: [Parameter] {
        spatial.parameters + (below.map { [$0.weights] } ?? []) + (normalisation.map { [$0.parameter] } ?? [])
    }

    func forward() throws(PapillaError) {
        try spatial.forward()
        try below?.forward()
        if let normalisation {
            if let bias = foldedBias {
                normalisation.unfold(bias: bias)
                foldedBias = nil
            }
            normalisation.forward()
        }
    }

    func backward() throws(PapillaError) {
        if let normalisation {
            normalisation.backward()
        } else {
            rectify_backward_f32(gradient.pointer, output.pointer, output.count)
        }
        try below?.backward()
        try spatial.backward()
    }

    /// Takes a file's kernel and bias. A normalised unit finds its scales and shifts on the first batch.
    func load(_ weights: Weights) throws(PapillaError) {
        let weight = weights[name + ".weight"]
        if let below {
            try below.load(layout, weight)
            try spatial.weights.value.load(layout.part(1, of: weight))
        } else {
            try spatial.weights.value.load(layout.part(0, of: weight))
        }
        let bias = weights[name + ".bias"].padded(to: layout.out.memory)
        try spatial.bias?.value.load(bias)
        if normalisation != nil { foldedBias = bias }
    }

    /// Random kernels need no scales to come back to.
    func startFresh() { foldedBias = nil }

    /// Puts the file's kernel and bias there, with the normalisation folded in.
    func store(in weights: inout Weights) throws(PapillaError) {
        let (weight, bias) = try folded()
        let inputs = weight.count / (9 * bias.count)
        weights.tensors[name + ".weight"] = Weights.Tensor(shape: [bias.count, inputs, 3, 3], values: weight)
        weights.tensors[name + ".bias"] = Weights.Tensor(shape: [bias.count], values: bias)
    }

    private func folded() throws(PapillaError) -> (weight: [Float], bias: [Float]) {
        let inputs = layout.inputs.reduce(0) { $0 + $1.file }
        var weight = [Float](repeating: 0, count: layout.out.file * inputs * 9)
        try below?.store(layout, in: &weight)
        layout.store(try spatial.weights.smoothed.values(), as: layout.inputs.count - 1, in: &weight)
        guard let normalisation else {
            return (weight, Array(try (spatial.bias?.smoothed.values() ?? []).prefix(layout.out.file)))
        }
        // Before the first batch a normalisation has no statistics: the weights are still those that were loaded.
        if let foldedBias { return (weight, Array(foldedBias.prefix(layout.out.file))) }
        var bias = [Float](repeating: 0, count: layout.out.file)
        for o in bias.indices {
            let (factor, shift) = normalisation.folded(o)
            bias[o] = shift
            for i in 0..<inputs * 9 { weight[o * inputs * 9 + i] *= factor }
        }
        return (weight, bias)
    }

    /// Moves the running averages of the statistics; the parameters' are the learner's business.
    func smooth(_ share: Float) { normalisation?.smooth(share) }

    func state() throws(PapillaError) -> [String: Weights.Tensor] {
        var result = try normalisation?.state() ?? [:]
        for parameter in spatial.parameters + (below.map { [$0.weights] } ?? []) {
            result.merge(try parameter.state()) { a, _ in a }
        }
        return result
    }

    func restore(_ state: Weights, isFresh: Bool) throws(PapillaError) {
        for parameter in spatial.parameters + (below.map { [$0.weights] } ?? []) { try parameter.restore(state) }
        try normalisation?.restore(state, isFresh: isFresh)
        if !isFresh { foldedBias = nil }
    }
}
