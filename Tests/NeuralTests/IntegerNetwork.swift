import Foundation
import Testing

@testable import Neural

/// A network in int8, number by number, from what ReducedBuilder.swift says of it: what the engine's integer code is held against.
struct IntegerNetwork {
    let architecture: Architecture
    let weights: Weights
    let ranges: ActivationRanges
    let width: Int

    /// Whole numbers (C, H, W) and what one of them is worth.
    struct Maps {
        var values: [Int]
        var channels: Int
        var side: Int
        var unit: Double
    }

    init(_ architecture: Architecture, _ weights: Weights, _ ranges: ActivationRanges) {
        self.architecture = architecture
        self.weights = weights
        self.ranges = ranges
        width = weights["encoder.0.conv1.bias"].count
    }

    /// What each hidden convolution should have left, given what the engine left in front of it; and the logits, given the last of them.
    ///
    /// Layer by layer, since a value on the border between two bytes may fall to either side and then takes others with it.
    func forward(_ image: [Float], side: Int, after engine: [String: Maps]) throws -> (
        layers: [String: Maps], logits: [Architecture.Head: [Double]]
    ) {
        func left(_ name: String) throws -> Maps {
            var maps = try #require(engine[name], "no \(name)")
            // Without the padding.
            maps.channels = weights["\(name).bias"].count
            maps.values = Array(maps.values.prefix(maps.channels * maps.side * maps.side))
            return maps
        }
        var layers = ["encoder.0.conv1": first(image, side)]
        for level in 0..<5 {
            let name = "encoder.\(level)"
            if level > 0 {
                layers["\(name).conv1"] = hidden(
                    "\(name).conv1", pooled(try left("encoder.\(level - 1).conv2"), by: level == 4 ? 4 : 2))
            }
            layers["\(name).conv2"] = hidden("\(name).conv2", try left("\(name).conv1"))
        }
        for decoder in 0..<architecture.decoders {
            for level in [3, 2, 1, 0] {
                let name = "decoder.\(decoder).\(level)"
                let below = try left(level == 3 ? "encoder.4.conv2" : "decoder.\(decoder).\(level + 1).conv2")
                layers["\(name).conv1"] = join(
                    "\(name).conv1", below, try left("encoder.\(level).conv2"), by: level == 3 ? 4 : 2)
                layers["\(name).conv2"] = hidden("\(name).conv2", try left("\(name).conv1"))
            }
        }
        var logits: [Architecture.Head: [Double]] = [:]
        for (index, head) in architecture.heads.enumerated() {
            logits[head] =
                head == .classes
                ? classified(try left("encoder.4.conv2"))
                : self.logits(head, try left("decoder.\(min(index, architecture.decoders - 1)).0.conv2"))
        }
        return (layers, logits)
    }

    private func classified(_ x: Maps) -> [Double] {
        let plane = x.side * x.side
        let averages = (0..<x.channels).map { c in
            Double(x.values[c * plane..<(c + 1) * plane].reduce(0, +)) * x.unit / Double(plane)
        }
        let (kernel, bias) = (weights["classes.weight"], weights["classes.bias"])
        return bias.indices.map { k in
            averages.indices.reduce(Double(bias[k])) { $0 + averages[$1] * Double(kernel[k * averages.count + $1]) }
        }
    }

    private func logits(_ head: Architecture.Head, _ x: Maps) -> [Double] {
        let kernel = Kernel(weights["\(head.rawValue).weight"], out: head.maps)
        let bias = weights["\(head.rawValue).bias"]
        let sums = convolved(x, kernel.values.map(Int.init), out: head.maps)
        return sums.indices.map {
            let map = $0 / (x.side * x.side)
            return Double(sums[$0]) * x.unit * Double(kernel.units[map]) + Double(bias[map])
        }
    }

    private func unit(_ name: String, of steps: Double) -> Double { Double(ranges.reach[name] ?? 0) / steps }

    private func first(_ image: [Float], _ side: Int) -> Maps {
        let (kernel, bias) = (weights["encoder.0.conv1.weight"], weights["encoder.0.conv1.bias"])
        let unit = unit("encoder.0.conv1", of: 255)
        var maps = Maps(values: [], channels: width, side: side, unit: unit)
        for o in 0..<width {
            for i in 0..<side * side {
                var sum = Double(bias[o])
                eachTap(i, side) { tap, at in
                    for c in 0..<3 { sum += Double(image[c * side * side + at]) * Double(kernel[(o * 3 + c) * 9 + tap]) }
                }
                maps.values.append(min(255, Int((max(0, sum) / unit).rounded(.toNearestOrEven))))
            }
        }
        return maps
    }

    private func hidden(_ name: String, _ x: Maps) -> Maps {
        let bias = weights["\(name).bias"]
        let kernel = Kernel(weights["\(name).weight"], out: bias.count)
        let unit = unit(name, of: 255)
        let sums = convolved(x, kernel.values.map(Int.init), out: bias.count)
        let values = sums.indices.map { index in
            let o = index / (x.side * x.side)
            let value = Double(sums[index]) * x.unit * Double(kernel.units[o]) + Double(bias[o])
            return min(255, max(0, Int((value / unit).rounded(.toNearestOrEven))))
        }
        return Maps(values: values, channels: bias.count, side: x.side, unit: unit)
    }

    /// The upsampled half as nine products in −128...127, their clamped sum, and the skip's half on top of it.
    private func join(_ name: String, _ x: Maps, _ skip: Maps, by factor: Int) -> Maps {
        let (weight, bias) = (weights["\(name).weight"], weights["\(name).bias"])
        let out = bias.count
        let low = x.side
        let big = skip.side
        let plane = skip.side * skip.side
        let inputs = x.channels + skip.channels
        let products = unit(name + ".products", of: 127)
        let ratio = max(1, (4096 * min(1, products / unit(name + ".sum", of: 127))).rounded())
        let unit = unit(name, of: 255)
        var maps = Maps(values: [], channels: out, side: big, unit: unit)
        let own = Kernel(
            (0..<out).flatMap { o in weight[(o * inputs + x.channels) * 9..<(o + 1) * inputs * 9] }, out: out)
        let sums = convolved(skip, own.values.map(Int.init), out: out)
        for o in 0..<out {
            let taps = (0..<9).map { tap -> [Int] in
                let kernel = Kernel((0..<x.channels).map { weight[(o * inputs + $0) * 9 + tap] }, out: 1)
                return (0..<low * low).map { i in
                    let sum = (0..<x.channels).reduce(0) { $0 + Int(kernel.values[$1]) * x.values[$1 * low * low + i] }
                    let value = Double(sum) * x.unit * Double(kernel.units[0]) / products
                    return min(127, max(-128, Int(value.rounded(.toNearestOrEven))))
                }
            }
            for i in 0..<plane {
                var sum = 0
                eachTap(i, big) { tap, at in sum += taps[tap][at / big / factor * low + at % big / factor] }
                let up = min(127, max(-128, Int((Double(sum) * ratio / 4096 + 0.5).rounded(.down))))
                let value =
                    Double(sums[o * plane + i]) * skip.unit * Double(own.units[o]) + Double(bias[o])
                    + Double(up) * products * 4096 / ratio
                maps.values.append(min(255, max(0, Int((value / unit).rounded(.toNearestOrEven)))))
            }
        }
        return maps
    }

    private func pooled(_ x: Maps, by factor: Int) -> Maps {
        let low = x.side / factor
        let values = (0..<x.channels * low * low).map { index in
            let c = index / (low * low)
            let r = index / low % low
            let column = index % low
            return (0..<factor * factor).reduce(0) {
                max($0, x.values[(c * x.side + r * factor + $1 / factor) * x.side + column * factor + $1 % factor])
            }
        }
        return Maps(values: values, channels: x.channels, side: low, unit: x.unit)
    }

    private func convolved(_ x: Maps, _ kernel: [Int], out: Int) -> [Int] {
        var result = [Int](repeating: 0, count: out * x.side * x.side)
        for o in 0..<out {
            for i in 0..<x.side * x.side {
                eachTap(i, x.side) { tap, at in
                    for c in 0..<x.channels {
                        result[o * x.side * x.side + i] +=
                            x.values[c * x.side * x.side + at] * kernel[(o * x.channels + c) * 9 + tap]
                    }
                }
            }
        }
        return result
    }

    private func eachTap(_ pixel: Int, _ side: Int, _ body: (_ tap: Int, _ at: Int) -> Void) {
        for tap in 0..<9 {
            let (r, c) = (pixel / side + tap / 3 - 1, pixel % side + tap % 3 - 1)
            if r >= 0, r < side, c >= 0, c < side { body(tap, r * side + c) }
        }
    }
}
