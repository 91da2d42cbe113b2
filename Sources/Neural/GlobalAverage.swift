internal import OneDNN

/// The router's end, and half of the frame's: each of the encoder's last maps averaged, then a fully connected layer. Tiny, so plain Swift.
struct GlobalAverage {
    let maps: Int
    let blockedMaps: Int
    let plane: Int
    let batch: Int

    init(_ plan: Plan) {
        maps = plan.maps(4)
        blockedMaps = plan.blockedMaps(4)
        batch = plan.batch
        plane = plan.side(4) * plan.side(4)
    }

    private func index(_ n: Int, _ map: Int, _ pixel: Int) -> Int {
        let block = Processor.block
        return ((n * blockedMaps / block + map / block) * plane + pixel) * block + map % block
    }

    /// N x maps.
    func forward(_ features: Tensor) -> [Float] {
        (0..<batch).flatMap { n in
            (0..<maps).map { map in
                var sum: Float = 0
                for pixel in 0..<plane { sum += features.pointer[index(n, map, pixel)] }
                return sum / Float(plane)
            }
        }
    }

    /// N x 2 · maps: the maxima, then the averages.
    func maximaAndAverages(_ features: Tensor) -> [Float] {
        let averages = forward(features)
        return (0..<batch).flatMap { n in
            let maxima = (0..<maps).map { map in
                (0..<plane).reduce(-Float.infinity) { max($0, features.pointer[index(n, map, $1)]) }
            }
            return maxima + averages[n * maps..<(n + 1) * maps]
        }
    }

    /// Spreads the gradient of the averages (N x maps) over the maps' gradient, which is overwritten.
    func backward(_ averages: [Float], to gradient: Tensor) {
        for n in 0..<batch {
            for map in 0..<maps {
                let value = averages[n * maps + map] / Float(plane)
                for pixel in 0..<plane { gradient.pointer[index(n, map, pixel)] = value }
            }
        }
    }

    /// `weights` (classes, maps) and `bias` (classes) on averages (N x maps): N x classes.
    static func connect(_ averages: [Float], _ weights: [Float], _ bias: [Float], batch: Int) -> [Float] {
        let maps = averages.count / batch
        return (0..<batch).flatMap { n in
            bias.indices.map { k in (0..<maps).reduce(bias[k]) { $0 + weights[k * maps + $1] * averages[n * maps + $1] } }
        }
    }
}
