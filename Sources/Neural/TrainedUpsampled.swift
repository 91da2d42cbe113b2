internal import CKernels
internal import OneDNN
internal import Screening

/// The learner's convolution of the maps below, upsampled: added to what stands in the target.
final class TrainedUpsampled {
    let weights: Parameter
    private let target: Tensor
    private let gradient: Tensor
    private let isRectified: Bool
    private let way: Way

    private enum Way {
        /// To twice the side: ``UpsampledConvolution``.
        case sums(forward: Call, backward: Call)
        /// To more, and where the side is odd: products at low resolution, each added where its tap falls. They are not needed on the way back: their gradient takes
        /// their place.
        case nine(products: Tensor, convolution: TrainedConvolution, factor: Int)
    }

    /// - Parameters:
    ///   - gradient: of `target`.
    ///   - rectified: whether a rectifier follows.
    init(
        _ name: String, _ lower: TrainedMaps, to target: Tensor, gradient: Tensor, rectified: Bool, factor: Int,
        scratch: Scratch
    ) throws(PapillaError) {
        guard let sourceGradient = lower.gradient else { throw PapillaError(.internal, "Upsampled maps have a gradient") }
        let images = target.dimensions[0]
        let out = target.dimensions[1]
        let big = target.dimensions[2]
        self.target = target
        self.gradient = gradient
        isRectified = rectified
        if UpsampledConvolution.serves(lower.maps, factor: factor) {
            let weights = try Parameter(
                name + ".upsampled.weight", gradient: Tensor([out, lower.maps.dimensions[1], 3, 3]))
            let convolution = UpsampledConvolution(lower.maps, to: target, scratch: scratch)
            way = .sums(
                forward: try convolution.forward(weights: weights.value, rectified: rectified, constant: false),
                backward: try convolution.backward(
                    weights: weights.value, targetGradient: gradient, weightsGradient: weights.gradient,
                    sourceGradient: sourceGradient, accumulates: lower.accumulates))
            self.weights = weights
        } else {
            let products = try Tensor([images, 9 * out, big / factor, big / factor], .blocked)
            let convolution = try TrainedConvolution(
                name + ".products", lower.maps, to: products, gradient: products, sourceGradient: sourceGradient, kernel: 1,
                rectified: false, biased: false, accumulates: lower.accumulates, scratch: scratch)
            way = .nine(products: products, convolution: convolution, factor: factor)
            weights = convolution.weights
        }
    }

    func forward() throws(PapillaError) {
        switch way {
        case .sums(let forward, _): try forward()
        case .nine(let products, let convolution, let factor):
            try convolution.forward()
            let (out, big) = (target.dimensions[1], target.dimensions[2])
            for n in 0..<target.dimensions[0] {
                combine_f32(products.image(n), target.image(n), out, big, factor, Processor.block, isRectified ? 1 : 0)
            }
        }
    }

    func backward() throws(PapillaError) {
        switch way {
        case .sums(_, let backward): try backward()
        case .nine(let products, let convolution, let factor):
            let (out, big) = (gradient.dimensions[1], gradient.dimensions[2])
            for n in 0..<gradient.dimensions[0] {
                uncombine_f32(gradient.image(n), products.image(n), out, big, factor, Processor.block)
            }
            try convolution.backward()
        }
    }

    /// Takes its part of a file's kernel.
    func load(_ layout: KernelLayout, _ values: [Float]) throws(PapillaError) {
        switch way {
        case .sums: try weights.value.load(layout.part(0, of: values))
        case .nine: try weights.value.load(layout.nine(0, of: values))
        }
    }

    /// Puts its part back.
    func store(_ layout: KernelLayout, in values: inout [Float]) throws(PapillaError) {
        let own = try weights.smoothed.values()
        switch way {
        case .sums: layout.store(own, as: 0, in: &values)
        case .nine: layout.store(nine: own, as: 0, in: &values)
        }
    }
}

extension Tensor {
    /// Where an image of the batch begins.
    fileprivate func image(_ n: Int) -> UnsafeMutablePointer<Float> { pointer + n * (count / dimensions[0]) }
}
