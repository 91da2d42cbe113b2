internal import COneDNN
public import Screening

/// Batch normalisation with a rectifier behind it, for training (Ioffe and Szegedy 2015):
/// y = max(0, scale · (x − mean) / √(variance + ε) + shift), mean and variance over N, H and W of each map.
public final class BatchNormalization {
    /// Added to the variance.
    public static let epsilon: Float = 1e-5
    /// (2, C): scales, then shifts.
    public let scaleAndShift: Tensor
    /// (2, C)
    public let scaleAndShiftGradient: Tensor
    /// (C), of the last forward pass.
    public let mean: Tensor
    /// (C), of the last forward pass; biased.
    public let variance: Tensor
    private let forwardCall: Primitive
    private let backwardCall: Primitive

    /// Normalises `source` to `target`. Backward reads the target's gradient in `gradient` and leaves the source's there.
    public init(_ source: Tensor, to target: Tensor, gradient: Tensor) throws(PapillaError) {
        let channels = source.dimensions[1]
        scaleAndShift = try Tensor([2, channels])
        scaleAndShiftGradient = try Tensor([2, channels])
        mean = try Tensor([channels])
        variance = try Tensor([channels])
        let flags = dnnl_use_scaleshift.rawValue | dnnl_fuse_norm_relu.rawValue
        let place = "batch normalisation of \(source.dimensions)"
        var operation = dnnl_batch_normalization_desc_t()
        var forward: dnnl_primitive_desc_t?
        try OneDNN.check(
            dnnl_batch_normalization_forward_desc_init(
                &operation, dnnl_forward_training, &source.descriptor, Self.epsilon, flags), place)
        try OneDNN.check(dnnl_primitive_desc_create(&forward, &operation, nil, OneDNN.engine, nil), place)
        defer { dnnl_primitive_desc_destroy(forward) }
        guard let wanted = dnnl_primitive_desc_query_md(forward, dnnl_query_workspace_md, 0) else {
            throw PapillaError(.internal, "oneDNN gave no workspace", place: place)
        }
        let workspace = try Tensor([], descriptor: wanted.pointee)
        forwardCall = try Primitive(
            forward,
            [
                (DNNL_ARG_SRC, source), (DNNL_ARG_DST, target), (DNNL_ARG_WEIGHTS_0, scaleAndShift), (DNNL_ARG_MEAN, mean),
                (DNNL_ARG_VARIANCE, variance), (DNNL_ARG_WORKSPACE, workspace),
            ])
        var backward: dnnl_primitive_desc_t?
        try OneDNN.check(
            dnnl_batch_normalization_backward_desc_init(
                &operation, dnnl_backward, &gradient.descriptor, &source.descriptor, Self.epsilon, flags), place)
        try OneDNN.check(dnnl_primitive_desc_create(&backward, &operation, nil, OneDNN.engine, forward), place)
        defer { dnnl_primitive_desc_destroy(backward) }
        backwardCall = try Primitive(
            backward,
            [
                (DNNL_ARG_SRC, source), (DNNL_ARG_MEAN, mean), (DNNL_ARG_VARIANCE, variance), (DNNL_ARG_DIFF_DST, gradient),
                (DNNL_ARG_WEIGHTS_0, scaleAndShift), (DNNL_ARG_WORKSPACE, workspace), (DNNL_ARG_DIFF_SRC, gradient),
                (DNNL_ARG_DIFF_WEIGHTS_0, scaleAndShiftGradient),
            ])
    }

    /// oneDNN's name of the code that it chose.
    public var implementation: String { forwardCall.implementation }

    /// Source to target; sets mean and variance.
    public func forward() throws(PapillaError) { try forwardCall.run() }

    /// The target's gradient to the source's, in place; sets the gradient of scales and shifts.
    public func backward() throws(PapillaError) { try backwardCall.run() }
}
