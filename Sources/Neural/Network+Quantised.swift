internal import CKernels
internal import OneDNN
internal import Screening

/// A network's steps in int8. Activations are bytes with one scale a layer, channels last; kernels have a scale for each map.
///
/// The first convolution stays in fp32, since the input is signed and has three maps. The upsampled half of a decoder's first
/// convolution is nine products at low resolution, combined to signed bytes, which the skip's convolution reads, adds to and overwrites.
@EngineActor
struct QuantisedBuilder {
    let plan: Plan
    let weights: Weights
    let ranges: ActivationRanges
    var steps: [Network.Step] = []
    /// What each hidden convolution leaves, by its name.
    var layers: [String: Maps] = [:]

    /// Bytes with what one of them is worth.
    struct Maps {
        let bytes: ByteTensor
        let unit: Float
    }

    init(_ plan: Plan, _ weights: Weights, _ ranges: ActivationRanges) {
        (self.plan, self.weights, self.ranges) = (plan, weights, ranges)
    }

    /// Adds the encoder's steps.
    /// - Returns: the skips, and the last maps.
    mutating func encode(_ input: Tensor) throws(PapillaError) -> (skips: [Maps], last: Maps) {
        var skips: [Maps] = []
        var x = try first(input)
        for level in 0..<5 {
            if level > 0 { x = try convolve("encoder.\(level).conv1", x, level, part: 0, of: [plan.maps(level - 1)]) }
            x = try convolve("encoder.\(level).conv2", x, level, part: 0, of: [plan.maps(level)])
            guard level < 4 else { break }
            skips.append(x)
            let side = plan.side(level + 1)
            let pooled = Maps(bytes: try ByteTensor([plan.batch, plan.blockedMaps(level), side, side]), unit: x.unit)
            add("encoder.\(level).pool", try .maximumPooling(x.bytes, to: pooled.bytes, by: plan.factor(level)), macs: 0)
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
            let inputs = [plan.maps(level + 1), plan.maps(level)]
            let (y, unit) = try upsample("\(name).conv1", x, level, inputs)
            x = try convolve("\(name).conv1", skips[level], level, part: 1, of: inputs, over: (y, unit))
            x = try convolve("\(name).conv2", x, level, part: 0, of: [plan.maps(level)])
        }
        return x
    }

    /// Adds the heads of a decoder.
    /// - Returns: their logits, N x maps x S x S.
    mutating func heads(_ decoder: Int, _ x: Maps) throws(PapillaError) -> Tensor {
        let heads = plan.heads(ofDecoder: decoder)
        let maps = heads.reduce(0) { $0 + $1.head.maps }
        let layout = KernelLayout(out: (maps, maps), inputs: [(plan.width, plan.blockedMaps(0))])
        let kernel = Kernel(layout.part(0, of: heads.flatMap { weights["\($0.head.rawValue).weight"] }), out: maps)
        let bias = heads.flatMap { weights["\($0.head.rawValue).bias"] }
        let pixels = try Tensor([plan.batch, maps, plan.side, plan.side], .channelsLast)
        let logits = try Tensor([plan.batch, maps, plan.side, plan.side])
        let convolution = kernel.convolution(bias: bias, from: x.unit, to: 1, side: 3, rectified: false)
        add("heads", try convolution.forward(x.bytes, to: pixels), macs: kernel.values.count * plan.batch * plan.side * plan.side)
        add("heads to maps", try .reorder(pixels, to: logits), macs: 0)
        return logits
    }

    private mutating func first(_ input: Tensor) throws(PapillaError) -> Maps {
        let name = "encoder.0.conv1"
        let layout = KernelLayout(out: (plan.maps(0), plan.blockedMaps(0)), inputs: [(3, 3)])
        let kernel = try Tensor([layout.out.memory, 3, 3, 3])
        try kernel.load(layout.part(0, of: weights[name + ".weight"]))
        let bias = try Tensor([layout.out.memory])
        try bias.load(weights[name + ".bias"].padded(to: layout.out.memory))
        let values = try plan.activation(0)
        for call in try Convolution(input, to: values, kernel: 3, rectified: true).forward(
            weights: kernel, bias: bias, constant: true)
        {
            add(name, call, macs: kernel.count * plan.batch * plan.side * plan.side)
        }
        let maps = Maps(bytes: try ByteTensor(values.dimensions), unit: unit(name, of: 255))
        add("\(name) to bytes", try .reorder(values, to: maps.bytes, scale: 1 / maps.unit), macs: 0)
        layers[name] = maps
        return maps
    }

    private mutating func upsample(
        _ name: String, _ x: Maps, _ level: Int, _ inputs: [Int]
    ) throws(PapillaError) -> (ByteTensor, unit: Float) {
        let (out, big, factor) = (plan.blockedMaps(level), plan.side(level), plan.factor(level))
        let low = big / factor
        let layout = KernelLayout(out: (plan.maps(level), out), inputs: inputs.map { ($0, ($0 + 15) / 16 * 16) })
        let kernel = Kernel(layout.nine(0, of: weights[name + ".weight"]), out: 9 * out)
        let unit = unit(name + ".products", of: 127)
        let products = try ByteTensor([plan.batch, 9 * out, low, low], isSigned: true)
        let convolution = kernel.convolution(
            bias: [Float](repeating: 0, count: 9 * out), from: x.unit, to: unit, side: 1, rectified: false)
        add(
            "\(name) products", try convolution.forward(x.bytes, to: products), macs: kernel.values.count * plan.batch * low * low
        )
        let y = try ByteTensor([plan.batch, out, big, big])
        // What a sum is worth: never less than a product, so that the kernel only ever makes numbers smaller.
        let ratio = Int32((4096 * min(1, unit / self.unit(name + ".sum", of: 127))).rounded())
        let (batch, own) = (plan.batch, max(1, ratio))
        steps.append(
            Network.Step(name: "\(name) combine", macs: 0) { () throws(PapillaError) in
                for n in 0..<batch {
                    combine_s8(
                        products.pointer.assumingMemoryBound(to: Int8.self) + n * 9 * out * low * low,
                        y.pointer.assumingMemoryBound(to: Int8.self) + n * out * big * big, out, big, factor, own)
                }
            })
        return (y, unit * 4096 / Float(own))
    }

    /// A 3x3 convolution to new maps, or over the signed sums that stand in some.
    private mutating func convolve(
        _ name: String, _ x: Maps, _ level: Int, part: Int, of inputs: [Int], over sums: (bytes: ByteTensor, unit: Float)? = nil
    ) throws(PapillaError) -> Maps {
        let (out, side) = (plan.blockedMaps(level), plan.side(level))
        let layout = KernelLayout(out: (plan.maps(level), out), inputs: inputs.map { ($0, ($0 + 15) / 16 * 16) })
        let kernel = Kernel(layout.part(part, of: weights[name + ".weight"]), out: out)
        let target = if let sums { sums.bytes } else { try ByteTensor([plan.batch, out, side, side]) }
        let maps = Maps(bytes: target, unit: unit(name, of: 255))
        let convolution = kernel.convolution(
            bias: weights[name + ".bias"].padded(to: out), from: x.unit, to: maps.unit, side: 3, rectified: true,
            share: sums.map { $0.unit / maps.unit })
        add(name, try convolution.forward(x.bytes, to: maps.bytes), macs: kernel.values.count * plan.batch * side * side)
        layers[name] = maps
        return maps
    }

    /// What one step is worth, so that `steps` of them reach the largest value. A layer that is always 0 may take any.
    private func unit(_ name: String, of steps: Float) -> Float { max(ranges.largest[name] ?? 0, 1e-6) / steps }

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
