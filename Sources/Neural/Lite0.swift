/// EfficientNet-Lite0's encoder (Tan and Le 2019, in the version for CPUs and whole numbers: no squeeze-and-excitation, ReLU6 for swish):
/// a 3x3 convolution at stride 2, then sixteen inverted bottlenecks.
enum Lite0 {
    /// A 1x1 expansion, a k x k kernel for each map by itself, a 1x1 projection; what comes in is added where nothing changes in size.
    struct Block {
        let kernel: Int
        let stride: Int
        let expansion: Int
        let input: Int
        let output: Int
        /// The input's side over that of what the block gives.
        let reached: Int

        /// Maps between expansion and projection.
        var inner: Int { input * expansion }
        var isResidual: Bool { stride == 1 && input == output }
    }

    /// Maps of the first convolution.
    static let stem = 32
    /// Added to the variances of its normalisations, and how far these move the running statistics in a step.
    static let normalisation = (epsilon: Float(1e-3), share: Float(0.01))
    /// What its rectifiers let through at the most.
    static let ceiling: Float = 6

    /// The blocks in order.
    static let blocks: [Block] = {
        let stages: [(repeats: Int, kernel: Int, stride: Int, expansion: Int, output: Int)] = [
            (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
            (1, 3, 1, 6, 320),
        ]
        var blocks = [Block]()
        var maps = stem
        var reached = 2
        for stage in stages {
            for index in 0..<stage.repeats {
                let stride = index == 0 ? stage.stride : 1
                reached *= stride
                blocks.append(
                    Block(
                        kernel: stage.kernel, stride: stride, expansion: stage.expansion, input: maps, output: stage.output,
                        reached: reached))
                maps = stage.output
            }
        }
        return blocks
    }()

    /// The blocks whose output a decoder's level 0...3 reads: the last ones before the side is halved.
    static let taps = [2, 4, 8, 16].compactMap { reached in blocks.lastIndex { $0.reached == reached } }
    /// Their maps.
    static let skips = taps.map { blocks[$0].output }
    /// Maps of the last block.
    static let last = blocks[blocks.count - 1].output

    /// One convolution of the encoder.
    struct Layer {
        let name: String
        /// (out, in, k, k), or (maps, 1, k, k).
        let kernel: [Int]
        /// The input's side over that of what it gives.
        let stride: Int
    }

    /// Every convolution: `encoder.stem`, then of block B `encoder.B.expand`, `encoder.B.depthwise`, `encoder.B.project`.
    static let layers: [Layer] =
        [Layer(name: "encoder.stem", kernel: [stem, 3, 3, 3], stride: 2)]
        + blocks.enumerated().flatMap { index, block in
            let name = "encoder.\(index)"
            let expand =
                block.expansion == 1
                ? []
                : [
                    Layer(
                        name: name + ".expand", kernel: [block.inner, block.input, 1, 1], stride: block.reached / block.stride)
                ]
            return expand + [
                Layer(name: name + ".depthwise", kernel: [block.inner, 1, block.kernel, block.kernel], stride: block.reached),
                Layer(name: name + ".project", kernel: [block.output, block.inner, 1, 1], stride: block.reached),
            ]
        }
}
