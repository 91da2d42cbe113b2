internal import OneDNN
internal import Screening

/// Batch normalisation of the learner, with the running statistics that folding uses.
final class TrainedNormalisation {
    let layer: BatchNormalization
    let parameter: Parameter
    private let name: String
    private let samples: Int
    /// How far a step moves the running statistics towards the batch's.
    private let share: Float
    /// Whether the running statistics are used, and stay, instead of the batch's.
    private let isFixed: Bool
    private(set) var mean: [Float]
    private(set) var variance: [Float]
    private var hasStatistics = false
    /// Running averages of mean and variance, beside that of the parameters.
    private var average: (mean: [Float], variance: [Float])?

    init(
        _ name: String, _ source: Tensor, to target: Tensor, gradient: Tensor, end: BatchNormalization.End = .rectifier,
        epsilon: Float = 1e-5, share: Float = 0.1, isFixed: Bool = false, ranks: Ranks?
    ) throws(PapillaError) {
        self.name = name
        self.share = share
        self.isFixed = isFixed
        layer = try BatchNormalization(source, to: target, gradient: gradient, end: end, epsilon: epsilon, ranks: ranks)
        parameter = try Parameter(name, value: layer.scaleAndShift, gradient: layer.scaleAndShiftGradient, isSummed: true)
        let channels = source.dimensions[1]
        samples = layer.all * source.dimensions[2] * source.dimensions[3]
        mean = [Float](repeating: 0, count: channels)
        variance = [Float](repeating: isFixed ? 1 - epsilon : 1, count: channels)
        for channel in 0..<channels { layer.scaleAndShift.pointer[channel] = 1 }
    }

    /// Normalises, and moves the running statistics towards the batch's.
    func forward() {
        if isFixed {
            for channel in mean.indices {
                layer.mean.pointer[channel] = mean[channel]
                layer.variance.pointer[channel] = variance[channel]
            }
            return layer.forward(given: true)
        }
        layer.forward()
        let share = hasStatistics ? share : 1
        let unbiased = Float(samples) / Float(max(1, samples - 1))
        for channel in mean.indices {
            mean[channel] += share * (layer.mean.pointer[channel] - mean[channel])
            variance[channel] += share * (layer.variance.pointer[channel] * unbiased - variance[channel])
        }
        hasStatistics = true
    }

    /// The target's gradient to the source's, in place.
    func backward() { layer.backward(given: isFixed) }

    /// Sets scales and shifts so that on this batch the normalised layer does what the folded one with `bias` did.
    func unfold(bias: [Float]) {
        let channels = mean.count
        if isFixed {
            // Mean 0 and deviation 1 stand there from the beginning, and so do the scales.
            for channel in 0..<channels { layer.scaleAndShift.pointer[channels + channel] = bias[channel] }
            return
        }
        layer.forward()
        for channel in 0..<channels {
            let deviation = (layer.variance.pointer[channel] + layer.epsilon).squareRoot()
            // A map that is the same everywhere has no scale of its own to come back to.
            let isFlat = layer.variance.pointer[channel] < 1e-12
            layer.scaleAndShift.pointer[channel] = isFlat ? 1 : deviation
            layer.scaleAndShift.pointer[channels + channel] = layer.mean.pointer[channel] + bias[channel]
        }
    }

    /// Takes what another training has left: four tensors named as PyTorch's state dict. Maps beyond theirs are padding.
    /// - Returns: whether the weights have them.
    func load(_ weights: Weights) -> Bool {
        let parts = ["weight", "bias", "running_mean", "running_var"].map { weights["\(name).\($0)"] }
        guard parts.allSatisfy({ !$0.isEmpty && $0.count <= mean.count }) else { return false }
        for channel in parts[0].indices {
            layer.scaleAndShift.pointer[channel] = parts[0][channel]
            layer.scaleAndShift.pointer[mean.count + channel] = parts[1][channel]
            mean[channel] = parts[2][channel]
            variance[channel] = parts[3][channel]
        }
        hasStatistics = true
        return true
    }

    /// What folding multiplies a map's kernel by, and the bias that it gets.
    func folded(_ channel: Int) -> (factor: Float, bias: Float) {
        let values = parameter.smoothed.pointer
        let mean = average?.mean ?? mean
        let variance = average?.variance ?? variance
        let factor = values[channel] / (variance[channel] + layer.epsilon).squareRoot()
        return (factor, values[mean.count + channel] - mean[channel] * factor)
    }

    /// Moves the running averages by `share` of the way to the statistics; begins them there.
    func smooth(_ share: Float) {
        guard var average else {
            average = (mean, variance)
            return
        }
        for channel in mean.indices {
            average.mean[channel] += share * (mean[channel] - average.mean[channel])
            average.variance[channel] += share * (variance[channel] - average.variance[channel])
        }
        self.average = average
    }

    func state() throws(PapillaError) -> [String: Weights.Tensor] {
        var result = try parameter.state()
        result[name + ".mean"] = Weights.Tensor(shape: [mean.count], values: mean)
        result[name + ".variance"] = Weights.Tensor(shape: [mean.count], values: variance)
        if let average {
            result[name + ".average.mean"] = Weights.Tensor(shape: [mean.count], values: average.mean)
            result[name + ".average.variance"] = Weights.Tensor(shape: [mean.count], values: average.variance)
        }
        return result
    }

    func restore(_ state: Weights, isFresh: Bool) throws(PapillaError) {
        try parameter.restore(state)
        guard state[name + ".mean"].count == mean.count, state[name + ".variance"].count == mean.count else {
            throw PapillaError(.badInput, "The snapshot lacks the running statistics of a layer", place: name)
        }
        mean = state[name + ".mean"]
        variance = state[name + ".variance"]
        hasStatistics = hasStatistics || !isFresh
        let saved = (mean: state[name + ".average.mean"], variance: state[name + ".average.variance"])
        average = saved.mean.count == mean.count && saved.variance.count == mean.count ? saved : nil
    }
}
