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
}
