internal import OneDNN
internal import Screening

/// Batch normalisation of the learner, with the running statistics that folding uses.
final class TrainedNormalisation {
    let layer: BatchNormalization
    let parameter: Parameter
    private let name: String
    private let samples: Int
    private(set) var mean: [Float]
    private(set) var variance: [Float]
    private var hasStatistics = false
    /// Running averages of mean and variance, beside that of the parameters.
    private var average: (mean: [Float], variance: [Float])?

    init(_ name: String, _ source: Tensor, to target: Tensor, gradient: Tensor) throws(PapillaError) {
        self.name = name
        layer = try BatchNormalization(source, to: target, gradient: gradient)
        parameter = try Parameter(name, value: layer.scaleAndShift, gradient: layer.scaleAndShiftGradient)
        let channels = source.dimensions[1]
        samples = source.dimensions[0] * source.dimensions[2] * source.dimensions[3]
        (mean, variance) = ([Float](repeating: 0, count: channels), [Float](repeating: 1, count: channels))
        for channel in 0..<channels { layer.scaleAndShift.pointer[channel] = 1 }
    }

    /// Normalises, and moves the running statistics a tenth of the way to the batch's.
    func forward() {
        layer.forward()
        let share: Float = hasStatistics ? 0.1 : 1
        let unbiased = Float(samples) / Float(max(1, samples - 1))
        for channel in mean.indices {
            mean[channel] += share * (layer.mean.pointer[channel] - mean[channel])
            variance[channel] += share * (layer.variance.pointer[channel] * unbiased - variance[channel])
        }
        hasStatistics = true
    }

    /// Sets scales and shifts so that on this batch the normalised layer does what the folded one with `bias` did.
    func unfold(bias: [Float]) {
        layer.forward()
        let channels = mean.count
        for channel in 0..<channels {
            let deviation = (layer.variance.pointer[channel] + BatchNormalization.epsilon).squareRoot()
            // A map that is the same everywhere has no scale of its own to come back to.
            let isFlat = layer.variance.pointer[channel] < 1e-12
            layer.scaleAndShift.pointer[channel] = isFlat ? 1 : deviation
            layer.scaleAndShift.pointer[channels + channel] = layer.mean.pointer[channel] + bias[channel]
        }
    }

    /// What folding multiplies a map's kernel by, and the bias that it gets.
    func folded(_ channel: Int) -> (factor: Float, bias: Float) {
        let (values, mean, variance) = (parameter.smoothed.pointer, average?.mean ?? mean, average?.variance ?? variance)
        let factor = values[channel] / (variance[channel] + BatchNormalization.epsilon).squareRoot()
        return (factor, values[mean.count + channel] - mean[channel] * factor)
    }

    /// Moves the running averages by `share` of the way to the statistics; begins them there.
    func smooth(_ share: Float) {
        guard var average else { return average = (mean, variance) }
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
        (mean, variance, hasStatistics) = (state[name + ".mean"], state[name + ".variance"], !isFresh)
        let saved = (mean: state[name + ".average.mean"], variance: state[name + ".average.variance"])
        average = saved.mean.count == mean.count && saved.variance.count == mean.count ? saved : nil
    }
}
