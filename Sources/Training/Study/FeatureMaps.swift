internal import Imaging
internal import Neural
internal import Screening

/// The last maps of a network's decoder, those that its heads look at, and how much each resembles the targets: the paper's figures 3 and
/// 8, in which mask and contour are visible in single maps.
struct FeatureMaps {
    /// The correlation of one map with the targets, pixel by pixel over some images; -1...1.
    struct Likeness {
        var mask: Double
        var contour: Double
    }

    /// One plane a map, of the last image.
    let planes: [Plane]
    /// One entry a map, over all images.
    let likeness: [Likeness]

    /// Runs a network with mask and distance head on some images.
    init(_ weights: Weights, _ network: StudyNetwork, width: Int, side: Int, images: [(input: [Float], truth: Mask)]) async throws
    {
        let maps = try await Self.maps(weights, network, width: width, side: side, inputs: images.map(\.input))
        let targets = images.map { Targets(mask: $0.truth, distance: .signed) }
        likeness = (0..<width).map { map in
            let values = maps.flatMap { $0[map] }
            return Likeness(
                mask: Self.correlation(values, targets.flatMap(\.mask)),
                contour: Self.correlation(values, targets.flatMap(\.contour)))
        }
        planes = (maps.last ?? []).map { values in
            let (low, high) = (values.min() ?? 0, values.max() ?? 0)
            let scale = high > low ? 1 / (high - low) : 0
            return Plane(width: side, height: side, values: values.map { ($0 - low) * scale })
        }
    }

    /// The last maps, S x S each, of every input.
    ///
    /// No part of the engine gives its maps away: instead, heads that each copy one map (a kernel of zeros with a one in its middle) stand in
    /// for the trained ones, three maps a run.
    static func maps(
        _ weights: Weights, _ network: StudyNetwork, width: Int, side: Int, inputs: [[Float]]
    ) async throws -> [[[Float]]] {
        let plane = side * side
        var maps = [[[Float]]](repeating: [], count: inputs.count)
        for first in stride(from: 0, to: width, by: 3) {
            let engine = try await StudyEngine(copying(first, weights, width: width), network, width: width, side: side)
            for (index, input) in inputs.enumerated() {
                let logits = try await engine.run(input)
                let (two, one) = (logits[.mask] ?? [], logits[.distance] ?? [])
                let found = [Array(two.prefix(plane)), Array(two.suffix(plane)), one]
                maps[index] += found.prefix(width - first)
            }
        }
        return maps
    }

    /// The map that resembles a target most, also as its negative; nil where no map varies.
    func closest(_ target: KeyPath<Likeness, Double>) -> (map: Int, correlation: Double)? {
        guard let map = likeness.indices.max(by: { abs(likeness[$0][keyPath: target]) < abs(likeness[$1][keyPath: target]) }),
            likeness[map][keyPath: target] != 0
        else { return nil }
        return (map, likeness[map][keyPath: target])
    }

    private static func copying(_ first: Int, _ weights: Weights, width: Int) -> Weights {
        var weights = weights
        for (name, heads) in [("mask", [first, first + 1]), ("distance", [first + 2])] {
            var values = [Float](repeating: 0, count: heads.count * width * 9)
            for (head, map) in heads.enumerated() where map < width { values[(head * width + map) * 9 + 4] = 1 }
            weights.tensors[name + ".weight"] = .init(shape: [heads.count, width, 3, 3], values: values)
            weights.tensors[name + ".bias"] = .init(shape: [heads.count], values: [Float](repeating: 0, count: heads.count))
        }
        return weights
    }

    /// Pearson's; 0 where either does not vary.
    private static func correlation(_ values: [Float], _ target: [UInt8]) -> Double {
        let count = Double(values.count)
        var x = 0.0
        var y = 0.0
        var xx = 0.0
        var yy = 0.0
        var xy = 0.0
        for (value, inside) in zip(values, target) {
            let (a, b) = (Double(value), Double(inside))
            x = x + a
            y = y + b
            xx = xx + a * a
            yy = yy + b * b
            xy = xy + a * b
        }
        let (varianceX, varianceY) = (xx - x * x / count, yy - y * y / count)
        guard varianceX > 1e-9 * max(xx, 1e-9), varianceY > 1e-9 else { return 0 }
        return (xy - x * y / count) / (varianceX * varianceY).squareRoot()
    }
}
