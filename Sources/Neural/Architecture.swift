public import Screening

/// One of the networks of Murugesan et al., "Joint shape learning and segmentation for medical images using a minimalistic deep
/// network" (2019), section 3: one encoder, up to three decoders, and 3x3 heads on the last maps; and the router, which is
/// the encoder with a classifier behind it.
///
/// Level 0 is the finest. Every convolution is 3x3, stride 1, padding 1, followed by a ReLU except in the heads.
public struct Architecture: Sendable, Hashable {
    /// What stands at a network's end.
    public enum Head: String, Sendable, Codable, CaseIterable {
        /// The region: softmax over background and foreground.
        case mask
        /// The boundary: softmax over background and boundary.
        case contour
        /// The distance map: a sigmoid, 0...1.
        case distance
        /// The router's answer: softmax over fundus, endoscopy, neither, in that order.
        case classes

        /// Maps that the head gives, or classes.
        public var maps: Int {
            switch self {
            case .mask, .contour: 2
            case .distance: 1
            case .classes: 3
            }
        }
    }

    /// `1enc-1dec-conv-md`, ...: what a model's manifest and `--architecture` say.
    public let name: String
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

    private init(_ name: String, decoders: Int, _ heads: [Head]) {
        (self.name, self.decoders, self.heads) = (name, decoders, heads)
    }

    /// The architecture of that name.
    /// - Throws: `.badInput` for a name that is not one of the seven or the router's.
    public init(named name: String) throws(PapillaError) {
        let known = Self.all + [Self.router]
        guard let found = known.first(where: { $0.name == name }) else {
            throw PapillaError(
                .badInput, "There is no architecture \"\(name)\"", hint: "Known: " + known.map(\.name).joined(separator: ", "))
        }
        self = found
    }
}

extension Architecture {
    /// A convolution or fully connected layer: its name, the shape of its kernel, and where it runs.
    private struct Layer {
        let name: String
        /// (out, in, 3, 3), or (out, in) for the classifier.
        let kernel: [Int]
        /// Level 0...4 whose side it runs at; nil for the classifier, which runs once.
        let level: Int?

        var weights: Int { kernel.reduce(1, *) }
    }

    /// Every layer at a base width, in the order of PyTorch's state dict.
    private func layers(width: Int) -> [Layer] {
        func block(_ name: String, in input: Int, out: Int, level: Int) -> [Layer] {
            [
                Layer(name: name + ".conv1", kernel: [out, input, 3, 3], level: level),
                Layer(name: name + ".conv2", kernel: [out, out, 3, 3], level: level),
            ]
        }
        func maps(_ level: Int) -> Int { width << level }
        var layers: [Layer] = []
        for level in 0..<5 {
            layers += block("encoder.\(level)", in: level == 0 ? 3 : maps(level - 1), out: maps(level), level: level)
        }
        for decoder in 0..<decoders {
            for level in 0..<4 {
                layers += block("decoder.\(decoder).\(level)", in: maps(level + 1) + maps(level), out: maps(level), level: level)
            }
        }
        for head in heads {
            layers.append(
                head == .classes
                    ? Layer(name: head.rawValue, kernel: [head.maps, maps(4)], level: nil)
                    : Layer(name: head.rawValue, kernel: [head.maps, width, 3, 3], level: 0))
        }
        return layers
    }

    /// Names and shapes of all parameters at a base width, in the order of PyTorch's state dict: `encoder.0.conv1.weight`
    /// (out, in, 3, 3), `encoder.0.conv1.bias` (out), ..., `decoder.D.L.conv2.bias`, `mask.weight`, ...
    ///
    /// The first `maps(L + 1)` input maps of `decoder.D.L.conv1` are the upsampled ones, the others the skip's.
    public func parameterShapes(width: Int) -> [(name: String, shape: [Int])] {
        layers(width: width).flatMap { [($0.name + ".weight", $0.kernel), ($0.name + ".bias", [$0.kernel[0]])] }
    }

    /// Weights as the paper counts them: kernels, without biases.
    public func weights(width: Int) -> Int { layers(width: width).reduce(0) { $0 + $1.weights } }

    /// Weights and biases.
    public func parameters(width: Int) -> Int { layers(width: width).reduce(0) { $0 + $1.weights + $1.kernel[0] } }

    /// Multiply-accumulates of one image, side x side px, as the layers are defined (an engine may need fewer).
    public func macs(width: Int, side: Int) -> Int {
        // Pooling by 2, 2, 2 and 4: the level's side is the input's over 1, 2, 4, 8, 32.
        let divisors = [1, 2, 4, 8, 32]
        return layers(width: width).reduce(0) { sum, layer in
            let levelSide = layer.level.map { side / divisors[$0] } ?? 1
            return sum + layer.weights * levelSide * levelSide
        }
    }
}
