public import Screening

/// One of the networks of Murugesan et al., "Joint shape learning and segmentation for medical images using a minimalistic deep
/// network" (2019), section 3: one encoder, up to three decoders, and 3x3 heads on the last maps; the router, which is
/// the encoder with a classifier behind it; and the same decoder and heads on an encoder that others have trained (``Lite``).
///
/// Level 0 is the finest. Every convolution of the paper's networks is 3x3, stride 1, padding 1, followed by a ReLU except in the heads.
public struct Architecture: Sendable, Hashable {
    /// An output of a network.
    public enum Head: String, Sendable, Codable, CaseIterable {
        /// The region: softmax over background and foreground.
        case mask
        /// The boundary: softmax over background and boundary.
        case contour
        /// The distance map: a sigmoid, 0...1.
        case distance
        /// The router's answer: softmax over fundus, endoscopy, neither, in that order.
        case classes
        /// Whether there is something in a cell of 32 x 32 px: a sigmoid for each. For training and confidence.
        case cells
        /// Whether there is something in the image: a sigmoid. For training and confidence.
        case frame

        /// Whether it is a 3x3 convolution of a decoder's last maps.
        var endsDecoder: Bool { [.mask, .contour, .distance].contains(self) }

        /// Maps that the head gives, or classes.
        public var maps: Int {
            switch self {
            case .mask, .contour: 2
            case .distance, .cells, .frame: 1
            case .classes: 3
            }
        }
    }

    /// The source of a network's maps.
    public enum Encoder: Sendable, Hashable {
        /// The paper's: five levels of two 3x3 convolutions, whose maps double from level to level.
        case paper
        /// EfficientNet-Lite0's, whose weights for ImageNet are public.
        case lite0
        /// EfficientNet-Lite2's, half as large again.
        case lite2

        /// What its authors call it; nil for the paper's.
        public var title: String? {
            switch self {
            case .paper: nil
            case .lite0: "EfficientNet-Lite0"
            case .lite2: "EfficientNet-Lite2"
            }
        }

        /// The encoder that others have trained; nil for the paper's.
        var lite: Lite? {
            switch self {
            case .paper: nil
            case .lite0: .zero
            case .lite2: .two
            }
        }
    }

    /// `1enc-1dec-conv-md`, ...: what a model's manifest and `--architecture` say.
    public let name: String
    /// Its encoder.
    public let encoder: Encoder
    /// Decoders, 0 for the router.
    public let decoders: Int
    /// The heads in order. Head i belongs to decoder min(i, decoders − 1).
    public let heads: [Head]

    /// The seven segmentation networks, in the order of the paper's table; the last two are the same authors' Psi-Net and Conv-MCD.
    public static let all = [
        Architecture("1enc-1dec-m", decoders: 1, [.mask]),
        Architecture("1enc-2dec-mc", decoders: 2, [.mask, .contour]),
        Architecture("1enc-2dec-md", decoders: 2, [.mask, .distance]),
        Architecture("1enc-1dec-conv-mc", decoders: 1, [.mask, .contour]),
        Architecture("1enc-1dec-conv-md", decoders: 1, [.mask, .distance]),
        Architecture("1enc-3dec-mcd", decoders: 3, [.mask, .contour, .distance]),
        Architecture("1enc-1dec-conv-mcd", decoders: 1, [.mask, .contour, .distance]),
    ]

    /// The router: the encoder, its last maps averaged, and a fully connected layer to three classes.
    public static let router = Architecture("1enc-classes", decoders: 0, [.classes])

    /// The networks whose encoder knows ImageNet: one decoder, parallel heads, and with `p` whether there is something to find at all.
    public static let pretrained = [Encoder.lite0, .lite2].flatMap { encoder in
        [
            Architecture("\(encoder)-1dec-conv-m", encoder, decoders: 1, [.mask]),
            Architecture("\(encoder)-1dec-conv-mc", encoder, decoders: 1, [.mask, .contour]),
            Architecture("\(encoder)-1dec-conv-md", encoder, decoders: 1, [.mask, .distance]),
            Architecture("\(encoder)-1dec-conv-mdp", encoder, decoders: 1, [.mask, .distance, .cells, .frame]),
        ]
    }

    /// Whether int8 is the faster precision on a CPU: the paper's 3x3 convolutions need VNNI for that, since without it Winograd's in fp32
    /// are as fast; the 1x1 convolutions of ``Lite``, for which there is no Winograd, take half the time everywhere.
    public func isFasterInBytes(hasFastIntegers: Bool) -> Bool { hasFastIntegers || encoder != .paper }

    /// Every network.
    public static let known = all + pretrained + [router]

    private init(_ name: String, _ encoder: Encoder = .paper, decoders: Int, _ heads: [Head]) {
        self.name = name
        self.encoder = encoder
        self.decoders = decoders
        self.heads = heads
    }

    /// The architecture of that name.
    /// - Throws: `.badInput` for a name that is none of the known.
    public init(named name: String) throws(PapillaError) {
        guard let found = Self.known.first(where: { $0.name == name }) else {
            throw PapillaError(
                .badInput, "There is no architecture \"\(name)\"",
                hint: "Known: " + Self.known.map(\.name).joined(separator: ", "))
        }
        self = found
    }
}

extension Architecture {
    /// A convolution or fully connected layer: its name, the shape of its kernel, and where it runs.
    struct Layer {
        let name: String
        /// (out, in, k, k), (maps, 1, k, k) where each map has a kernel of its own, or (out, in) where it is fully connected.
        let kernel: [Int]
        /// The input's side over that of what it gives; nil where it is fully connected and runs once.
        let stride: Int?

        var weights: Int { kernel.reduce(1, *) }
    }

    /// Every layer at a base width, in the order of PyTorch's state dict.
    func layers(width: Int) -> [Layer] {
        let levels = Levels(encoder, width: width)
        func block(_ name: String, in input: Int, level: Int) -> [Layer] {
            let (out, stride) = (levels.maps[level], levels.strides[level])
            return [
                Layer(name: name + ".conv1", kernel: [out, input, 3, 3], stride: stride),
                Layer(name: name + ".conv2", kernel: [out, out, 3, 3], stride: stride),
            ]
        }
        var layers: [Layer] = []
        if let lite = encoder.lite {
            layers += lite.layers.map { Layer(name: $0.name, kernel: $0.kernel, stride: $0.stride) }
        } else {
            for level in 0..<5 {
                layers += block("encoder.\(level)", in: level == 0 ? 3 : levels.maps[level - 1], level: level)
            }
        }
        for decoder in 0..<decoders {
            for level in 0..<4 {
                layers += block("decoder.\(decoder).\(level)", in: levels.maps[level + 1] + levels.skips[level], level: level)
            }
        }
        for head in heads {
            let deepest = levels.maps[4]
            switch head {
            case .mask, .contour, .distance:
                layers.append(Layer(name: head.rawValue, kernel: [head.maps, width, 3, 3], stride: levels.strides[0]))
            case .classes: layers.append(Layer(name: head.rawValue, kernel: [head.maps, deepest], stride: nil))
            case .cells:
                layers.append(Layer(name: "cells", kernel: [head.maps, Self.cellMaps, 3, 3], stride: levels.strides[4]))
                layers.append(
                    Layer(name: "cells.hidden", kernel: [Self.cellMaps, deepest, 1, 1], stride: levels.strides[4]))
            case .frame: layers.append(Layer(name: head.rawValue, kernel: [head.maps, 2 * deepest], stride: nil))
            }
        }
        return layers
    }

    /// Maps between the encoder's last ones and the cells' answer.
    static let cellMaps = 96

    /// Names and shapes of all parameters at a base width, in the order of PyTorch's state dict: `encoder.0.conv1.weight`
    /// (out, in, 3, 3), `encoder.0.conv1.bias` (out), ..., `decoder.D.L.conv2.bias`, `mask.weight`, ...
    ///
    /// The first input maps of `decoder.D.L.conv1`, as many as level L + 1 has, are the upsampled ones, the others the skip's.
    public func parameterShapes(width: Int) -> [(name: String, shape: [Int])] {
        layers(width: width).flatMap { [($0.name + ".weight", $0.kernel), ($0.name + ".bias", [$0.kernel[0]])] }
    }

    /// Weights as the paper counts them: kernels, without biases.
    public func weights(width: Int) -> Int { layers(width: width).reduce(0) { $0 + $1.weights } }

    /// Weights and biases.
    public func parameters(width: Int) -> Int { layers(width: width).reduce(0) { $0 + $1.weights + $1.kernel[0] } }

    /// Multiply-accumulates of one image, side x side px, as the layers are defined (an engine may need fewer).
    public func macs(width: Int, side: Int) -> Int {
        layers(width: width).reduce(0) { sum, layer in
            let levelSide = layer.stride.map { side / $0 } ?? 1
            return sum + layer.weights * levelSide * levelSide
        }
    }
}

/// The number of maps at each level of a network. Level 0 is the finest, level 4 the encoder's last.
struct Levels: Sendable {
    /// Maps of the decoder's level 0...3, and of the encoder's last.
    let maps: [Int]
    /// Maps that the encoder gives to level 0...3.
    let skips: [Int]
    /// The input's side over the level's.
    let strides: [Int]

    init(_ encoder: Architecture.Encoder, width: Int) {
        if let lite = encoder.lite {
            maps = [width, width * 3 / 2, width * 2, width * 4, lite.last]
            skips = lite.skips
            strides = [2, 4, 8, 16, 32]
        } else {
            maps = (0..<5).map { width << $0 }
            skips = Array(maps[..<4])
            strides = [1, 2, 4, 8, 32]
        }
    }
}
