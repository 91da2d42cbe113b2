internal import COneDNN
public import Screening

/// One call of oneDNN, made once with its arguments bound.
public final class Primitive {
    /// oneDNN's name of the code that it chose, `jit_wino_4x3:avx512_core` for one.
    public let implementation: String
    private let primitive: dnnl_primitive_t?
    private let arguments: [dnnl_exec_arg_t]
    private let tensors: [Tensor]

    /// Makes the primitive of a descriptor. `arguments` are oneDNN's argument numbers with the tensors bound to them.
    init(_ descriptor: dnnl_primitive_desc_t?, _ arguments: [(Int32, Tensor)]) throws(PapillaError) {
        var information: UnsafePointer<CChar>?
        try OneDNN.check(dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, &information), "implementation")
        implementation = information.map { String(cString: $0) } ?? ""
        var primitive: dnnl_primitive_t?
        let status = dnnl_primitive_create(&primitive, descriptor)
        self.primitive = primitive
        self.arguments = arguments.map { dnnl_exec_arg_t(arg: $0.0, memory: $0.1.memory) }
        tensors = arguments.map { $0.1 }
        try OneDNN.check(status, implementation)
    }

    deinit { dnnl_primitive_destroy(primitive) }

    /// Runs and waits.
    public func run() throws(PapillaError) {
        try OneDNN.check(dnnl_primitive_execute(primitive, OneDNN.stream, Int32(arguments.count), arguments), implementation)
        try OneDNN.check(dnnl_stream_wait(OneDNN.stream), implementation)
    }

    /// Copies `source` to `target`, from layout to layout.
    public static func reorder(_ source: Tensor, to target: Tensor) throws(PapillaError) -> Primitive {
        var descriptor: dnnl_primitive_desc_t?
        let status = dnnl_reorder_primitive_desc_create(
            &descriptor, &source.descriptor, OneDNN.engine, &target.descriptor, OneDNN.engine, nil)
        try OneDNN.check(status, "reorder of \(source.dimensions)")
        defer { dnnl_primitive_desc_destroy(descriptor) }
        return try Primitive(descriptor, [(DNNL_ARG_FROM, source), (DNNL_ARG_TO, target)])
    }

    /// Maximum over f x f, stride f, of blocked maps.
    public static func maximumPooling(_ source: Tensor, to target: Tensor, by factor: Int) throws(PapillaError) -> Primitive {
        var operation = dnnl_pooling_desc_t()
        let size = [dnnl_dim_t(factor), dnnl_dim_t(factor)]
        let place = "pooling of \(source.dimensions) by \(factor)"
        try OneDNN.check(
            dnnl_pooling_forward_desc_init(
                &operation, dnnl_forward_inference, dnnl_pooling_max, &source.descriptor, &target.descriptor, size, size, [0, 0],
                [0, 0]),
            place)
        var descriptor: dnnl_primitive_desc_t?
        try OneDNN.check(dnnl_primitive_desc_create(&descriptor, &operation, nil, OneDNN.engine, nil), place)
        defer { dnnl_primitive_desc_destroy(descriptor) }
        return try Primitive(descriptor, [(DNNL_ARG_SRC, source), (DNNL_ARG_DST, target)])
    }
}
