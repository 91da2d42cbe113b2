internal import CKernels
internal import OneDNN
internal import Screening

/// A convolution of the learner: forward, the gradient of its weights, and the gradient of its source.
final class TrainedConvolution {
    let weights: Parameter
    let bias: Parameter?
    private var forwardCalls: [Call] = []
    private var backwardCalls: [Call] = []

    /// - Parameters:
    ///   - gradient: of `target`.
    ///   - sourceGradient: overwritten by ``backward()``, or added to if `accumulates`; nil for the input.
    init(
        _ name: String, _ source: Tensor, to target: Tensor, gradient: Tensor, sourceGradient: Tensor?, kernel: Int,
        stride: Int = 1, rectified: Bool, biased: Bool, accumulates: Bool = false, scratch: Scratch
    ) throws(PapillaError) {
        let biasGradient = biased ? try Tensor([target.dimensions[1]]) : nil
        if let biasGradient { bias = try Parameter(name + ".bias", gradient: biasGradient) } else { bias = nil }
        if kernel == 3, stride == 1, let convolution = WinogradConvolution(source, to: target, training: true, scratch: scratch) {
            weights = try Parameter(name + ".weight", gradient: Tensor([target.dimensions[1], source.dimensions[1], 3, 3]))
            forwardCalls = [
                try convolution.forward(weights: weights.value, bias: bias?.value, rectified: rectified, constant: false)
            ]
            backwardCalls = [
                try convolution.backwardWeights(
                    targetGradient: gradient, weightsGradient: weights.gradient, biasGradient: biasGradient)
            ]
            guard let sourceGradient else { return }
            backwardCalls.append(
                try convolution.backwardData(
                    weights: weights.value, targetGradient: gradient, sourceGradient: sourceGradient, accumulates: accumulates))
            return
        }
        let convolution = Convolution(source, to: target, kernel: kernel, stride: stride, rectified: rectified, training: true)
        let (weightsCall, weightsGradient) = try convolution.backwardWeights(targetGradient: gradient, biasGradient: biasGradient)
        // The gradient's layout is the parameter's; forward and data copy from it where they want another.
        weights = try Parameter(name + ".weight", gradient: weightsGradient)
        forwardCalls = try convolution.forward(weights: weights.value, bias: bias?.value, constant: false).map(\.call)
        backwardCalls = [weightsCall.call]
        guard let sourceGradient else { return }
        // Where several convolutions read one source, all but the first add their gradient to it.
        let into = accumulates ? try Tensor(like: sourceGradient) : sourceGradient
        backwardCalls += try convolution.backwardData(
            weights: weights.value, targetGradient: gradient, sourceGradient: into
        ).map(\.call)
        if accumulates { backwardCalls.append(Self.addition(of: into, to: sourceGradient)) }
    }

    private static func addition(of tensor: Tensor, to sum: Tensor) -> Call {
        { () throws(PapillaError) in add_f32(sum.pointer, tensor.pointer, tensor.count) }
    }

    var parameters: [Parameter] { [weights] + (bias.map { [$0] } ?? []) }

    func forward() throws(PapillaError) { for call in forwardCalls { try call() } }
    func backward() throws(PapillaError) { for call in backwardCalls { try call() } }
}

extension Primitive {
    /// As a step of a network.
    var call: Call { { () throws(PapillaError) in try self.run() } }
}
