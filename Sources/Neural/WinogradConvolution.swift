internal import CKernels
internal import OneDNN
internal import Screening

/// A step of a network, ready to run.
typealias Call = () throws(PapillaError) -> Void

/// Memory that the layers of a network take turns in: none of them leaves anything there.
final class Scratch {
    private var tensor: Tensor?

    /// Makes room for `count` floats. For layers to call while they are made; the memory may move.
    func reserve(_ count: Int) throws(PapillaError) {
        if count > tensor?.count ?? 0 { tensor = try Tensor([count]) }
    }

    /// Where it is now.
    func memory() throws(PapillaError) -> UnsafeMutablePointer<Float> {
        guard let tensor else { throw PapillaError(.internal, "A layer runs without the memory that it needs") }
        return tensor.pointer
    }
}

/// A 3x3 convolution, padding 1, by our own Winograd kernels: oneDNN's, which it has with AVX-512 alone, are slower.
struct WinogradConvolution {
    /// As oneDNN would name it.
    static let implementation = "own_wino_4x3:\(Processor.block == 16 ? "avx512_core" : "avx2")"
    private let source: Tensor
    private let target: Tensor
    private let scratch: Scratch
    private let images: Int
    private let side: Int
    private let maps: Int
    private let out: Int

    /// A convolution from `source` to `target`, both blocked.
    /// - Parameter training: whether the kernels change, so that they are brought to the points in every run.
    /// - Returns: nil where oneDNN serves better: in the first layer; on the deepest maps of a few images, which are so small that making
    ///   or reading four times larger kernels would cost more than is saved.
    init?(_ source: Tensor, to target: Tensor, training: Bool = false, scratch: Scratch) {
        images = source.dimensions[0]
        maps = source.dimensions[1]
        side = source.dimensions[2]
        out = target.dimensions[1]
        guard maps % 16 == 0, out % 16 == 0, side % 4 == 0, images * side * side >= (training ? 512 : 128) else { return nil }
        self.source = source
        self.target = target
        self.scratch = scratch
    }

    /// The forward pass.
    /// - Parameters:
    ///   - weights: (out, in, 3, 3), row-major; brought to the 36 points now if `constant`, else in every run.
    ///   - pooled: receives the maximum over squares of the target, where given.
    func forward(
        weights: Tensor, bias: Tensor?, rectified: Bool, constant: Bool, pooled: (to: Tensor, factor: Int)? = nil
    ) throws(PapillaError) -> Call {
        let work = winograd_scratch(images, side, maps, out, Processor.block)
        try scratch.reserve(work + (constant ? 0 : 36 * out * maps))
        let prepared = constant ? try Tensor([36 * out * maps]) : nil
        if let prepared { winograd_kernels_f32(weights.pointer, prepared.pointer, maps, out, 0) }
        return { () throws(PapillaError) in
            let memory = try scratch.memory()
            let points = prepared?.pointer ?? memory + work
            if prepared == nil { winograd_kernels_f32(weights.pointer, points, maps, out, 0) }
            winograd_f32(
                source.pointer, target.pointer, points, bias?.pointer, memory, images, side, maps, out, rectified ? 1 : 0, 0,
                pooled?.to.pointer, pooled?.factor ?? 2, Processor.block)
        }
    }

    /// The gradient of the source: overwritten, or added to if `accumulates`.
    func backwardData(
        weights: Tensor, targetGradient: Tensor, sourceGradient: Tensor, accumulates: Bool
    ) throws(PapillaError) -> Call {
        let work = winograd_scratch(images, side, out, maps, Processor.block)
        try scratch.reserve(work + 36 * out * maps)
        return { () throws(PapillaError) in
            let memory = try scratch.memory()
            winograd_kernels_f32(weights.pointer, memory + work, out, maps, 1)
            winograd_f32(
                targetGradient.pointer, sourceGradient.pointer, memory + work, nil, memory, images, side, out, maps, 0,
                accumulates ? 1 : 0, nil, 2, Processor.block)
        }
    }

    /// The gradients of the weights (out, in, 3, 3), row-major, and of the bias.
    func backwardWeights(
        targetGradient: Tensor, weightsGradient: Tensor, biasGradient: Tensor?
    ) throws(PapillaError) -> Call {
        try scratch.reserve(winograd_gradient_scratch(images, side, maps, out, Processor.block))
        return { () throws(PapillaError) in
            winograd_gradient_f32(
                source.pointer, targetGradient.pointer, weightsGradient.pointer, biasGradient?.pointer, try scratch.memory(),
                images, side, maps, out, Processor.block)
        }
    }
}
