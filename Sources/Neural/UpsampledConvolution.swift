internal import CKernels
internal import OneDNN
internal import Screening

/// A 3x3 convolution of maps that are upsampled to twice their side, added to what stands in the target, with a rectifier behind it.
///
/// Upsampled maps are never made, and neighbouring pixels share their products: 25 for 4 x 4 outputs, where nine at low resolution
/// (``NineProducts``) would be 36. Differences of neighbours are all that it takes, so next to nothing is lost.
struct UpsampledConvolution {
    /// Runs it.
    let call: Call

    /// A convolution from `source` (N, in, S, S) to `target` (N, out, 2 S, 2 S), both blocked; `weights` (out, in, 3, 3).
    init(_ source: Tensor, to target: Tensor, weights: [Float], scratch: Scratch) throws(PapillaError) {
        let (images, maps, low, out) = (source.dimensions[0], source.dimensions[1], source.dimensions[2], target.dimensions[1])
        try scratch.reserve(upsampled_scratch(images, low, maps, out, OneDNN.block))
        let kernels = try Tensor([25 * out * maps])
        upsampled_kernels_f32(weights, kernels.pointer, maps, out)
        call = { () throws(PapillaError) in
            upsampled_f32(
                source.pointer, target.pointer, kernels.pointer, try scratch.memory(), images, low, maps, out, 1, OneDNN.block)
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
        let (images, maps, low, out) = (source.dimensions[0], source.dimensions[1], source.dimensions[2], target.dimensions[1])
        products = try Tensor([images, 9 * out, low, low], .blocked)
        let nine = try Tensor([9 * out, maps, 1, 1])
        try nine.load(weights)
        convolution = try Convolution(source, to: products, kernel: 1).forward(weights: nine, bias: nil, constant: true)[0]
    }

    /// Adds them to the target.
    func combine(to target: Tensor, rectified: Bool) {
        let (images, out, big, low) = (target.dimensions[0], target.dimensions[1], target.dimensions[2], products.dimensions[2])
        for n in 0..<images {
            combine_f32(
                products.pointer + n * 9 * out * low * low, target.pointer + n * out * big * big, out, big, big / low,
                OneDNN.block, rectified ? 1 : 0)
        }
    }
}
