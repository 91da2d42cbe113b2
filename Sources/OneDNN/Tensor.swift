internal import COneDNN
public import Screening

#if canImport(Glibc)
    internal import Glibc
#endif

/// The order of a tensor's values in memory.
public enum Layout: Sendable {
    /// Row-major: N, C, H, W or (out, in, kh, kw) or one dimension.
    case plain
    /// N, C / block, H, W, block: what Winograd, pooling and our own fp32 kernels like.
    case blocked
    /// N, H, W, C: what integer code and bf16's like.
    case channelsLast
}

/// Memory that oneDNN knows. Owns its storage, aligned to a page and zero at first.
public class Storage {
    /// Logical dimensions.
    public let dimensions: [Int]
    /// Bytes in storage, padding included; a multiple of 64.
    public let byteCount: Int
    /// Where the values begin.
    public let raw: UnsafeMutableRawPointer
    var descriptor: dnnl_memory_desc_t
    let memory: dnnl_memory_t?
    /// Whether the values are whole numbers of −128...127.
    var isSigned: Bool { descriptor.data_type == dnnl_s8 }

    init(_ dimensions: [Int], descriptor: dnnl_memory_desc_t) throws(PapillaError) {
        self.dimensions = dimensions
        self.descriptor = descriptor
        byteCount = (dnnl_memory_desc_get_size(&self.descriptor) + 63) / 64 * 64
        raw = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 4096)
        memset(raw, 0, byteCount)
        var memory: dnnl_memory_t?
        let status = dnnl_memory_create(&memory, &self.descriptor, Processor.engine, raw)
        self.memory = memory
        try Processor.check(status, "memory \(dimensions)")
    }

    deinit {
        dnnl_memory_destroy(memory)
        raw.deallocate()
    }

    static func describe(
        _ dimensions: [Int], _ layout: Layout, _ type: dnnl_data_type_t = dnnl_f32
    ) throws(PapillaError) -> dnnl_memory_desc_t {
        let tag: dnnl_format_tag_t
        switch (dimensions.count, layout) {
        case (1, _): tag = dnnl_a
        case (2, _): tag = dnnl_ab
        case (_, .plain): tag = dnnl_abcd
        case (_, .blocked): tag = Processor.block == 16 ? dnnl_aBcd16b : dnnl_aBcd8b
        case (_, .channelsLast): tag = dnnl_acdb
        }
        return try describe(dimensions, tag, type)
    }

    static func describe(
        _ dimensions: [Int], _ tag: dnnl_format_tag_t, _ type: dnnl_data_type_t = dnnl_f32
    ) throws(PapillaError) -> dnnl_memory_desc_t {
        var descriptor = dnnl_memory_desc_t()
        let status = dnnl_memory_desc_init_by_tag(
            &descriptor, Int32(dimensions.count), dimensions.map { dnnl_dim_t($0) }, type, tag)
        try Processor.check(status, "layout of \(dimensions)")
        return descriptor
    }
}

/// fp32 values.
public final class Tensor: Storage {
    /// The storage.
    public var pointer: UnsafeMutablePointer<Float> { raw.assumingMemoryBound(to: Float.self) }
    /// Values in storage, padding included.
    public var count: Int { byteCount / MemoryLayout<Float>.stride }

    /// Zeros in a named layout.
    public convenience init(_ dimensions: [Int], _ layout: Layout = .plain) throws(PapillaError) {
        try self.init(dimensions, descriptor: Self.describe(dimensions, layout))
    }

    /// Zeros in another tensor's layout.
    public convenience init(like other: Tensor) throws(PapillaError) {
        try self.init(other.dimensions, descriptor: other.descriptor)
    }

    override init(_ dimensions: [Int], descriptor: dnnl_memory_desc_t) throws(PapillaError) {
        try super.init(dimensions, descriptor: descriptor)
        raw.bindMemory(to: Float.self, capacity: count)
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

/// Whole numbers of 8 bits: maps with the channels last, or kernels row-major.
public final class ByteTensor: Storage {
    /// Zeros, N x C x H x W, channels last.
    /// - Parameter isSigned: −128...127 instead of 0...255.
    public convenience init(_ dimensions: [Int], isSigned: Bool = false) throws(PapillaError) {
        try self.init(
            dimensions, descriptor: Self.describe(dimensions, .channelsLast, isSigned ? dnnl_s8 : dnnl_u8))
    }

    /// Kernels (out, in, k, k), row-major.
    convenience init(kernels values: [Int8], _ dimensions: [Int]) throws(PapillaError) {
        try self.init(dimensions, descriptor: Self.describe(dimensions, .plain, dnnl_s8))
        precondition(values.count == dimensions.reduce(1, *))
        values.withUnsafeBytes { if let base = $0.baseAddress { raw.copyMemory(from: base, byteCount: $0.count) } }
    }
}

/// Maps in bf16, the upper half of an fp32, with the channels last.
public final class HalfTensor: Storage {
    /// Zeros, N x C x H x W.
    public convenience init(_ dimensions: [Int]) throws(PapillaError) {
        try self.init(dimensions, descriptor: Self.describe(dimensions, .channelsLast, dnnl_bf16))
    }
}
