internal import COneDNN
public import Screening

/// A k x k convolution of whole numbers, stride 1, padding k / 2: 0...255 or −128...127 times −63...63, summed in 32 bits.
///
/// target = round(scale · (sum + bias) + share · what stood there), clamped to the target's range after the rectifier.
public struct QuantisedConvolution {
    /// Kernels use −63...63: so the sums of pairs that CPUs without VNNI form in 16 bits never overflow, and every CPU gives the same numbers.
    public static let largestWeight = 63
    /// Kernels (out, in, k, k), row-major.
    public let kernels: [Int8]
    /// For each map of the target, what a sum is multiplied by.
    public let scales: [Float]
    /// For each map of the target, in units of the sum.
    public let bias: [Float]
    /// Side of the kernel: 1 or 3.
    public let side: Int
    /// A rectifier behind it.
    public let rectified: Bool
    /// What stands in the target, read as signed numbers, is multiplied by it and added; nil: overwritten.
    public let share: Float?

    /// A convolution of whole numbers.
    public init(kernels: [Int8], scales: [Float], bias: [Float], side: Int, rectified: Bool, share: Float? = nil) {
        self.kernels = kernels
        self.scales = scales
        self.bias = bias
        self.side = side
        self.rectified = rectified
        self.share = share
    }

    /// From `source` (a ``ByteTensor``) to `target`: whole numbers, or fp32 with the channels last.
    public func forward(_ source: Storage, to target: Storage) throws(PapillaError) -> Primitive {
        let (out, maps) = (target.dimensions[1], source.dimensions[1])
        let place = "integer convolution \(source.dimensions) to \(target.dimensions), \(side)x\(side)"
        let padding = [dnnl_dim_t(side / 2), dnnl_dim_t(side / 2)]
        var weights = try Storage.describe([out, maps, side, side], dnnl_format_tag_any, dnnl_s8)
        // oneDNN reads signed numbers 128 higher and, on CPUs without VNNI, halves their kernels: doubled ones come back as they were.
        let factor = source.isSigned ? 2 : 1
        let biases = try Tensor([out])
        try biases.load(bias.map { $0 * Float(factor) })
        var operation = dnnl_convolution_desc_t()
        try Processor.check(
            dnnl_convolution_forward_desc_init(
                &operation, dnnl_forward_inference, dnnl_convolution_direct, &source.descriptor, &weights, &biases.descriptor,
                &target.descriptor, [1, 1], padding, padding), place)
        let attributes = try attributes(scales.map { $0 / Float(factor) }, place)
        defer { dnnl_primitive_attr_destroy(attributes) }
        var descriptor: dnnl_primitive_desc_t?
        try Processor.check(dnnl_primitive_desc_create(&descriptor, &operation, attributes, Processor.engine, nil), place)
        defer { dnnl_primitive_desc_destroy(descriptor) }
        guard let wanted = dnnl_primitive_desc_query_md(descriptor, dnnl_query_weights_md, 0) else {
            throw PapillaError(.internal, "oneDNN gave no layout", place: place)
        }
        let packed = try ByteTensor([out, maps, side, side], descriptor: wanted.pointee)
        try Primitive.reorder(ByteTensor(kernels: kernels.map { $0 * Int8(factor) }, [out, maps, side, side]), to: packed).run()
        let call = try Primitive(
            descriptor,
            [(DNNL_ARG_SRC, source), (DNNL_ARG_WEIGHTS, packed), (DNNL_ARG_BIAS, biases), (DNNL_ARG_DST, target)])
        guard !call.implementation.hasPrefix("ref") || source.dimensions[2] <= 2 else {
            throw PapillaError(
                .internal, "oneDNN has no fast code for a layer on this CPU (\(Processor.instructionSet))", place: place)
        }
        return call
    }

    private func attributes(_ scales: [Float], _ place: String) throws(PapillaError) -> dnnl_primitive_attr_t? {
        var attributes: dnnl_primitive_attr_t?
        var operations: dnnl_post_ops_t?
        try Processor.check(dnnl_primitive_attr_create(&attributes), place)
        try Processor.check(dnnl_post_ops_create(&operations), place)
        defer { dnnl_post_ops_destroy(operations) }
        try Processor.check(dnnl_primitive_attr_set_output_scales(attributes, dnnl_dim_t(scales.count), 2, scales), place)
        if let share { try Processor.check(dnnl_post_ops_append_sum_v2(operations, share, dnnl_s8), place) }
        if rectified { try Processor.check(dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0), place) }
        try Processor.check(dnnl_primitive_attr_set_post_ops(attributes, operations), place)
        return attributes
    }
}
