import Foundation

/// Numbers with their gradient: a parameter, or maps (N x C x S x S).
final class Variable {
    let shape: [Int]
    var values: [Double]
    var gradient: [Double]

    init(_ shape: [Int], _ values: [Double]) {
        self.shape = shape
        self.values = values
        gradient = Array(repeating: 0, count: values.count)
    }

    private(set) lazy var rootMeanSquare = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()

    convenience init(_ shape: [Int]) { self.init(shape, Array(repeating: 0, count: shape.reduce(1, *))) }
}

/// Reverse-mode differentiation in float64, as plainly as it can be written: every operation computes its result and notes
/// how to carry the result's gradient back.
struct ReferenceTape {
    private var steps: [() -> Void] = []
    /// How near any rectifier or maximum came to deciding otherwise, relative to its maps' root mean square. Where this is no more
    /// than fp32's rounding, two right answers may have different gradients.
    private(set) var margin = Double.infinity

    /// Carries gradients back through everything that was done.
    func backward() { for step in steps.reversed() { step() } }

    /// A 3x3 convolution, stride 1, padding 1.
    mutating func convolution(_ x: Variable, _ weight: Variable, _ bias: Variable?) -> Variable {
        let n = x.shape[0]
        let out = weight.shape[0]
        let input = x.shape[1]
        let side = x.shape[2]
        let y = Variable([n, out, side, side])
        let plane = side * side
        if let bias { for (map, place) in product(n * out, plane) { y.values[map * plane + place] = bias.values[map % out] } }
        // Rows that a tap joins: the first indices in x and y, the length, and the weight's index.
        var rows: [(x: Int, y: Int, count: Int, weight: Int)] = []
        for (map, (i, tap)) in (0..<n * out).flatMap({ map in product(input, 9).map { (map, $0) } }) {
            let (down, right) = (tap / 3 - 1, tap % 3 - 1)
            let (first, count) = (max(0, -right), side - abs(right))
            for row in max(0, -down)..<min(side, side - down) {
                let source = ((map / out * input + i) * side + row + down) * side + first + right
                rows.append((source, (map * side + row) * side + first, count, (map % out * input + i) * 9 + tap))
            }
        }
        x.values.withUnsafeBufferPointer { from in
            y.values.withUnsafeMutableBufferPointer { to in
                for row in rows {
                    let weight = weight.values[row.weight]
                    for k in 0..<row.count { to[row.y + k] += weight * from[row.x + k] }
                }
            }
        }
        steps.append {
            if let bias {
                for (map, place) in product(n * out, plane) { bias.gradient[map % out] += y.gradient[map * plane + place] }
            }
            y.gradient.withUnsafeBufferPointer { from in
                x.gradient.withUnsafeMutableBufferPointer { to in
                    for row in rows {
                        let value = weight.values[row.weight]
                        var sum = 0.0
                        for k in 0..<row.count {
                            to[row.x + k] += value * from[row.y + k]
                            sum += x.values[row.x + k] * from[row.y + k]
                        }
                        weight.gradient[row.weight] += sum
                    }
                }
            }
        }
        return y
    }

    mutating func rectified(_ x: Variable) -> Variable {
        let y = Variable(x.shape, x.values.map { max(0, $0) })
        margin = x.values.reduce(margin) { min($0, abs($1) / x.rootMeanSquare) }
        steps.append { for i in x.values.indices where x.values[i] > 0 { x.gradient[i] += y.gradient[i] } }
        return y
    }

    /// Maximum of each `factor` x `factor` square; the gradient goes to the first place that holds it.
    mutating func pooled(_ x: Variable, by factor: Int) -> Variable {
        let (side, low) = (x.shape[2], x.shape[2] / factor)
        let y = Variable([x.shape[0], x.shape[1], low, low])
        let places = y.values.indices.map { index in
            let map = index / (low * low)
            let row = index / low % low
            let column = index % low
            let square = product(factor, factor).map { (map * side + row * factor + $0) * side + column * factor + $1 }
            return square.dropFirst().reduce(square[0]) { x.values[$1] > x.values[$0] ? $1 : $0 }
        }
        for (i, place) in places.enumerated() { y.values[i] = x.values[place] }
        for (index, value) in x.values.enumerated() {
            let map = index / (side * side)
            let row = index / side % side / factor
            let column = index % side / factor
            let most = (map * low + row) * low + column
            // Equal zeros are no matter: the rectifier in front passes no gradient.
            if index != places[most], y.values[most] > 0 { margin = min(margin, (y.values[most] - value) / x.rootMeanSquare) }
        }
        steps.append { for (i, place) in places.enumerated() { x.gradient[place] += y.gradient[i] } }
        return y
    }

    /// Nearest neighbour.
    mutating func upsampled(_ x: Variable, by factor: Int) -> Variable {
        let (low, side) = (x.shape[2], x.shape[2] * factor)
        let y = Variable([x.shape[0], x.shape[1], side, side])
        let places = y.values.indices.map { ($0 / (side * side) * low + $0 / side % side / factor) * low + $0 % side / factor }
        for (i, place) in places.enumerated() { y.values[i] = x.values[place] }
        steps.append { for (i, place) in places.enumerated() { x.gradient[place] += y.gradient[i] } }
        return y
    }

    /// The maps of `a`, then those of `b`.
    mutating func joined(_ a: Variable, _ b: Variable) -> Variable {
        let (first, second) = (a.values.count / a.shape[0], b.values.count / b.shape[0])
        let y = Variable([a.shape[0], a.shape[1] + b.shape[1], a.shape[2], a.shape[2]])
        for n in 0..<a.shape[0] {
            for i in 0..<first { y.values[n * (first + second) + i] = a.values[n * first + i] }
            for i in 0..<second { y.values[n * (first + second) + first + i] = b.values[n * second + i] }
        }
        steps.append {
            for n in 0..<a.shape[0] {
                for i in 0..<first { a.gradient[n * first + i] += y.gradient[n * (first + second) + i] }
                for i in 0..<second { b.gradient[n * second + i] += y.gradient[n * (first + second) + first + i] }
            }
        }
        return y
    }

    /// Batch normalisation (Ioffe and Szegedy 2015) over N, H and W of each map, with the biased variance and 1e-5 added to it.
    /// - Parameter statistics: running mean and variance to take instead; they are constants on the way back.
    mutating func normalised(
        _ x: Variable, scale: Variable, shift: Variable, statistics: (mean: Variable, variance: Variable)? = nil
    ) -> Variable {
        let n = x.shape[0]
        let maps = x.shape[1]
        let plane = x.shape[2] * x.shape[3]
        let y = Variable(x.shape)
        let count = Double(n * plane)
        for map in 0..<maps {
            let places = product(n, plane).map { ($0 * maps + map) * plane + $1 }
            let mean = statistics?.mean.values[map] ?? places.reduce(0) { $0 + x.values[$1] } / count
            let variance =
                statistics?.variance.values[map] ?? places.reduce(0) { $0 + (x.values[$1] - mean) * (x.values[$1] - mean) }
                / count
            let inverse = 1 / (variance + 1e-5).squareRoot()
            for i in places { y.values[i] = (x.values[i] - mean) * inverse * scale.values[map] + shift.values[map] }
            steps.append {
                let sum = places.reduce(0) { $0 + y.gradient[$1] }
                let product = places.reduce(0) { $0 + y.gradient[$1] * (x.values[$1] - mean) * inverse }
                shift.gradient[map] += sum
                scale.gradient[map] += product
                for i in places {
                    let normalised = (x.values[i] - mean) * inverse
                    let ofStatistics = statistics == nil ? sum / count + normalised * product / count : 0
                    x.gradient[i] += scale.values[map] * inverse * (y.gradient[i] - ofStatistics)
                }
            }
        }
        return y
    }

    /// Each map's mean, then a fully connected layer: N x classes.
    mutating func classified(_ x: Variable, _ weight: Variable, _ bias: Variable) -> Variable {
        let n = x.shape[0]
        let maps = x.shape[1]
        let plane = x.shape[2] * x.shape[3]
        let classes = weight.shape[0]
        let means = (0..<n * maps).map { map in (0..<plane).reduce(0) { $0 + x.values[map * plane + $1] } / Double(plane) }
        let y = Variable([n, classes])
        for (image, k) in product(n, classes) {
            y.values[image * classes + k] = (0..<maps).reduce(bias.values[k]) {
                $0 + weight.values[k * maps + $1] * means[image * maps + $1]
            }
        }
        steps.append {
            for (image, k) in product(n, classes) {
                let gradient = y.gradient[image * classes + k]
                bias.gradient[k] += gradient
                for map in 0..<maps {
                    weight.gradient[k * maps + map] += gradient * means[image * maps + map]
                    for p in 0..<plane {
                        x.gradient[(image * maps + map) * plane + p] += gradient * weight.values[k * maps + map] / Double(plane)
                    }
                }
            }
        }
        return y
    }
}

/// All pairs of 0..<a and 0..<b, the second running faster.
func product(_ a: Int, _ b: Int) -> [(Int, Int)] { (0..<a).flatMap { first in (0..<b).map { (first, $0) } } }
