internal import CKernels
internal import OneDNN
internal import Screening

extension ReducedBuilder {
    /// Adds the steps of ``Lite``, in int8.
    ///
    /// Behind a rectifier the bytes 0...255 reach to 6 at the most, so that they need no limit of their own; the projections, which have no
    /// rectifier, leave −128...127. The kernels for single maps are in fp32: a map's 9 or 25 numbers bear rounding worse than the others'
    /// hundreds do, and cost nothing there.
    /// - Returns: the skips, and the last maps.
    mutating func encode(_ lite: Lite, _ input: Tensor) throws(PapillaError) -> (skips: [Maps], last: Maps) {
        var skips: [Maps] = []
        var x = try first(
            "encoder.stem", input, maps: Lite.stem, side: plan.side / 2, stride: 2, ceiling: Lite.ceiling)
        for (index, block) in lite.blocks.enumerated() {
            let name = "encoder.\(index)"
            var y = x
            if block.expansion > 1 {
                y = try connect(name + ".expand", x, from: block.input, to: block.inner, rectified: true)
            }
            y = try convolveEach(name + ".depthwise", y, block)
            // What comes in is read no more, so that the sum may take its place.
            x = try connect(
                name + ".project", y, from: block.inner, to: block.output, rectified: false, over: block.isResidual ? x : nil)
            if lite.taps.contains(index) { skips.append(x) }
        }
        return (skips, x)
    }

    /// A 1x1 convolution to new maps, or added to those of `sums`.
    private mutating func connect(
        _ name: String, _ x: Maps, from input: Int, to out: Int, rectified: Bool, over sums: Maps? = nil
    ) throws(PapillaError) -> Maps {
        let layout = KernelLayout(out: (out, Plan.blocked(out)), inputs: [(input, Plan.blocked(input))], taps: 1)
        let (memory, side) = (layout.out.memory, x.numbers.dimensions[2])
        let target = if let sums { sums.numbers } else { try storage([plan.batch, memory, side, side], isSigned: !rectified) }
        let maps = Maps(
            numbers: target, unit: rectified ? unit(name, of: 255, upTo: Lite.ceiling) : unit(name, of: 127))
        layers[name] = maps
        try add(
            name, x, to: maps, kernel: layout.part(0, of: weights[name + ".weight"]),
            bias: weights[name + ".bias"].padded(to: memory), side: 1, rectified: rectified, over: sums)
        return maps
    }

    /// A kernel of its own for each map.
    private mutating func convolveEach(_ name: String, _ x: Maps, _ block: Lite.Block) throws(PapillaError) -> Maps {
        let (batch, maps, side, reached) = (plan.batch, block.inner, x.numbers.dimensions[2], plan.side / block.reached)
        let (size, stride, taps) = (block.kernel, block.stride, block.kernel * block.kernel)
        let y = Maps(
            numbers: try storage([batch, maps, reached, reached]), unit: unit(name, of: 255, upTo: Lite.ceiling))
        layers[name] = y
        let values = weights[name + ".weight"]
        let kernels = (0..<taps * maps).map { values[$0 % maps * taps + $0 / maps] * x.unit / y.unit }
        let bias = weights[name + ".bias"].map { $0 / y.unit }
        let (from, to) = (x.numbers.raw.assumingMemoryBound(to: UInt8.self), y.numbers.raw.assumingMemoryBound(to: UInt8.self))
        steps.append(
            Network.Step(name: "\(name) [own_depthwise]", macs: taps * maps * batch * reached * reached) {
                depthwise_u8(from, to, kernels, bias, batch, maps, side, size, stride)
            })
        return y
    }
}
