internal import CKernels
internal import OneDNN
internal import Screening

/// A network's steps in fewer bits than fp32's: bytes or bf16, channels last.
///
/// In int8 activations are bytes with one scale a layer, and kernels have a scale for each map. In bf16, which serves the paper's encoder
/// alone, nothing is scaled. In both the first convolution stays in fp32, since its input is signed and has three maps. The upsampled half of a decoder's first convolution is nine
/// products at low resolution, combined to sums which the skip's convolution reads, adds to and overwrites.
@EngineActor
struct ReducedBuilder {
    let plan: Plan
    let weights: Weights
    /// In int8, how far values reach; nil in bf16.
    let ranges: ActivationRanges?
    var steps: [Network.Step] = []
    private let scratch = Scratch()
    /// What each hidden convolution leaves, by its name.
    var layers: [String: Maps] = [:]

    /// Numbers, and what a one of them is worth: in bf16 1.
    struct Maps {
        let numbers: Storage
        let unit: Float
    }

    init(_ plan: Plan, _ weights: Weights, _ ranges: ActivationRanges?) {
        self.plan = plan
        self.weights = weights
        self.ranges = ranges
    }

    /// Adds the encoder's steps.
    /// - Returns: the skips, and the last maps.
    mutating func encode(_ input: Tensor) throws(PapillaError) -> (skips: [Maps], last: Maps) {
        var skips: [Maps] = []
        var x = try first("encoder.0.conv1", input, maps: plan.maps(0), side: plan.side)
        for level in 0..<5 {
            if level > 0 { x = try convolve("encoder.\(level).conv1", x, level, part: 0, of: [plan.maps(level - 1)]) }
            x = try convolve("encoder.\(level).conv2", x, level, part: 0, of: [plan.maps(level)])
            guard level < 4 else { break }
            skips.append(x)
            let side = plan.side(level + 1)
            let pooled = Maps(numbers: try storage([plan.batch, plan.blockedMaps(level), side, side]), unit: x.unit)
            add("encoder.\(level).pool", try .maximumPooling(x.numbers, to: pooled.numbers, by: plan.factor(level)), macs: 0)
            x = pooled
        }
        return (skips, x)
    }

    /// Adds a decoder's steps.
    /// - Returns: its last maps.
    mutating func decode(_ decoder: Int, _ skips: [Maps], _ last: Maps) throws(PapillaError) -> Maps {
        var x = last
        for level in [3, 2, 1, 0] {
            let name = "decoder.\(decoder).\(level)"
            let inputs = [plan.maps(level + 1), plan.skipMaps(level)]
            let sums = try upsample("\(name).conv1", x, level, inputs)
            x = try convolve("\(name).conv1", skips[level], level, part: 1, of: inputs, over: sums)
            x = try convolve("\(name).conv2", x, level, part: 0, of: [plan.maps(level)])
        }
        return x
    }

    /// Adds the heads of a decoder.
    /// - Returns: their logits, N x maps x S x S, S the side of the finest level.
    mutating func heads(_ decoder: Int, _ x: Maps) throws(PapillaError) -> Tensor {
        let heads = plan.heads(ofDecoder: decoder)
        let maps = heads.reduce(0) { $0 + $1.head.maps }
        let layout = KernelLayout(out: (maps, maps), inputs: [(plan.width, plan.blockedMaps(0))])
        let kernel = layout.part(0, of: heads.flatMap { weights["\($0.head.rawValue).weight"] })
        let bias = heads.flatMap { weights["\($0.head.rawValue).bias"] }
        if ranges != nil, layout.inputs[0].memory == 16 || layout.inputs[0].memory % 32 == 0 {
            return try self.heads(Kernel(kernel, out: maps), bias, x)
        }
        let pixels = try Tensor([plan.batch, maps, plan.side(0), plan.side(0)], .channelsLast)
        let logits = try Tensor([plan.batch, maps, plan.side(0), plan.side(0)])
        try add("heads", x, to: Maps(numbers: pixels, unit: 1), kernel: kernel, bias: bias, side: 3, rectified: false)
        add("heads to maps", try .reorder(pixels, to: logits), macs: 0)
        return logits
    }

    /// The same by our own kernel, three maps at a time: oneDNN's works on 16.
    private mutating func heads(_ kernel: Kernel, _ bias: [Float], _ x: Maps) throws(PapillaError) -> Tensor {
        let batch = plan.batch
        let side = plan.side(0)
        let maps = kernel.units.count
        let channels = plan.blockedMaps(0)
        let logits = try Tensor([batch, maps, side, side])
        let (from, to) = (x.numbers.raw.assumingMemoryBound(to: UInt8.self), logits.pointer)
        for first in stride(from: 0, to: maps, by: 3) {
            let count = min(3, maps - first)
            let chunks = (channels + 31) / 32
            var packed = [Int8](repeating: 0, count: 9 * chunks * count * 32)
            for (tap, m) in (0..<9).flatMap({ tap in (0..<count).map { (tap, $0) } }) {
                for c in 0..<channels {
                    packed[((tap * chunks + c / 32) * count + m) * 32 + c % 32] =
                        kernel.values[((first + m) * channels + c) * 9 + tap]
                }
            }
            let scales = (first..<first + count).map { x.unit * kernel.units[$0] }
            let shifts = (first..<first + count).map { bias[$0] / (x.unit * kernel.units[$0]) }
            steps.append(
                Network.Step(name: "heads", macs: 9 * channels * count * batch * side * side) {
                    [packed] () throws(PapillaError) in
                    for n in 0..<batch {
                        heads_u8(
                            from + n * channels * side * side, to + (n * maps + first) * side * side, packed, scales, shifts,
                            channels, side, count)
                    }
                })
        }
        return logits
    }

    /// Adds a step that turns the encoder's last maps into fp32, for the router's classes and for the presence's outputs.
    mutating func widened(_ x: Maps) throws(PapillaError) -> Tensor {
        let values = try Tensor(x.numbers.dimensions, .blocked)
        add("last maps in fp32", try .reorder(x.numbers, to: values, scale: x.unit), macs: 0)
        return values
    }

    /// Adds the first convolution, 3x3, whose values end at `ceiling`.
    mutating func first(
        _ name: String, _ input: Tensor, maps out: Int, side: Int, stride: Int = 1, ceiling: Float = .infinity
    ) throws(PapillaError) -> Maps {
        let layout = KernelLayout(out: (out, Plan.blocked(out)), inputs: [(3, 3)])
        let kernel = try Tensor([layout.out.memory, 3, 3, 3])
        try kernel.load(layout.part(0, of: weights[name + ".weight"]))
        let bias = try Tensor([layout.out.memory])
        try bias.load(weights[name + ".bias"].padded(to: layout.out.memory))
        let values = try plan.activation(maps: out, side: side)
        for call in try Convolution(input, to: values, kernel: 3, stride: stride, rectified: true).forward(
            weights: kernel, bias: bias, constant: true)
        {
            add(name, call, macs: kernel.count * plan.batch * side * side)
        }
        let maps = Maps(numbers: try storage(values.dimensions), unit: unit(name, of: 255, upTo: ceiling))
        add("\(name) shortened", try .reorder(values, to: maps.numbers, scale: 1 / maps.unit), macs: 0)
        layers[name] = maps
        return maps
    }

    private mutating func upsample(_ name: String, _ x: Maps, _ level: Int, _ inputs: [Int]) throws(PapillaError) -> Maps {
        let batch = plan.batch
        let out = plan.blockedMaps(level)
        let big = plan.side(level)
        let factor = plan.factor(level)
        let low = big / factor
        let layout = KernelLayout(out: (plan.maps(level), out), inputs: inputs.map { ($0, ($0 + 15) / 16 * 16) })
        let products = Maps(
            numbers: try storage([batch, 9 * out, low, low], isSigned: true), unit: unit(name + ".products", of: 127))
        try add(
            "\(name) products", x, to: products, kernel: layout.nine(0, of: weights[name + ".weight"]),
            bias: [Float](repeating: 0, count: 9 * out), side: 1, rectified: false)
        let sums = try storage([batch, out, big, big])
        let (from, to) = (products.numbers.raw, sums.raw)
        guard ranges != nil else {
            steps.append(
                Network.Step(name: "\(name) combine", macs: 0) { () throws(PapillaError) in
                    for n in 0..<batch {
                        combine_bf16(
                            from.assumingMemoryBound(to: UInt16.self) + n * 9 * out * low * low,
                            to.assumingMemoryBound(to: UInt16.self) + n * out * big * big, out, big, factor)
                    }
                })
            return Maps(numbers: sums, unit: 1)
        }
        // What a sum is worth: never less than a product, so that the kernel only ever makes numbers smaller.
        let ratio = max(1, Int32((4096 * min(1, products.unit / unit(name + ".sum", of: 127))).rounded()))
        steps.append(
            Network.Step(name: "\(name) combine", macs: 0) { () throws(PapillaError) in
                for n in 0..<batch {
                    combine_s8(
                        from.assumingMemoryBound(to: Int8.self) + n * 9 * out * low * low,
                        to.assumingMemoryBound(to: Int8.self) + n * out * big * big, out, big, factor, ratio)
                }
            })
        return Maps(numbers: sums, unit: products.unit * 4096 / Float(ratio))
    }

    /// A 3x3 convolution to new maps, or over the signed sums that stand in some.
    private mutating func convolve(
        _ name: String, _ x: Maps, _ level: Int, part: Int, of inputs: [Int], over sums: Maps? = nil
    ) throws(PapillaError) -> Maps {
        let (out, side) = (plan.blockedMaps(level), plan.side(level))
        let layout = KernelLayout(out: (plan.maps(level), out), inputs: inputs.map { ($0, ($0 + 15) / 16 * 16) })
        let target = if let sums { sums.numbers } else { try storage([plan.batch, out, side, side]) }
        let maps = Maps(numbers: target, unit: unit(name, of: 255))
        let (kernel, bias) = (layout.part(part, of: weights[name + ".weight"]), weights[name + ".bias"].padded(to: out))
        layers[name] = maps
        if let reach = ranges?.points[name], WinogradBytes.serves(maps: layout.inputs[part].memory, out: out, side: side) {
            let winograd = try WinogradBytes(
                x, to: maps, weights: kernel, bias: bias, reach: reach, old: sums?.unit, scratch: scratch)
            let macs = kernel.count * plan.batch * side * side
            steps.append(Network.Step(name: "\(name) [\(WinogradBytes.implementation)]", macs: macs, run: winograd.call))
        } else {
            try add(name, x, to: maps, kernel: kernel, bias: bias, side: 3, rectified: true, over: sums)
        }
        return maps
    }

    /// Zeros, N x C x H x W.
    func storage(_ dimensions: [Int], isSigned: Bool = false) throws(PapillaError) -> Storage {
        ranges == nil ? try HalfTensor(dimensions) : try ByteTensor(dimensions, isSigned: isSigned)
    }

    /// What one step is worth, so that `steps` of them reach as far as the layer does, or `ceiling`. A layer that is always 0 may take any.
    func unit(_ name: String, of steps: Float, upTo ceiling: Float = .infinity) -> Float {
        ranges.map { min(max($0.reach[name] ?? 0, 1e-6), ceiling) / steps } ?? 1
    }

    /// A convolution of the plain `kernel` (out, in, k, k).
    mutating func add(
        _ name: String, _ x: Maps, to y: Maps, kernel values: [Float], bias: [Float], side: Int, rectified: Bool,
        over sums: Maps? = nil
    ) throws(PapillaError) {
        let (target, maps) = (y.numbers.dimensions, x.numbers.dimensions[1])
        let (out, macs) = (target[1], values.count * plan.batch * target[2] * target[3])
        guard ranges == nil else {
            let convolution = Kernel(values, out: out).convolution(
                bias: bias, from: x.unit, to: y.unit, side: side, rectified: rectified, share: sums.map { $0.unit / y.unit })
            return add(name, try convolution.forward(x.numbers, to: y.numbers), macs: macs)
        }
        let (kernel, biases) = (try Tensor([out, maps, side, side]), try Tensor([out]))
        try kernel.load(values)
        try biases.load(bias)
        let convolution = Convolution(x.numbers, to: y.numbers, kernel: side, rectified: rectified, accumulates: sums != nil)
        for call in try convolution.forward(weights: kernel, bias: biases, constant: true) { add(name, call, macs: macs) }
    }

    private mutating func add(_ name: String, _ call: Primitive, macs: Int) {
        steps.append(Network.Step(name: "\(name) [\(call.implementation)]", macs: macs, run: call.call))
    }
}

/// A kernel rounded to whole numbers, with a scale for each map.
struct Kernel {
    let values: [Int8]
    /// What one of a map's numbers is worth.
    let units: [Float]

    /// Rounds row-major values, the map outermost.
    init(_ values: [Float], out: Int) {
        let size = values.count / out
        let limit = Float(QuantisedConvolution.largestWeight)
        units = (0..<out).map { o in
            let largest = values[o * size..<(o + 1) * size].reduce(0) { max($0, abs($1)) }
            return largest > 0 ? largest / limit : 1
        }
        self.values = values.indices.map { [units] in Int8((values[$0] / units[$0 / size]).rounded(.toNearestOrEven)) }
    }

    /// The convolution from bytes worth `source` to bytes worth `target`.
    func convolution(
        bias: [Float], from source: Float, to target: Float, side: Int, rectified: Bool, share: Float? = nil
    ) -> QuantisedConvolution {
        QuantisedConvolution(
            kernels: values, scales: units.map { source * $0 / target }, bias: zip(bias, units).map { $0 / (source * $1) },
            side: side, rectified: rectified, share: share)
    }
}
