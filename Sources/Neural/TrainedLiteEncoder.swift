internal import OneDNN
internal import Screening

/// ``Lite`` in training.
final class TrainedLiteEncoder: TrainedEncoder {
    private var layers: [TrainedLayer] = []
    private(set) var skips: [TrainedMaps] = []
    private(set) var last: TrainedMaps
    /// Whether nothing of it learns.
    private let isFrozen: Bool

    init(_ lite: Lite, _ plan: Plan, _ input: Tensor, normalised: Bool, frozen: Bool, scratch: Scratch) throws(PapillaError) {
        isFrozen = frozen
        let rule = TrainedLayer.Rule(
            epsilon: Lite.normalisation.epsilon, share: Lite.normalisation.share, isFixed: frozen || !normalised)
        let limited = BatchNormalization.End.limited(Lite.ceiling)
        let shapes = Dictionary(uniqueKeysWithValues: lite.layers.map { ($0.name, $0) })
        var made: [TrainedLayer] = []
        func layer(
            _ name: String, stride: Int, _ source: TrainedMaps, end: BatchNormalization.End, residual: TrainedMaps? = nil
        ) throws(PapillaError) -> TrainedMaps {
            guard let shape = shapes[name] else { throw PapillaError(.internal, "There is no layer \(name)") }
            let layer = try TrainedLayer(
                name, plan, kernel: shape.kernel, side: plan.side / shape.stride, stride: stride, source: source, end: end,
                residual: residual, rule: rule, scratch: scratch)
            made.append(layer)
            return layer.maps
        }
        var x = try layer("encoder.stem", stride: 2, TrainedMaps(maps: input, gradient: nil, file: 3), end: limited)
        for (index, block) in lite.blocks.enumerated() {
            let name = "encoder.\(index)"
            // A decoder has left its share in the gradient of the maps that it reads, and the sum behind the block in that of what is added.
            let isTapped = lite.taps.contains(index - 1)
            let residual = block.isResidual ? x.read(accumulating: isTapped) : nil
            var y = x.read(accumulating: isTapped || block.isResidual)
            if block.expansion > 1 { y = try layer(name + ".expand", stride: 1, y, end: limited) }
            y = try layer(name + ".depthwise", stride: block.stride, y, end: limited)
            x = try layer(name + ".project", stride: 1, y, end: .nothing, residual: residual)
            if lite.taps.contains(index) { skips.append(x) }
        }
        layers = made
        last = x
    }

    var parts: [any TrainedPart] { layers }

    func forward() throws(PapillaError) { for layer in layers { try layer.forward() } }

    func backward() throws(PapillaError) {
        guard !isFrozen else { return }
        for layer in layers.reversed() { try layer.backward() }
    }
}
