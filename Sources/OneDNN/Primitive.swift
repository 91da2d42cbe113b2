internal import COneDNN
public import Screening

/// One call of oneDNN, made once with its arguments bound.
public final class Primitive {
    /// oneDNN's name of the code that it chose, `jit_wino_4x3:avx512_core` for one.
    public let implementation: String
    private let primitive: dnnl_primitive_t?
    private let arguments: [dnnl_exec_arg_t]
    private let tensors: [Storage]

    /// Makes the primitive of a descriptor. `arguments` are oneDNN's argument numbers with the tensors bound to them.
    init(_ descriptor: dnnl_primitive_desc_t?, _ arguments: [(Int32, Storage)]) throws(PapillaError) {
        var information: UnsafePointer<CChar>?
        try Processor.check(dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, &information), "implementation")
        implementation = information.map { String(cString: $0) } ?? ""
        var primitive: dnnl_primitive_t?
        let status = dnnl_primitive_create(&primitive, descriptor)
        self.primitive = primitive
        self.arguments = arguments.map { dnnl_exec_arg_t(arg: $0.0, memory: $0.1.memory) }
        tensors = arguments.map { $0.1 }
        try Processor.check(status, implementation)
    }

    deinit { dnnl_primitive_destroy(primitive) }

    /// Runs and waits.
    public func run() throws(PapillaError) {
        try Processor.check(
            dnnl_primitive_execute(primitive, Processor.stream, Int32(arguments.count), arguments), implementation)
        try Processor.check(dnnl_stream_wait(Processor.stream), implementation)
    }

    /// Copies `source` to `target`, from layout to layout and from type to type, multiplied by `scale`; whole numbers are rounded and clamped.
    public static func reorder(_ source: Storage, to target: Storage, scale: Float = 1) throws(PapillaError) -> Primitive {
        var descriptor: dnnl_primitive_desc_t?
        var attributes: dnnl_primitive_attr_t?
        defer { dnnl_primitive_attr_destroy(attributes) }
        if scale != 1 {
            try Processor.check(dnnl_primitive_attr_create(&attributes), "attributes of a reorder")
            try Processor.check(dnnl_primitive_attr_set_output_scales(attributes, 1, 0, [scale]), "scale of a reorder")
        }
        let status = dnnl_reorder_primitive_desc_create(
            &descriptor, &source.descriptor, Processor.engine, &target.descriptor, Processor.engine, attributes)
        try Processor.check(status, "reorder of \(source.dimensions)")
        defer { dnnl_primitive_desc_destroy(descriptor) }
        return try Primitive(descriptor, [(DNNL_ARG_FROM, source), (DNNL_ARG_TO, target)])
    }

    /// Maximum over f x f, stride f.
    public static func maximumPooling(_ source: Storage, to target: Storage, by factor: Int) throws(PapillaError) -> Primitive {
        var operation = dnnl_pooling_desc_t()
        let size = [dnnl_dim_t(factor), dnnl_dim_t(factor)]
        let place = "pooling of \(source.dimensions) by \(factor)"
        try Processor.check(
            dnnl_pooling_forward_desc_init(
                &operation, dnnl_forward_inference, dnnl_pooling_max, &source.descriptor, &target.descriptor, size, size, [0, 0],
                [0, 0]),
            place)
        var descriptor: dnnl_primitive_desc_t?
        try Processor.check(dnnl_primitive_desc_create(&descriptor, &operation, nil, Processor.engine, nil), place)
        defer { dnnl_primitive_desc_destroy(descriptor) }
        return try Primitive(descriptor, [(DNNL_ARG_SRC, source), (DNNL_ARG_DST, target)])
    }
}
