internal import COneDNN
public import Screening

#if canImport(Glibc)
    internal import Glibc
#endif

/// How a tensor's values lie in memory.
public enum Layout: Sendable {
    /// Row-major: N, C, H, W or (out, in, kh, kw) or one dimension.
    case plain
    /// N, C / block, H, W, block: what Winograd, pooling and our own kernels like.
    case blocked
}

/// fp32 values in memory that oneDNN knows. Owns its storage, aligned to a page and zero at first.
public final class Tensor {
    /// Logical dimensions.
    public let dimensions: [Int]
    /// Values in storage, padding included.
    public let count: Int
    /// The storage.
    public let pointer: UnsafeMutablePointer<Float>
    var descriptor: dnnl_memory_desc_t
    let memory: dnnl_memory_t?

    /// Zeros in a named layout.
    public convenience init(_ dimensions: [Int], _ layout: Layout = .plain) throws(PapillaError) {
        try self.init(dimensions, descriptor: Self.describe(dimensions, layout))
    }

    /// Zeros in another tensor's layout.
    public convenience init(like other: Tensor) throws(PapillaError) {
        try self.init(other.dimensions, descriptor: other.descriptor)
    }

    init(_ dimensions: [Int], descriptor: dnnl_memory_desc_t) throws(PapillaError) {
        self.dimensions = dimensions
        self.descriptor = descriptor
        let bytes = (dnnl_memory_desc_get_size(&self.descriptor) + 63) / 64 * 64
        count = bytes / MemoryLayout<Float>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
        memset(raw, 0, bytes)
        pointer = raw.bindMemory(to: Float.self, capacity: count)
        var memory: dnnl_memory_t?
        let status = dnnl_memory_create(&memory, &self.descriptor, OneDNN.engine, pointer)
        self.memory = memory
        try OneDNN.check(status, "memory \(dimensions)")
    }

    deinit {
        dnnl_memory_destroy(memory)
        pointer.deallocate()
    }

    static func describe(_ dimensions: [Int], _ layout: Layout) throws(PapillaError) -> dnnl_memory_desc_t {
        let tag: dnnl_format_tag_t
        switch (dimensions.count, layout) {
        case (1, _): tag = dnnl_a
        case (2, _): tag = dnnl_ab
        case (_, .plain): tag = dnnl_abcd
        case (_, .blocked): tag = OneDNN.block == 16 ? dnnl_aBcd16b : dnnl_aBcd8b
        }
        return try describe(dimensions, tag)
    }

    static func describe(_ dimensions: [Int], _ tag: dnnl_format_tag_t) throws(PapillaError) -> dnnl_memory_desc_t {
        var descriptor = dnnl_memory_desc_t()
        let status = dnnl_memory_desc_init_by_tag(
            &descriptor, Int32(dimensions.count), dimensions.map { dnnl_dim_t($0) }, dnnl_f32, tag)
        try OneDNN.check(status, "layout of \(dimensions)")
        return descriptor
    }

    /// Copies row-major values in, whatever the layout.
    public func load(_ values: [Float]) throws(PapillaError) {
        let plain = try Tensor(dimensions)
        precondition(values.count == dimensions.reduce(1, *))
        values.withUnsafeBufferPointer { if let base = $0.baseAddress { plain.pointer.update(from: base, count: $0.count) } }
        try Primitive.reorder(plain, to: self).run()
    }

    /// The values, row-major, whatever the layout.
    public func values() throws(PapillaError) -> [Float] {
        let plain = try Tensor(dimensions)
        try Primitive.reorder(self, to: plain).run()
        return Array(UnsafeBufferPointer(start: plain.pointer, count: dimensions.reduce(1, *)))
    }
}
