/// An encoder of the EfficientNet-Lite family (Tan and Le 2019, in the version for CPUs and whole numbers: no squeeze-and-excitation, ReLU6
/// for swish): a 3x3 convolution at stride 2, then inverted bottlenecks, sixteen of them in the smallest.
struct Lite: Sendable {
    /// A 1x1 expansion, a k x k kernel for each map by itself, a 1x1 projection; what comes in is added where nothing changes in size.
    struct Block: Sendable {
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

    /// One convolution of the encoder.
    struct Layer: Sendable {
        let name: String
        /// (out, in, k, k), or (maps, 1, k, k).
        let kernel: [Int]
        /// The input's side over that of what it gives.
        let stride: Int
    }

    /// Maps of the first convolution.
    static let stem = 32
    /// Added to the variances of its normalisations, and how far these move the running statistics in a step.
    static let normalisation = (epsilon: Float(1e-3), share: Float(0.01))
    /// What its rectifiers let through at the most.
    static let ceiling: Float = 6

    /// EfficientNet-Lite0.
    static let zero = Lite(wider: 1, deeper: 1)
    /// EfficientNet-Lite2.
    static let two = Lite(wider: 1.1, deeper: 1.2)

    /// The blocks in order.
    let blocks: [Block]
    /// The blocks whose output a decoder's level 0...3 reads: the last ones before the side is halved.
    let taps: [Int]
    /// Every convolution: `encoder.stem`, then of block B `encoder.B.expand`, `encoder.B.depthwise`, `encoder.B.project`.
    let layers: [Layer]

    /// Maps of what a decoder's level 0...3 reads.
    var skips: [Int] { taps.map { blocks[$0].output } }
    /// Maps of the last block.
    var last: Int { blocks[blocks.count - 1].output }

    /// - Parameters:
    ///   - wider: factor of all maps but the first convolution's, which come to the nearest multiple of eight.
    ///   - deeper: factor of the blocks of every stage but the first and the last, rounded up.
    private init(wider: Double, deeper: Double) {
        let stages: [(repeats: Int, kernel: Int, stride: Int, expansion: Int, output: Int)] = [
            (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
            (1, 3, 1, 6, 320),
        ]
        var blocks = [Block]()
        var maps = Self.stem
        var reached = 2
        for (number, stage) in stages.enumerated() {
            let isScaled = number > 0 && number < stages.count - 1
            let repeats = isScaled ? Int((Double(stage.repeats) * deeper).rounded(.up)) : stage.repeats
            let output = Int((Double(stage.output) * wider / 8).rounded()) * 8
            for index in 0..<repeats {
                let stride = index == 0 ? stage.stride : 1
                reached *= stride
                blocks.append(
                    Block(
                        kernel: stage.kernel, stride: stride, expansion: stage.expansion, input: maps, output: output,
                        reached: reached))
                maps = output
            }
        }
        self.blocks = blocks
        taps = [2, 4, 8, 16].compactMap { reached in blocks.lastIndex { $0.reached == reached } }
        layers =
            [Layer(name: "encoder.stem", kernel: [Self.stem, 3, 3, 3], stride: 2)]
            + blocks.enumerated().flatMap { index, block in
                let name = "encoder.\(index)"
                let expand =
                    block.expansion == 1
                    ? []
                    : [
                        Layer(
                            name: name + ".expand", kernel: [block.inner, block.input, 1, 1], stride: block.reached / block.stride
                        )
                    ]
                return expand + [
                    Layer(
                        name: name + ".depthwise", kernel: [block.inner, 1, block.kernel, block.kernel], stride: block.reached),
                    Layer(name: name + ".project", kernel: [block.output, block.inner, 1, 1], stride: block.reached),
                ]
            }
    }
}
