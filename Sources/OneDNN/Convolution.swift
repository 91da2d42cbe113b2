internal import COneDNN
public import Screening

/// A k x k convolution as oneDNN primitives: forward, and its two ways back. Padding is (k − stride) / 2 zeros before, the rest behind:
/// k / 2 on either side at stride 1.
///
/// 3x3 convolutions with enough tiles do not come here: our own Winograd kernels take them. For the rest Winograd is asked for by name
/// wherever it exists, with AVX-512 (oneDNN's own choice never takes it), and direct code serves elsewhere. The rule is fixed, not
/// timed, so that the same network always runs the same code on the same CPU.
public struct Convolution {
    /// (N, in, H, W): a ``Tensor`` or a ``HalfTensor``.
    public let source: Storage
    /// (N, out, H, W): as the source, or a ``Tensor``.
    public let target: Storage
    /// Side of the kernel: 1 or 3.
    public let kernel: Int
    /// Distance of the outputs in the source, px.
    public var stride = 1
    /// A rectifier fused behind the forward pass.
    public var rectified = false
    /// What the rectifier lets through at the most; nil: everything.
    public var ceiling: Float?
    /// The forward pass adds to what stands in the target.
    public var accumulates = false
    /// For training: the forward pass keeps to what the backward passes expect.
    public var training = false

    /// A convolution from `source` to `target`.
    public init(
        _ source: Storage, to target: Storage, kernel: Int, stride: Int = 1, rectified: Bool = false, ceiling: Float? = nil,
        accumulates: Bool = false, training: Bool = false
    ) {
        self.source = source
        self.target = target
        self.kernel = kernel
        self.stride = stride
        self.rectified = rectified
        self.ceiling = ceiling
        self.accumulates = accumulates
        self.training = training
    }

    private var weightDimensions: [Int] { [target.dimensions[1], source.dimensions[1], kernel, kernel] }
    private var place: String { "convolution \(source.dimensions) to \(target.dimensions), \(kernel)x\(kernel)" }

    /// The forward pass. `weights` (out, in, k, k) are copied to the layout that the chosen code wants, unless they have it.
    /// - Returns: the calls to run, in order: with `constant` weights the copy is made now and only the convolution is left.
    public func forward(weights: Tensor, bias: Tensor?, constant: Bool) throws(PapillaError) -> [Primitive] {
        let descriptor = try make(.forward, bias: bias)
        defer { dnnl_primitive_desc_destroy(descriptor) }
        let (packed, copy) = try pack(weights, descriptor, dnnl_query_weights_md)
        var arguments: [(Int32, Storage)] = [(DNNL_ARG_SRC, source), (DNNL_ARG_WEIGHTS, packed), (DNNL_ARG_DST, target)]
        if let bias { arguments.append((DNNL_ARG_BIAS, bias)) }
        let call = try Primitive(descriptor, arguments)
        guard let copy else { return [call] }
        if constant {
            try copy.run()
            return [call]
        }
        return [copy, call]
    }

    /// The gradient of the source: `targetGradient` (N, out, H, W) to `sourceGradient` (N, in, H, W), which is overwritten.
    public func backwardData(weights: Tensor, targetGradient: Tensor, sourceGradient: Tensor) throws(PapillaError) -> [Primitive]
    {
        let descriptor = try make(.data, bias: nil)
        defer { dnnl_primitive_desc_destroy(descriptor) }
        let (packed, copy) = try pack(weights, descriptor, dnnl_query_weights_md)
        let call = try Primitive(
            descriptor, [(DNNL_ARG_DIFF_SRC, sourceGradient), (DNNL_ARG_WEIGHTS, packed), (DNNL_ARG_DIFF_DST, targetGradient)])
        return (copy.map { [$0] } ?? []) + [call]
    }

    /// The gradient of the weights and of the bias.
    /// - Returns: the call, and the gradient's tensor in the layout that the chosen code writes.
    public func backwardWeights(targetGradient: Tensor, biasGradient: Tensor?) throws(PapillaError) -> (
        Primitive, gradient: Tensor
    ) {
        let descriptor = try make(.weights, bias: biasGradient)
        defer { dnnl_primitive_desc_destroy(descriptor) }
        guard let wanted = dnnl_primitive_desc_query_md(descriptor, dnnl_query_diff_weights_md, 0) else {
            throw PapillaError(.internal, "oneDNN gave no layout", place: place)
        }
        let gradient = try Tensor(weightDimensions, descriptor: wanted.pointee)
        var arguments: [(Int32, Storage)] = [
            (DNNL_ARG_SRC, source), (DNNL_ARG_DIFF_WEIGHTS, gradient), (DNNL_ARG_DIFF_DST, targetGradient),
        ]
        if let biasGradient { arguments.append((DNNL_ARG_DIFF_BIAS, biasGradient)) }
        return (try Primitive(descriptor, arguments), gradient)
    }

    private enum Pass { case forward, data, weights }

    private func pack(
        _ weights: Tensor, _ descriptor: dnnl_primitive_desc_t?, _ query: dnnl_query_t
    ) throws(PapillaError) -> (Storage, copy: Primitive?) {
        guard let wanted = dnnl_primitive_desc_query_md(descriptor, query, 0) else {
            throw PapillaError(.internal, "oneDNN gave no layout", place: place)
        }
        if dnnl_memory_desc_equal(wanted, &weights.descriptor) != 0 { return (weights, nil) }
        let packed = try Storage(weightDimensions, descriptor: wanted.pointee)
        return (packed, try Primitive.reorder(weights, to: packed))
    }

    private func make(_ pass: Pass, bias: Tensor?) throws(PapillaError) -> dnnl_primitive_desc_t? {
        let winograd = kernel == 3 && stride == 1 && source.dimensions[1] >= 16 && target.dimensions[1] >= 16
        for algorithm in winograd ? [dnnl_convolution_winograd, dnnl_convolution_direct] : [dnnl_convolution_direct] {
            guard let descriptor = describe(pass, algorithm, bias: bias) else { continue }
            var information: UnsafePointer<CChar>?
            dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, &information)
            // The reference code is a thousand times slower: never by accident. Maps of 2 x 2 and less have no other without AVX-512.
            let isReference = information.map { String(cString: $0).hasPrefix("ref") } ?? true
            if !isReference || source.dimensions[2] <= 2 { return descriptor }
            dnnl_primitive_desc_destroy(descriptor)
        }
        throw PapillaError(
            .internal, "oneDNN has no fast code for a layer on this CPU (\(Processor.instructionSet))", place: place)
    }

    private func describe(_ pass: Pass, _ algorithm: dnnl_alg_kind_t, bias: Tensor?) -> dnnl_primitive_desc_t? {
        let before = [dnnl_dim_t](repeating: dnnl_dim_t((kernel - stride) / 2), count: 2)
        let behind = [2, 3].map { axis in
            dnnl_dim_t((target.dimensions[axis] - 1) * stride + kernel - (kernel - stride) / 2 - source.dimensions[axis])
        }
        let strides = [dnnl_dim_t(stride), dnnl_dim_t(stride)]
        var operation = dnnl_convolution_desc_t()
        guard var weights = try? Storage.describe(weightDimensions, dnnl_format_tag_any, source.descriptor.data_type),
            var biases = try? Tensor.describe([target.dimensions[1]], .plain)
        else { return nil }
        let kind = training ? dnnl_forward_training : dnnl_forward_inference
        let asked =
            bias == nil
            ? dnnl_convolution_forward_desc_init(
                &operation, kind, algorithm, &source.descriptor, &weights, nil, &target.descriptor, strides, before, behind)
            : dnnl_convolution_forward_desc_init(
                &operation, kind, algorithm, &source.descriptor, &weights, &biases, &target.descriptor, strides, before, behind)
        var forward: dnnl_primitive_desc_t?
        guard asked == dnnl_success else { return nil }
        let attributes = pass == .forward ? attributes() : nil
        defer { dnnl_primitive_attr_destroy(attributes) }
        guard dnnl_primitive_desc_create(&forward, &operation, attributes, Processor.engine, nil) == dnnl_success else {
            return nil
        }
        if pass == .forward { return forward }
        defer { dnnl_primitive_desc_destroy(forward) }
        let status: dnnl_status_t
        switch (pass, bias) {
        case (.data, _):
            status = dnnl_convolution_backward_data_desc_init(
                &operation, algorithm, &source.descriptor, &weights, &target.descriptor, strides, before, behind)
        case (_, nil):
            status = dnnl_convolution_backward_weights_desc_init(
                &operation, algorithm, &source.descriptor, &weights, nil, &target.descriptor, strides, before, behind)
        default:
            status = dnnl_convolution_backward_weights_desc_init(
                &operation, algorithm, &source.descriptor, &weights, &biases, &target.descriptor, strides, before, behind)
        }
        var backward: dnnl_primitive_desc_t?
        guard status == dnnl_success,
            dnnl_primitive_desc_create(&backward, &operation, nil, Processor.engine, forward) == dnnl_success
        else {
            return nil
        }
        return backward
    }

    private func attributes() -> dnnl_primitive_attr_t? {
        guard rectified || accumulates else { return nil }
        var attributes: dnnl_primitive_attr_t?
        var operations: dnnl_post_ops_t?
        guard dnnl_primitive_attr_create(&attributes) == dnnl_success, dnnl_post_ops_create(&operations) == dnnl_success else {
            return nil
        }
        defer { dnnl_post_ops_destroy(operations) }
        if accumulates { dnnl_post_ops_append_sum(operations, 1) }
        if rectified, let ceiling {
            dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_clip, 0, ceiling)
        } else if rectified {
            dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0)
        }
        dnnl_primitive_attr_set_post_ops(attributes, operations)
        return attributes
    }
}
