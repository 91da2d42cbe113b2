internal import CKernels
internal import OneDNN
internal import Screening

/// A 3x3 convolution of maps that are upsampled to twice their side, added to what stands in the target, with a rectifier behind it.
///
/// Upsampled maps are never made, and neighbouring pixels share their products: 25 for 4 x 4 outputs, where nine at low resolution
/// (``NineProducts``) would be 36. Differences of neighbours are all that it takes, so next to nothing is lost.
struct UpsampledConvolution {
    private let source: Tensor
    private let target: Tensor
    private let scratch: Scratch
    private let images: Int
    private let low: Int
    private let maps: Int
    private let out: Int

    /// Whether it can be: to twice the side, by squares of four.
    static func serves(_ source: Tensor, factor: Int) -> Bool { factor == 2 && source.dimensions[2] % 2 == 0 }

    /// A convolution from `source` (N, in, S, S) to `target` (N, out, 2 S, 2 S), both blocked.
    init(_ source: Tensor, to target: Tensor, scratch: Scratch) {
        images = source.dimensions[0]
        maps = source.dimensions[1]
        low = source.dimensions[2]
        out = target.dimensions[1]
        self.source = source
        self.target = target
        self.scratch = scratch
    }

    /// The forward pass.
    /// - Parameters:
    ///   - weights: (out, in, 3, 3), row-major.
    ///   - constant: whether they stay as they are, so that their sums are made now.
    func forward(weights: Tensor, rectified: Bool, constant: Bool) throws(PapillaError) -> Call {
        let work = upsampled_scratch(images, low, maps, out, Processor.block)
        try scratch.reserve(work + (constant ? 0 : 25 * out * maps))
        let prepared = constant ? try Tensor([25 * out * maps]) : nil
        if let prepared { upsampled_kernels_f32(weights.pointer, prepared.pointer, maps, out, 0) }
        return { () throws(PapillaError) in
            let memory = try scratch.memory()
            let sums = prepared?.pointer ?? memory + work
            if prepared == nil { upsampled_kernels_f32(weights.pointer, sums, maps, out, 0) }
            upsampled_f32(
                source.pointer, target.pointer, sums, memory, images, low, maps, out, rectified ? 1 : 0, Processor.block)
        }
    }

    /// The gradients of the weights and of the source; the latter is overwritten, or added to if `accumulates`.
    func backward(
        weights: Tensor, targetGradient: Tensor, weightsGradient: Tensor, sourceGradient: Tensor, accumulates: Bool
    ) throws(PapillaError) -> Call {
        let work = upsampled_back_scratch(images, low, maps, out)
        try scratch.reserve(work + 25 * out * maps)
        return { () throws(PapillaError) in
            let memory = try scratch.memory()
            upsampled_kernels_f32(weights.pointer, memory + work, maps, out, 1)
            upsampled_back_f32(
                source.pointer, targetGradient.pointer, memory + work, sourceGradient.pointer, weightsGradient.pointer, memory,
                images, low, maps, out, accumulates ? 1 : 0, Processor.block)
        }
    }
}

/// The same for any factor: nine products at low resolution, each added where its tap of the kernel falls.
struct NineProducts {
    /// (N, 9 · out, S, S), taps outermost.
    let products: Tensor
    /// Makes them.
    let convolution: Primitive

    /// Products of `source` (N, in, S, S) for `target` (N, out, f · S, f · S), both blocked; `weights` (9 · out, in).
    init(_ source: Tensor, to target: Tensor, weights: [Float]) throws(PapillaError) {
        let images = source.dimensions[0]
        let maps = source.dimensions[1]
        let low = source.dimensions[2]
        let out = target.dimensions[1]
        products = try Tensor([images, 9 * out, low, low], .blocked)
        let nine = try Tensor([9 * out, maps, 1, 1])
        try nine.load(weights)
        convolution = try Convolution(source, to: products, kernel: 1).forward(weights: nine, bias: nil, constant: true)[0]
    }

    /// Adds them to the target.
    func combine(to target: Tensor, rectified: Bool) {
        let images = target.dimensions[0]
        let out = target.dimensions[1]
        let big = target.dimensions[2]
        let low = products.dimensions[2]
        for n in 0..<images {
            combine_f32(
                products.pointer + n * 9 * out * low * low, target.pointer + n * out * big * big, out, big, big / low,
                Processor.block, rectified ? 1 : 0)
        }
    }
}
