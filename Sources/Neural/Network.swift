internal import CKernels
internal import OneDNN
public import Screening

/// A network ready to run: fixed precision, side and batch. Made once per model; several may share the engine.
///
/// Convolutions are Winograd's in fp32, by our own kernels wherever there are enough tiles; the upsampled half of each decoder's
/// first convolution works on the low-resolution maps (``UpsampledConvolution``), and the heads are our own kernel.
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
    /// What it runs in.
    public nonisolated let precision: Precision

    /// One step of a run with its name and multiply-accumulates, for the table by layer.
    struct Step {
        let name: String
        let macs: Int
        let run: Call
    }

    let plan: Plan
    let input: Tensor
    let scratch = Scratch()
    var steps: [Step] = []
    private var outputs: [(head: Architecture.Head, tensor: Tensor, at: Int, of: Int)] = []
    /// The router's end: averages of the last maps, and its weights.
    private var classifier: (averages: () -> [Float], weights: [Float], bias: [Float])?
    /// Whether there is something in the image: the last maps' maxima and means, and the weights of them.
    private var frame: (summary: () -> [Float], weights: [Float], bias: [Float])?
    /// What ``observeRanges()`` wants to know of some steps: the step's place, and what takes a look at what it left.
    private var watched: [(step: Int, look: (inout ActivationRanges) throws(PapillaError) -> Void)] = []
    private var observed: ActivationRanges?
    /// In int8 and bf16: what each hidden convolution left in the last run, by its name.
    private(set) var maps: [String: ReducedBuilder.Maps] = [:]

    /// Builds the network and copies the weights into the layouts that this CPU likes.
    /// - Parameter ranges: what `int8` needs; other precisions do not look at it.
    /// - Throws: `.damaged` if the weights or ranges are not those of the architecture at this width (naming the tensor and both shapes);
    ///   `.system` for bf16 on a CPU that there is no code for.
    public init(
        _ architecture: Architecture, width: Int, side: Int, batch: Int = 1, weights: Weights, precision: Precision = .fp32,
        ranges: ActivationRanges = ActivationRanges()
    ) throws(PapillaError) {
        try weights.check(architecture, width: width)
        self.architecture = architecture
        self.width = width
        self.side = side
        self.batch = batch
        self.precision = precision
        plan = try Plan(architecture, width: width, side: side, batch: batch)
        input = try Tensor([batch, 3, side, side])
        switch precision {
        case .fp32: try build(weights)
        case .int8:
            try ranges.check(architecture)
            try build(ReducedBuilder(plan, weights, ranges), weights)
        case .bf16:
            guard architecture.encoder == .paper else {
                throw PapillaError(
                    .badInput,
                    "\(architecture.name) runs in fp32 and int8, not in bf16: its kernels for single maps gain nothing by it",
                    hint: "Use int8, or fp32")
            }
            guard Processor.hasHalves else {
                throw PapillaError(.system, "bf16 needs AVX-512, which this CPU (\(EngineInfo.isa)) has not", hint: "Use fp32")
            }
            try build(ReducedBuilder(plan, weights, nil), weights)
        }
    }

    /// Runs the network.
    /// - Parameter input: normalised images, N x 3 x S x S.
    /// - Returns: logits by head, N x maps x S x S; for the router's classes, N x 3; for cells N x 1 x S / 32 x S / 32, for the frame N.
    public func run(_ input: [Float]) throws(PapillaError) -> [Architecture.Head: [Float]] {
        guard input.count == batch * 3 * side * side else {
            throw PapillaError(.internal, "A network of batch \(batch) and side \(side) was given \(input.count) values")
        }
        input.withUnsafeBufferPointer { if let base = $0.baseAddress { self.input.pointer.update(from: base, count: $0.count) } }
        try runInPlace()
        var result: [Architecture.Head: [Float]] = [:]
        for (head, tensor, at, maps) in outputs {
            let plane = tensor.dimensions[2] * tensor.dimensions[3]
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
        if let classifier {
            result[.classes] = GlobalAverage.connect(classifier.averages(), classifier.weights, classifier.bias, batch: batch)
        }
        if let frame { result[.frame] = GlobalAverage.connect(frame.summary(), frame.weights, frame.bias, batch: batch) }
        return result
    }

    /// Runs on the input of the last call: what `bench` times.
    public func runInPlace() throws(PapillaError) {
        guard observed != nil else {
            for step in steps { try step.run() }
            return
        }
        for (index, step) in steps.enumerated() {
            try step.run()
            for watch in watched where watch.step == index {
                var ranges = observed ?? ActivationRanges()
                try watch.look(&ranges)
                observed = ranges
            }
        }
    }

    /// From now on an fp32 network takes in how far the values of every run reach, which takes many times as long.
    public func observeRanges() { observed = ActivationRanges() }

    /// What the runs since ``observeRanges()`` have seen; no more is taken in.
    public func endObserving() -> ActivationRanges {
        defer { observed = nil }
        return observed ?? ActivationRanges()
    }

    /// The steps with their names, multiply-accumulates and a call that runs each: what `bench --layers` times.
    public var layers: [(name: String, macs: Int, run: () throws(PapillaError) -> Void)] {
        steps.map { ($0.name, $0.macs, $0.run) }
    }

    private func build(_ weights: Weights) throws(PapillaError) {
        let (skips, x) = if let lite = architecture.encoder.lite { try encode(lite, weights) } else { try encode(weights) }
        if architecture.heads == [.classes] {
            let (average, features) = (GlobalAverage(plan), x)
            classifier = ({ average.forward(features) }, weights["classes.weight"], weights["classes.bias"])
        }
        for decoder in 0..<architecture.decoders {
            var y = x
            for level in [3, 2, 1, 0] { y = try decode(decoder, level, y, skips[level], weights) }
            try addHeads(decoder, y, weights)
        }
        if architecture.heads.contains(.frame) { try addPresence(x, weights) }
    }

    /// The paper's encoder: what the decoders read, and the last maps.
    private func encode(_ weights: Weights) throws(PapillaError) -> (skips: [Tensor], last: Tensor) {
        var skips: [Tensor] = []
        var x = input
        for level in 0..<5 {
            let first = try plan.activation(level)
            let second = try plan.activation(level)
            let lower = level < 4 ? plan.side(level + 1) : 0
            let pooled = level < 4 ? try Tensor([batch, plan.blockedMaps(level), lower, lower], .blocked) : nil
            let inputMaps = level == 0 ? (file: 3, memory: 3) : (plan.maps(level - 1), plan.blockedMaps(level - 1))
            try convolve("encoder.\(level).conv1", x, to: first, inputs: [inputMaps], level, weights)
            try convolve(
                "encoder.\(level).conv2", first, to: second, inputs: [(plan.maps(level), plan.blockedMaps(level))], level,
                weights,
                pooled: pooled)
            x = pooled ?? second
            skips.append(second)
        }
        return (skips, x)
    }

    /// Whether there is something in a cell and in the image.
    private func addPresence(_ x: Tensor, _ weights: Weights) throws(PapillaError) {
        let hidden = try plan.activation(maps: Architecture.cellMaps, side: plan.side(4))
        try convolve(
            "cells.hidden", x, to: hidden, kernel: [Architecture.cellMaps, plan.maps(4), 1, 1], weights, ceiling: .infinity)
        let layout = KernelLayout(out: (1, 16), inputs: [(Architecture.cellMaps, hidden.dimensions[1])])
        let (bias, y) = (try Tensor([16]), try Tensor([batch, 16, plan.side(4), plan.side(4)], .blocked))
        try bias.load(weights["cells.bias"].padded(to: 16))
        try convolve("cells", hidden, to: y, kernel: layout.part(0, of: weights["cells.weight"]), bias: bias, rectified: false)
        let plain = try Tensor(y.dimensions)
        add("cells", [try .reorder(y, to: plain)], macs: 0)
        outputs.append((.cells, plain, 0, 16))
        let summary = GlobalAverage(plan)
        frame = ({ summary.maximaAndAverages(x) }, weights["frame.weight"], weights["frame.bias"])
    }

    private func build(_ builder: ReducedBuilder, _ weights: Weights) throws(PapillaError) {
        var builder = builder
        let (skips, last) =
            if let lite = architecture.encoder.lite { try builder.encode(lite, input) } else { try builder.encode(input) }
        let logits = try (0..<architecture.decoders).map { (decoder) throws(PapillaError) in
            try builder.heads(decoder, builder.decode(decoder, skips, last))
        }
        let features = architecture.heads.contains { !$0.endsDecoder } ? try builder.widened(last) : nil
        steps = builder.steps
        maps = builder.layers
        for (decoder, logits) in logits.enumerated() { try add(logits, ofDecoder: decoder) }
        guard let features else { return }
        if architecture.heads == [.classes] {
            let average = GlobalAverage(plan)
            classifier = ({ average.forward(features) }, weights["classes.weight"], weights["classes.bias"])
        } else {
            try addPresence(features, weights)
        }
    }

    /// Adds the outputs of a decoder's heads, N x maps x S x S, enlarged to the input's side.
    private func add(_ y: Tensor, ofDecoder decoder: Int) throws(PapillaError) {
        let maps = y.dimensions[1]
        let side = y.dimensions[2]
        let logits = plan.enlargement == 1 ? y : try Tensor([batch, maps, 2 * side, 2 * side])
        for (head, at) in plan.heads(ofDecoder: decoder) { outputs.append((head, logits, at, maps)) }
        guard plan.enlargement == 2 else { return }
        let planes = batch * maps
        steps.append(Step(name: "heads enlarged", macs: 0) { double_f32(y.pointer, logits.pointer, planes, side, 1) })
    }

    /// Remembers that the last step leaves a layer's values in `tensor`.
    func watch(_ name: String, _ tensor: Tensor) {
        watched.append((steps.count - 1, { (ranges) throws(PapillaError) in ranges.widen(name, to: tensor.reach) }))
    }

    /// Remembers what the last step's layer read, for int8's Winograd.
    private func watchPoints(_ name: String, _ x: Tensor) {
        watched.append((steps.count - 1, { (ranges) throws(PapillaError) in ranges.widen(name, to: x.reachOfPoints()) }))
    }

    private func convolve(
        _ name: String, _ x: Tensor, to y: Tensor, inputs: [(file: Int, memory: Int)], _ level: Int, _ weights: Weights,
        pooled: Tensor? = nil
    ) throws(PapillaError) {
        let layout = KernelLayout(out: (plan.maps(level), plan.blockedMaps(level)), inputs: inputs)
        let bias = try Tensor([layout.out.memory])
        try bias.load(weights[name + ".bias"].padded(to: layout.out.memory))
        try convolve(
            name, x, to: y, kernel: layout.part(0, of: weights[name + ".weight"]), bias: bias, rectified: true,
            pooled: pooled.map { ($0, plan.factor(level)) })
        watch(name, y)
        if layout.inputs[0].memory % 16 == 0 { watchPoints(name, x) }
    }

    /// A 3x3 convolution by whichever code is the fastest here, with pooling behind it if asked. `kernel`: (out, in, 3, 3) of `y` and `x`.
    private func convolve(
        _ name: String, _ x: Tensor, to y: Tensor, kernel values: [Float], bias: Tensor?, rectified: Bool,
        pooled: (to: Tensor, factor: Int)? = nil
    ) throws(PapillaError) {
        let kernel = try Tensor([y.dimensions[1], x.dimensions[1], 3, 3])
        try kernel.load(values)
        let macs = kernel.count * batch * y.dimensions[2] * y.dimensions[3]
        if let winograd = WinogradConvolution(x, to: y, scratch: scratch) {
            let call = try winograd.forward(weights: kernel, bias: bias, rectified: rectified, constant: true, pooled: pooled)
            steps.append(Step(name: "\(name) [\(WinogradConvolution.implementation)]", macs: macs, run: call))
            return
        }
        add(
            name, try Convolution(x, to: y, kernel: 3, rectified: rectified).forward(weights: kernel, bias: bias, constant: true),
            macs: macs)
        guard let pooled else { return }
        add("\(name) pool", [try .maximumPooling(y, to: pooled.to, by: pooled.factor)], macs: 0)
    }

    private func decode(_ decoder: Int, _ level: Int, _ x: Tensor, _ skip: Tensor, _ weights: Weights) throws(PapillaError)
        -> Tensor
    {
        let name = "decoder.\(decoder).\(level)"
        let out = plan.blockedMaps(level)
        let big = plan.side(level)
        let factor = plan.factor(level)
        let up = (file: plan.maps(level + 1), memory: plan.blockedMaps(level + 1))
        let layout = KernelLayout(
            out: (plan.maps(level), out), inputs: [up, (plan.skipMaps(level), Plan.blocked(plan.skipMaps(level)))])
        let values = weights["\(name).conv1.weight"]
        let joined = try plan.activation(level)
        let nine = { () throws(PapillaError) in try NineProducts(x, to: joined, weights: layout.nine(0, of: values)) }
        let bias = try Tensor([out])
        try bias.load(weights["\(name).conv1.bias"].padded(to: out))
        try convolve("\(name).conv1 skip", skip, to: joined, kernel: layout.part(1, of: values), bias: bias, rectified: false)
        if architecture.encoder == .paper { watchPoints("\(name).conv1", skip) }
        if UpsampledConvolution.serves(x, factor: factor) {
            let kernel = try Tensor([out, up.memory, 3, 3])
            try kernel.load(layout.part(0, of: values))
            let upsampled = UpsampledConvolution(x, to: joined, scratch: scratch)
            let call = try upsampled.forward(weights: kernel, rectified: true, constant: true)
            let macs = 9 * out * up.memory * batch * big * big
            steps.append(Step(name: "\(name).conv1 upsampled", macs: macs, run: call))
        } else {
            let nine = try nine()
            add("\(name).conv1 products", [nine.convolution], macs: nine.products.dimensions.reduce(up.memory, *))
            steps.append(Step(name: "\(name).conv1 combine", macs: 0) { nine.combine(to: joined, rectified: true) })
        }
        watch("\(name).conv1", joined)
        // int8 makes the products and their sum each by itself.
        let look = { (ranges: inout ActivationRanges) throws(PapillaError) in
            let (nine, sum) = (try nine(), try Tensor(like: joined))
            try nine.convolution.run()
            nine.combine(to: sum, rectified: false)
            ranges.widen("\(name).conv1.products", to: nine.products.reach)
            ranges.widen("\(name).conv1.sum", to: sum.reach)
        }
        watched.append((steps.count - 1, look))
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
        let channels = plan.blockedMaps(0)
        let block = Processor.block
        let batch = batch
        let side = plan.side(0)
        let width = width
        let y = try Tensor([batch, maps, side, side])
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
        try add(y, ofDecoder: decoder)
    }

    func add(_ name: String, _ calls: [Primitive], macs: Int) {
        for call in calls {
            steps.append(Step(name: "\(name) [\(call.implementation)]", macs: macs, run: call.call))
        }
    }
}

extension Tensor {
    /// How far the values reach.
    fileprivate var reach: Float {
        var counts = MagnitudeCounts()
        for value in UnsafeBufferPointer(start: pointer, count: count) { counts.add(value) }
        return counts.reach
    }
}
