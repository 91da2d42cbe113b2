internal import CKernels
internal import OneDNN
public import Screening

/// A network ready to run: fp32, fixed side and batch. Made once per model; several may share the engine.
///
/// Convolutions are oneDNN's (Winograd where it exists); the upsampled half of each decoder's first convolution is nine
/// low-resolution products and a combine, and the heads are our own kernel.
@EngineActor
public final class Network {
    /// Which of the paper's networks it is.
    public nonisolated let architecture: Architecture
    /// Maps of the first level.
    public nonisolated let width: Int
    /// Side of the input, px.
    public nonisolated let side: Int
    /// Images in one run.
    public nonisolated let batch: Int

    /// One step of a run with its name and multiply-accumulates, for the table by layer.
    struct Step {
        let name: String
        let macs: Int
        let run: () throws(PapillaError) -> Void
    }

    private let plan: Plan
    private let input: Tensor
    private var steps: [Step] = []
    private var outputs: [(head: Architecture.Head, tensor: Tensor, at: Int, of: Int)] = []
    private var classifier: (features: Tensor, weights: [Float], bias: [Float])?

    /// Builds the network and copies the weights into the layouts that this CPU likes.
    /// - Throws: `.damaged` if the weights are not those of the architecture at this width (naming the tensor and both shapes).
    public init(_ architecture: Architecture, width: Int, side: Int, batch: Int = 1, weights: Weights) throws(PapillaError) {
        try weights.check(architecture, width: width)
        (self.architecture, self.width, self.side, self.batch) = (architecture, width, side, batch)
        plan = try Plan(architecture, width: width, side: side, batch: batch)
        input = try Tensor([batch, 3, side, side])
        try build(weights)
    }

    /// Runs the network.
    /// - Parameter input: normalised images, N x 3 x S x S.
    /// - Returns: logits by head, N x maps x S x S; for the router's classes, N x 3.
    public func run(_ input: [Float]) throws(PapillaError) -> [Architecture.Head: [Float]] {
        guard input.count == batch * 3 * side * side else {
            throw PapillaError(.internal, "A network of batch \(batch) and side \(side) was given \(input.count) values")
        }
        input.withUnsafeBufferPointer { if let base = $0.baseAddress { self.input.pointer.update(from: base, count: $0.count) } }
        try runInPlace()
        var result: [Architecture.Head: [Float]] = [:]
        let plane = side * side
        for (head, tensor, at, maps) in outputs {
            var values = [Float](unsafeUninitializedCapacity: batch * head.maps * plane) { buffer, count in
                count = batch * head.maps * plane
            }
            values.withUnsafeMutableBufferPointer { buffer in
                for n in 0..<batch {
                    let from = UnsafeBufferPointer(start: tensor.pointer + (n * maps + at) * plane, count: head.maps * plane)
                    _ = buffer[(n * head.maps * plane)...].update(fromContentsOf: from)
                }
            }
            result[head] = values
        }
        if let classifier { result[.classes] = classify(classifier.features, classifier.weights, classifier.bias) }
        return result
    }

    /// Runs on the input of the last call: what `bench` times.
    public func runInPlace() throws(PapillaError) {
        for step in steps { try step.run() }
    }

    /// The steps with their names, multiply-accumulates and a call that runs each: what `bench --layers` times.
    public var layers: [(name: String, macs: Int, run: () throws(PapillaError) -> Void)] {
        steps.map { ($0.name, $0.macs, $0.run) }
    }

    private func build(_ weights: Weights) throws(PapillaError) {
        var skips: [Tensor] = []
        var x = input
        for level in 0..<5 {
            let first = try plan.activation(level)
            let second = try plan.activation(level)
            let inputMaps = level == 0 ? (file: 3, memory: 3) : (plan.maps(level - 1), plan.blockedMaps(level - 1))
            try convolve("encoder.\(level).conv1", x, to: first, inputs: [inputMaps], level, weights)
            try convolve(
                "encoder.\(level).conv2", first, to: second, inputs: [(plan.maps(level), plan.blockedMaps(level))], level, weights
            )
            x = second
            if level < 4 {
                skips.append(second)
                let pooled = try Tensor([batch, plan.blockedMaps(level), plan.side(level + 1), plan.side(level + 1)], .blocked)
                let call = try Primitive.maximumPooling(second, to: pooled, by: plan.factor(level))
                steps.append(Step(name: "encoder.\(level).pool", macs: 0) { () throws(PapillaError) in try call.run() })
                x = pooled
            }
        }
        if architecture.heads == [.classes] {
            classifier = (x, weights["classes.weight"], weights["classes.bias"])
        }
        for decoder in 0..<architecture.decoders {
            var y = x
            for level in [3, 2, 1, 0] { y = try decode(decoder, level, y, skips[level], weights) }
            try addHeads(decoder, y, weights)
        }
    }

    private func convolve(
        _ name: String, _ x: Tensor, to y: Tensor, inputs: [(file: Int, memory: Int)], _ level: Int, _ weights: Weights
    ) throws(PapillaError) {
        let layout = KernelLayout(out: (plan.maps(level), plan.blockedMaps(level)), inputs: inputs)
        let kernel = try Tensor([layout.out.memory, inputs[0].memory, 3, 3])
        try kernel.load(layout.part(0, of: weights[name + ".weight"]))
        let bias = try Tensor([layout.out.memory])
        try bias.load(weights[name + ".bias"].padded(to: layout.out.memory))
        let calls = try Convolution(x, to: y, kernel: 3, rectified: true).forward(weights: kernel, bias: bias, constant: true)
        add(name, calls, macs: 9 * layout.out.memory * inputs[0].memory * batch * plan.side(level) * plan.side(level))
    }

    private func decode(_ decoder: Int, _ level: Int, _ x: Tensor, _ skip: Tensor, _ weights: Weights) throws(PapillaError)
        -> Tensor
    {
        let name = "decoder.\(decoder).\(level)"
        let (out, big, factor) = (plan.blockedMaps(level), plan.side(level), plan.factor(level))
        let up = (file: plan.maps(level + 1), memory: plan.blockedMaps(level + 1))
        let layout = KernelLayout(out: (plan.maps(level), out), inputs: [up, (plan.maps(level), out)])
        let values = weights["\(name).conv1.weight"]
        let products = try Tensor([batch, 9 * out, big / factor, big / factor], .blocked)
        let nine = try Tensor([9 * out, up.memory, 1, 1])
        try nine.load(layout.nine(0, of: values))
        let low = big / factor * (big / factor)
        add(
            "\(name).conv1 products",
            try Convolution(x, to: products, kernel: 1).forward(weights: nine, bias: nil, constant: true),
            macs: 9 * out * up.memory * batch * low)

        let joined = try plan.activation(level)
        let kernel = try Tensor([out, out, 3, 3])
        try kernel.load(layout.part(1, of: values))
        let bias = try Tensor([out])
        try bias.load(weights["\(name).conv1.bias"].padded(to: out))
        add(
            "\(name).conv1 skip",
            try Convolution(skip, to: joined, kernel: 3).forward(weights: kernel, bias: bias, constant: true),
            macs: 9 * out * out * batch * big * big)
        let (batch, block) = (batch, OneDNN.block)
        steps.append(
            Step(name: "\(name).conv1 combine", macs: 0) {
                for n in 0..<batch {
                    combine_f32(
                        products.pointer + n * 9 * out * low, joined.pointer + n * out * big * big, out, big, factor, block, 1)
                }
            })
        let y = try plan.activation(level)
        try convolve("\(name).conv2", joined, to: y, inputs: [(plan.maps(level), out)], level, weights)
        return y
    }

    /// The heads of a decoder, side by side in one pass over the last maps, three of their maps at a time.
    private func addHeads(_ decoder: Int, _ x: Tensor, _ weights: Weights) throws(PapillaError) {
        let heads = plan.heads(ofDecoder: decoder)
        let maps = heads.reduce(0) { $0 + $1.head.maps }
        let kernels = heads.flatMap { weights["\($0.head.rawValue).weight"] }
        let biases = heads.flatMap { weights["\($0.head.rawValue).bias"] }
        let y = try Tensor([batch, maps, side, side])
        for (head, at) in heads { outputs.append((head, y, at, maps)) }
        let (channels, block, batch, side, width) = (plan.blockedMaps(0), OneDNN.block, batch, side, width)
        for first in stride(from: 0, to: maps, by: 3) {
            let count = min(3, maps - first)
            let packed = try Tensor([9, channels / block, count, block])
            for t in 0..<9 {
                for m in 0..<count {
                    for c in 0..<width {
                        packed.pointer[((t * (channels / block) + c / block) * count + m) * block + c % block] =
                            kernels[((first + m) * width + c) * 9 + t]
                    }
                }
            }
            let bias = Array(biases[first..<first + count])
            steps.append(
                Step(name: "heads", macs: 9 * channels * count * batch * side * side) {
                    for n in 0..<batch {
                        heads_f32(
                            x.pointer + n * channels * side * side, y.pointer + (n * maps + first) * side * side, packed.pointer,
                            bias,
                            channels, side, count, block)
                    }
                })
        }
    }

    /// Global average of blocked maps, then a fully connected layer: N x 3.
    private func classify(_ features: Tensor, _ weights: [Float], _ bias: [Float]) -> [Float] {
        let average = GlobalAverage(plan).forward(features)
        return GlobalAverage.connect(average, weights, bias, batch: batch)
    }

    private func add(_ name: String, _ calls: [Primitive], macs: Int) {
        for call in calls {
            steps.append(Step(name: "\(name) [\(call.implementation)]", macs: macs) { () throws(PapillaError) in try call.run() })
        }
    }
}
