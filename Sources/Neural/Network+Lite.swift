internal import CKernels
internal import OneDNN
internal import Screening

extension Network {
    /// ``Lite``: what the decoders read, and the last maps.
    func encode(_ lite: Lite, _ weights: Weights) throws(PapillaError) -> (skips: [Tensor], last: Tensor) {
        let shapes = Dictionary(uniqueKeysWithValues: lite.layers.map { ($0.name, $0) })
        func maps(_ name: String) throws(PapillaError) -> (Tensor, kernel: [Int]) {
            guard let layer = shapes[name] else { throw PapillaError(.internal, "There is no layer \(name)") }
            return (try plan.activation(maps: layer.kernel[0], side: side / layer.stride), layer.kernel)
        }
        var skips: [Tensor] = []
        var (x, kernel) = try maps("encoder.stem")
        try convolve("encoder.stem", input, to: x, kernel: kernel, stride: 2, weights, ceiling: Lite.ceiling)
        watch("encoder.stem", x)
        for (index, block) in lite.blocks.enumerated() {
            let name = "encoder.\(index)"
            var y = x
            if block.expansion > 1 {
                let (expanded, kernel) = try maps(name + ".expand")
                try convolve(name + ".expand", x, to: expanded, kernel: kernel, weights, ceiling: Lite.ceiling)
                watch(name + ".expand", expanded)
                y = expanded
            }
            let (each, eachKernel) = try maps(name + ".depthwise")
            try convolveEach(name + ".depthwise", y, to: each, kernel: eachKernel, stride: block.stride, weights)
            watch(name + ".depthwise", each)
            // What comes in is read no more, so that the sum may take its place.
            let (projected, projectedKernel) = try maps(name + ".project")
            let sum = block.isResidual ? x : projected
            try convolve(
                name + ".project", each, to: sum, kernel: projectedKernel, weights, accumulates: block.isResidual)
            watch(name + ".project", sum)
            x = sum
            if lite.taps.contains(index) { skips.append(x) }
        }
        return (skips, x)
    }

    /// A convolution of ``Lite``: 1x1, or the first one; a rectifier behind it if there is a ceiling, or added to what stands in the target.
    func convolve(
        _ name: String, _ x: Tensor, to y: Tensor, kernel shape: [Int], stride: Int = 1, _ weights: Weights,
        ceiling: Float? = nil,
        accumulates: Bool = false
    ) throws(PapillaError) {
        let layout = KernelLayout(
            out: (shape[0], y.dimensions[1]), inputs: [(shape[1], x.dimensions[1])], taps: shape[2] * shape[3])
        let bias = try Tensor([layout.out.memory])
        try bias.load(weights[name + ".bias"].padded(to: layout.out.memory))
        let kernel = try Tensor([y.dimensions[1], x.dimensions[1], shape[2], shape[3]])
        try kernel.load(layout.part(0, of: weights[name + ".weight"]))
        let convolution = Convolution(
            x, to: y, kernel: shape[2], stride: stride, rectified: ceiling != nil,
            ceiling: ceiling.flatMap { $0.isFinite ? $0 : nil }, accumulates: accumulates)
        add(
            name, try convolution.forward(weights: kernel, bias: bias, constant: true),
            macs: kernel.count * batch * y.dimensions[2] * y.dimensions[3])
    }

    /// A kernel of its own for each map, with a rectifier of ``Lite`` behind it.
    func convolveEach(
        _ name: String, _ x: Tensor, to y: Tensor, kernel shape: [Int], stride: Int, _ weights: Weights
    ) throws(PapillaError) {
        let maps = x.dimensions[1]
        let side = x.dimensions[2]
        let reached = y.dimensions[2]
        let batch = batch
        let (size, taps) = (shape[2], shape[2] * shape[3])
        let (values, kernels) = (weights[name + ".weight"], try Tensor([taps, maps]))
        for map in 0..<shape[0] { for tap in 0..<taps { kernels.pointer[tap * maps + map] = values[map * taps + tap] } }
        let bias = try Tensor([maps])
        try bias.load(weights[name + ".bias"].padded(to: maps))
        steps.append(
            Step(name: "\(name) [own_depthwise]", macs: taps * maps * batch * reached * reached) {
                depthwise_f32(
                    x.pointer, y.pointer, kernels.pointer, bias.pointer, batch, maps, side, size, stride, Processor.block, 0,
                    Lite.ceiling)
            })
    }
}
