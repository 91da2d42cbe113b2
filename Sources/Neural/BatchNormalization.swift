internal import CKernels
internal import OneDNN
internal import Screening

/// Batch normalisation with a rectifier behind it, for training (Ioffe and Szegedy 2015):
/// y = max(0, scale · (x − mean) / √(variance + ε) + shift), mean and variance over N, H and W of each map.
///
/// Our own kernels, since oneDNN sums a whole map in fp32 and the division by small deviations makes that rounding large.
final class BatchNormalization {
    /// The end of a normalisation: what follows it.
    enum End {
        /// max(0, y).
        case rectifier
        /// min(max(0, y), ceiling).
        case limited(Float)
        /// y itself.
        case nothing
        /// y, and these maps are added.
        case addition(Tensor)

        fileprivate var limits: (floor: Float, ceiling: Float) {
            switch self {
            case .rectifier: (0, .infinity)
            case .limited(let ceiling): (0, ceiling)
            case .nothing, .addition: (-.infinity, .infinity)
            }
        }

        fileprivate var added: Tensor? {
            if case .addition(let maps) = self { maps } else { nil }
        }
    }

    /// Added to the variance.
    let epsilon: Float
    /// (2, C): scales, then shifts.
    let scaleAndShift: Tensor
    /// (2, C)
    let scaleAndShiftGradient: Tensor
    /// (C), of the last forward pass; where they are given, those to use.
    let mean: Tensor
    /// (C), of the last forward pass; biased.
    let variance: Tensor
    private let source: Tensor
    private let target: Tensor
    private let gradient: Tensor
    private let end: End
    private var sums: [Double]
    private let images: Int, channels: Int, plane: Int
    /// Whose images are one batch with these; nil: nobody's.
    private let ranks: Ranks?

    /// Normalises `source` to `target`, both blocked. Backward reads the target's gradient in `gradient` and leaves the source's there.
    init(_ source: Tensor, to target: Tensor, gradient: Tensor, end: End = .rectifier, epsilon: Float = 1e-5, ranks: Ranks? = nil)
        throws(PapillaError)
    {
        self.ranks = ranks
        self.source = source
        self.target = target
        self.gradient = gradient
        self.end = end
        self.epsilon = epsilon
        images = source.dimensions[0]
        channels = source.dimensions[1]
        plane = source.dimensions[2] * source.dimensions[3]
        scaleAndShift = try Tensor([2, channels])
        scaleAndShiftGradient = try Tensor([2, channels])
        mean = try Tensor([channels])
        variance = try Tensor([channels])
        sums = [Double](repeating: 0, count: 2 * images * channels)
    }

    /// Images of the batch, all ranks' ones.
    var all: Int { images * (ranks?.count ?? 1) }

    /// Source to target; sets mean and variance, or uses them if they are `given`.
    func forward(given: Bool = false) {
        if !given {
            normalise_sums_f32(source.pointer, &sums, images, channels, plane, Processor.block)
            normalise_moments(ranks?.gather(sums) ?? sums, all, channels, plane, mean.pointer, variance.pointer)
        }
        normalise_f32(
            source.pointer, end.added?.pointer, target.pointer, scaleAndShift.pointer, mean.pointer, variance.pointer, images,
            channels, plane, Processor.block, epsilon, end.limits.floor, end.limits.ceiling)
    }

    /// The target's gradient to the source's, in place; sets the gradient of scales and shifts, which is that of all ranks' images. As given as
    /// in the forward pass.
    func backward(given: Bool = false) {
        normalise_slopes_f32(
            source.pointer, target.pointer, gradient.pointer, mean.pointer, &sums, images, channels, plane, Processor.block,
            end.limits.floor, end.limits.ceiling)
        normalise_gradient(ranks?.gather(sums) ?? sums, all, channels, variance.pointer, epsilon, scaleAndShiftGradient.pointer)
        normalise_backward_f32(
            source.pointer, gradient.pointer, scaleAndShift.pointer, scaleAndShiftGradient.pointer, mean.pointer,
            variance.pointer, all, images, channels, plane, Processor.block, epsilon, given ? 1 : 0)
    }
}
