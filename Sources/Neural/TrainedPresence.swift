internal import Glibc
internal import OneDNN
internal import Screening

/// The heads that say whether there is something in a cell, and in the image, while training: both read the encoder's last maps, and add to
/// their gradient.
///
/// A cell counts as having something from a tenth of its pixels on; one with less than that is not asked.
final class TrainedPresence {
    /// The hidden maps of the cells.
    let hidden: TrainedLayer
    private let cells: TrainedConvolution
    private let logits: Tensor
    private let gradient: Tensor
    /// (1, 2 · maps): of the maps' maxima, then of their means.
    private let frame: Parameter
    private let frameBias: Parameter
    private let features: TrainedMaps
    private let weight: Float
    /// Images of all ranks.
    private let all: Int
    /// Channel by channel: where a map's maximum lies, of each image.
    private var places: [Int] = []
    private var averages: [Float] = []
    private var frameGradient: [Float] = []

    private var images: Int { features.maps.dimensions[0] }
    private var plane: Int { features.maps.dimensions[2] * features.maps.dimensions[3] }

    /// - Parameter weight: of its losses among the others.
    init(_ plan: Plan, _ features: TrainedMaps, weight: Float, normalised: Bool, scratch: Scratch) throws(PapillaError) {
        self.features = features
        self.weight = weight
        all = plan.all
        hidden = try TrainedLayer(
            "cells.hidden", plan, kernel: [Architecture.cellMaps, features.file, 1, 1], side: plan.side(4),
            source: features.read(accumulating: true), end: .rectifier,
            rule: .init(epsilon: 1e-5, share: 0.1, isFixed: !normalised), scratch: scratch)
        logits = try Tensor([plan.batch, Processor.block, plan.side(4), plan.side(4)], .blocked)
        gradient = try Tensor(like: logits)
        cells = try TrainedConvolution(
            "cells", hidden.output, to: logits, gradient: gradient, sourceGradient: hidden.gradient, kernel: 3, rectified: false,
            biased: true, scratch: scratch)
        frame = try Parameter("frame.weight", gradient: Tensor([1, 2 * features.file, 1, 1]))
        frameBias = try Parameter("frame.bias", gradient: Tensor([1]))
    }

    var parameters: [Parameter] { cells.parameters + [frame, frameBias] }

    func forward() throws(PapillaError) {
        try hidden.forward()
        try cells.forward()
    }

    /// This process's share of binary cross-entropies, means over cells and images, times the weight; leaves their gradients.
    func losses(_ batch: TrainingBatch) -> [Architecture.Head: Double] {
        let (side, small) = (features.maps.dimensions[2] * 32, features.maps.dimensions[2])
        var (ofCells, ofFrames) = (0.0, 0.0)
        averages = []
        places = []
        frameGradient = []
        for n in 0..<images {
            var inside = 0
            for cell in 0..<plane {
                var count = 0
                for y in cell / small * 32..<cell / small * 32 + 32 {
                    for x in cell % small * 32..<cell % small * 32 + 32 {
                        count += Int(batch.mask[(n * side + y) * side + x])
                    }
                }
                inside += count
                let at = (n * plane + cell) * Processor.block
                let share = Float(count) / 1024
                let isAsked = count == 0 || share > 0.1
                let (loss, slope) = Self.surprise(logits.pointer[at], share > 0.1)
                if isAsked { ofCells += Double(loss) }
                gradient.pointer[at] = isAsked ? weight * slope / Float(all * plane) : 0
            }
            summarise(n)
            let (loss, slope) = Self.surprise(frameLogit(n), inside > Self.leastPixels)
            ofFrames += Double(loss)
            frameGradient.append(weight * slope / Float(all))
        }
        return [.cells: Double(weight) * ofCells / Double(all * plane), .frame: Double(weight) * ofFrames / Double(all)]
    }

    /// Fewer pixels of a mask than that are no sign that there is something.
    private static let leastPixels = 20

    func backward() throws(PapillaError) {
        try cells.backward()
        try hidden.backward()
        guard let sum = features.gradient else { return }
        let maps = features.file
        frameBias.gradient.pointer[0] = frameGradient.reduce(0, +)
        for map in 0..<2 * maps { frame.gradient.pointer[map] = 0 }
        for n in 0..<images {
            for map in 0..<maps {
                let (first, slope) = (index(n, map, 0), frameGradient[n])
                let place = places[n * maps + map]
                frame.gradient.pointer[map] += slope * features.maps.pointer[first + place * Processor.block]
                frame.gradient.pointer[maps + map] += slope * averages[n * maps + map]
                sum.pointer[first + place * Processor.block] += slope * frame.value.pointer[map]
                let share = slope * frame.value.pointer[maps + map] / Float(plane)
                for pixel in 0..<plane { sum.pointer[first + pixel * Processor.block] += share }
            }
        }
    }

    private func summarise(_ n: Int) {
        for map in 0..<features.file {
            let first = index(n, map, 0)
            var total = Float(0)
            var most = -Float.infinity
            var place = 0
            for pixel in 0..<plane {
                let value = features.maps.pointer[first + pixel * Processor.block]
                total += value
                if value > most {
                    most = value
                    place = pixel
                }
            }
            averages.append(total / Float(plane))
            places.append(place)
        }
    }

    private func frameLogit(_ n: Int) -> Float {
        let maps = features.file
        return (0..<maps).reduce(frameBias.value.pointer[0]) { sum, map in
            let most = features.maps.pointer[index(n, map, places[n * maps + map])]
            return sum + frame.value.pointer[map] * most + frame.value.pointer[maps + map] * averages[n * maps + map]
        }
    }

    private func index(_ n: Int, _ map: Int, _ pixel: Int) -> Int {
        let block = Processor.block
        return ((n * features.maps.dimensions[1] / block + map / block) * plane + pixel) * block + map % block
    }

    /// Binary cross-entropy of a logit, and its slope.
    private static func surprise(_ logit: Float, _ isThere: Bool) -> (loss: Float, slope: Float) {
        let e = expf(-abs(logit))
        let probability = logit > 0 ? 1 / (1 + e) : e / (1 + e)
        return (log1pf(e) + max(0, logit) - (isThere ? logit : 0), probability - (isThere ? 1 : 0))
    }

    func load(_ weights: Weights) throws(PapillaError) {
        try hidden.load(weights)
        try cells.weights.value.load(layout.part(0, of: weights["cells.weight"]))
        try cells.bias?.value.load(weights["cells.bias"].padded(to: Processor.block))
        try frame.value.load(weights["frame.weight"])
        try frameBias.value.load(weights["frame.bias"])
    }

    func store(in weights: inout Weights) throws(PapillaError) {
        var kernel = [Float](repeating: 0, count: Architecture.cellMaps * 9)
        layout.store(try cells.weights.smoothed.values(), as: 0, in: &kernel)
        weights.tensors["cells.weight"] = Weights.Tensor(shape: [1, Architecture.cellMaps, 3, 3], values: kernel)
        weights.tensors["cells.bias"] = Weights.Tensor(
            shape: [1], values: Array(try (cells.bias?.smoothed.values() ?? []).prefix(1)))
        weights.tensors["frame.weight"] = Weights.Tensor(shape: [1, 2 * features.file], values: try frame.smoothed.values())
        weights.tensors["frame.bias"] = Weights.Tensor(shape: [1], values: try frameBias.smoothed.values())
    }

    private var layout: KernelLayout {
        KernelLayout(out: (1, Processor.block), inputs: [(Architecture.cellMaps, hidden.output.dimensions[1])])
    }
}
