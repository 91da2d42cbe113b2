import Foundation
import Testing

@testable import Neural

/// A network in int8, number by number, from what ReducedBuilder.swift says of it: what the engine's integer code is held against.
struct IntegerNetwork {
    let architecture: Architecture
    let weights: Weights
    let ranges: ActivationRanges
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
        let lite = architecture.encoder.lite
        let isPaper = lite == nil
        let skips = lite.map { $0.taps.map { "encoder.\($0).project" } } ?? (0..<4).map { "encoder.\($0).conv2" }
        let last = lite.map { "encoder.\($0.blocks.count - 1).project" } ?? "encoder.4.conv2"
        var layers = if let lite { try run(lite, image, side, left) } else { try paper(image, side, left) }
        for decoder in 0..<architecture.decoders {
            for level in [3, 2, 1, 0] {
                let name = "decoder.\(decoder).\(level)"
                let below = try left(level == 3 ? last : "decoder.\(decoder).\(level + 1).conv2")
                layers["\(name).conv1"] = join(
                    "\(name).conv1", below, try left(skips[level]), by: isPaper && level == 3 ? 4 : 2)
                layers["\(name).conv2"] = hidden("\(name).conv2", try left("\(name).conv1"))
            }
        }
        var logits: [Architecture.Head: [Double]] = [:]
        for (index, head) in architecture.heads.enumerated() {
            switch head {
            case .classes: logits[head] = connected("classes", averages(try left(last)))
            case .frame: logits[head] = connected("frame", maxima(try left(last)) + averages(try left(last)))
            case .cells: logits[head] = cells(try left(last))
            case .mask, .contour, .distance:
                let maps = try left("decoder.\(min(index, architecture.decoders - 1)).0.conv2")
                logits[head] = isPaper ? self.logits(head, maps) : doubled(self.logits(head, maps), maps.side)
            }
        }
        return (layers, logits)
    }

    private func paper(_ image: [Float], _ side: Int, _ left: (String) throws -> Maps) throws -> [String: Maps] {
        var layers = ["encoder.0.conv1": first("encoder.0.conv1", image, side)]
        for level in 0..<5 {
            let name = "encoder.\(level)"
            if level > 0 {
                layers["\(name).conv1"] = hidden(
                    "\(name).conv1", pooled(try left("encoder.\(level - 1).conv2"), by: level == 4 ? 4 : 2))
            }
            layers["\(name).conv2"] = hidden("\(name).conv2", try left("\(name).conv1"))
        }
        return layers
    }

    private func run(_ lite: Lite, _ image: [Float], _ side: Int, _ left: (String) throws -> Maps) throws -> [String: Maps] {
        var layers = ["encoder.stem": first("encoder.stem", image, side, stride: 2)]
        var before = "encoder.stem"
        for (index, block) in lite.blocks.enumerated() {
            let name = "encoder.\(index)"
            var read = before
            if block.expansion > 1 {
                layers["\(name).expand"] = point("\(name).expand", try left(before), isRectified: true)
                read = "\(name).expand"
            }
            layers["\(name).depthwise"] = each("\(name).depthwise", try left(read), block.kernel, block.stride)
            layers["\(name).project"] = point(
                "\(name).project", try left("\(name).depthwise"), isRectified: false,
                over: block.isResidual ? try left(before) : nil)
            before = "\(name).project"
        }
        return layers
    }

    /// A 1x1 convolution, added to what `old` says.
    private func point(_ name: String, _ x: Maps, isRectified: Bool, over old: Maps? = nil) -> Maps {
        let (bias, plane) = (weights["\(name).bias"], x.side * x.side)
        let kernel = Kernel(weights["\(name).weight"], out: bias.count)
        let unit = isRectified ? limitedUnit(name) : unit(name, of: 127)
        let values = (0..<bias.count * plane).map { index in
            let (o, i) = (index / plane, index % plane)
            let sum = (0..<x.channels).reduce(0) { $0 + Int(kernel.values[o * x.channels + $1]) * x.values[$1 * plane + i] }
            let value = Double(sum) * x.unit * Double(kernel.units[o]) + Double(bias[o])
            let whole = Int(((value + (old.map { Double($0.values[index]) * $0.unit } ?? 0)) / unit).rounded(.toNearestOrEven))
            return isRectified ? min(255, max(0, whole)) : min(127, max(-128, whole))
        }
        return Maps(values: values, channels: bias.count, side: x.side, unit: unit)
    }

    /// A kernel of its own for each map.
    private func each(_ name: String, _ x: Maps, _ size: Int, _ stride: Int) -> Maps {
        let (weight, bias, unit) = (weights["\(name).weight"], weights["\(name).bias"], limitedUnit(name))
        let (reached, before) = (x.side / stride, (size - stride) / 2)
        let values = (0..<x.channels * reached * reached).map { index in
            let (c, row, column) = (index / (reached * reached), index / reached % reached, index % reached)
            var sum = Double(bias[c])
            for tap in 0..<size * size {
                let (r, q) = (row * stride + tap / size - before, column * stride + tap % size - before)
                guard r >= 0, r < x.side, q >= 0, q < x.side else { continue }
                sum += Double(weight[c * size * size + tap]) * Double(x.values[(c * x.side + r) * x.side + q]) * x.unit
            }
            return min(255, max(0, Int((sum / unit).rounded(.toNearestOrEven))))
        }
        return Maps(values: values, channels: x.channels, side: reached, unit: unit)
    }

    private func averages(_ x: Maps) -> [Double] {
        let plane = x.side * x.side
        return (0..<x.channels).map { c in
            Double(x.values[c * plane..<(c + 1) * plane].reduce(0, +)) * x.unit / Double(plane)
        }
    }

    private func maxima(_ x: Maps) -> [Double] {
        let plane = x.side * x.side
        return (0..<x.channels).map { c in Double(x.values[c * plane..<(c + 1) * plane].max() ?? 0) * x.unit }
    }

    private func connected(_ name: String, _ values: [Double]) -> [Double] {
        let (kernel, bias) = (weights["\(name).weight"], weights["\(name).bias"])
        return bias.indices.map { k in
            values.indices.reduce(Double(bias[k])) { $0 + values[$1] * Double(kernel[k * values.count + $1]) }
        }
    }

    /// The cells' two convolutions, which are in fp32.
    private func cells(_ x: Maps) -> [Double] {
        let plane = x.side * x.side
        let hidden = (0..<plane).map { i in
            connected("cells.hidden", (0..<x.channels).map { Double(x.values[$0 * plane + i]) * x.unit }).map { max(0, $0) }
        }
        let (kernel, bias) = (weights["cells.weight"], weights["cells.bias"])
        return (0..<plane).map { i in
            var sum = Double(bias[0])
            eachTap(i, x.side) { tap, at in
                for c in hidden[at].indices { sum += hidden[at][c] * Double(kernel[c * 9 + tap]) }
            }
            return sum
        }
    }

    /// Twice the side, bilinear: a pixel lies a quarter from one of the low resolution, three quarters from the next.
    private func doubled(_ maps: [Double], _ side: Int) -> [Double] {
        func near(_ i: Int) -> [(at: Int, share: Double)] {
            [(i / 2, 0.75), (min(side - 1, max(0, i % 2 == 0 ? i / 2 - 1 : i / 2 + 1)), 0.25)]
        }
        return (0..<maps.count * 4).map { index in
            let (map, row, column) = (index / (4 * side * side), index / (2 * side) % (2 * side), index % (2 * side))
            return near(row).reduce(0) { sum, r in
                near(column).reduce(sum) { $0 + r.share * $1.share * maps[(map * side + r.at) * side + $1.at] }
            }
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
    /// Behind one of Lite's rectifiers.
    private func limitedUnit(_ name: String) -> Double { min(Double(ranges.reach[name] ?? 0), 6) / 255 }

    private func first(_ name: String, _ image: [Float], _ side: Int, stride: Int = 1) -> Maps {
        let (kernel, bias, reached) = (weights["\(name).weight"], weights["\(name).bias"], side / stride)
        let unit = stride == 1 ? unit(name, of: 255) : limitedUnit(name)
        var maps = Maps(values: [], channels: bias.count, side: reached, unit: unit)
        for o in bias.indices {
            for i in 0..<reached * reached {
                var sum = Double(bias[o])
                // At stride 2 the zeros lie behind alone: the middle is one further.
                let middle = (i / reached * stride + stride - 1) * side + i % reached * stride + stride - 1
                eachTap(middle, side) { tap, at in
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
