import Foundation

@testable import Neural

/// Any of the architectures in float64, forward and backward, from the paper's table alone: what the engine is held against.
struct ReferenceNetwork {
    let architecture: Architecture
    /// As in the weights file; with normalisation also NAME.scale and NAME.shift of each hidden convolution, whose biases are then not used;
    /// in evaluation NAME.mean and NAME.variance too.
    let parameters: [String: Variable]
    let isNormalised: Bool

    init(_ architecture: Architecture, _ weights: Weights, normalisation: [String: (scale: [Float], shift: [Float])]? = nil) {
        self.architecture = architecture
        isNormalised = normalisation != nil
        var parameters = weights.tensors.mapValues { Variable($0.shape, $0.values.map(Double.init)) }
        for (name, values) in normalisation ?? [:] {
            parameters[name + ".scale"] = Variable([values.scale.count], values.scale.map(Double.init))
            parameters[name + ".shift"] = Variable([values.shift.count], values.shift.map(Double.init))
        }
        self.parameters = parameters
    }

    /// In evaluation: a learner's normalised network with its running statistics in place of the batch's.
    @EngineActor init(evaluating learner: Learner) throws {
        architecture = try Architecture(named: learner.options.architecture)
        isNormalised = learner.options.normalisation == .batch
        let values = try learner.unpacked("")
        let shapes = Dictionary(uniqueKeysWithValues: architecture.parameterShapes(width: learner.options.width))
        var parameters = values.reduce(into: [:]) {
            $0[$1.key] = Variable(shapes[$1.key] ?? [$1.value.count], $1.value.map(Double.init))
        }
        for (name, tensor) in try learner.state().tensors {
            for kind in [".mean", ".variance"] where name.hasSuffix(".normalisation" + kind) {
                parameters[name.replacing(".normalisation", with: "")] = Variable(tensor.shape, tensor.values.map(Double.init))
            }
        }
        self.parameters = parameters
    }

    /// Logits by head, and the tape that leads to them.
    func forward(_ input: [Double], batch: Int, side: Int) -> (logits: [Architecture.Head: Variable], tape: ReferenceTape) {
        var tape = ReferenceTape()
        func block(_ name: String, _ x: Variable) -> Variable {
            hidden(name + ".conv2", hidden(name + ".conv1", x, &tape), &tape)
        }
        var x = Variable([batch, 3, side, side], input)
        var skips: [Variable] = []
        for level in 0..<5 {
            x = block("encoder.\(level)", x)
            guard level < 4 else { break }
            skips.append(x)
            x = tape.pooled(x, by: level == 3 ? 4 : 2)
        }
        var ends: [Variable] = []
        for decoder in 0..<architecture.decoders {
            var y = x
            for level in [3, 2, 1, 0] {
                let up = tape.upsampled(y, by: level == 3 ? 4 : 2)
                y = block("decoder.\(decoder).\(level)", tape.joined(up, skips[level]))
            }
            ends.append(y)
        }
        var logits: [Architecture.Head: Variable] = [:]
        for (index, head) in architecture.heads.enumerated() {
            guard let weight = parameters[head.rawValue + ".weight"], let bias = parameters[head.rawValue + ".bias"] else {
                continue
            }
            logits[head] =
                head == .classes
                ? tape.classified(x, weight, bias) : tape.convolution(ends[min(index, ends.count - 1)], weight, bias)
        }
        return (logits, tape)
    }

    private func hidden(_ name: String, _ x: Variable, _ tape: inout ReferenceTape) -> Variable {
        guard let weight = parameters[name + ".weight"] else { return x }
        guard isNormalised, let scale = parameters[name + ".scale"], let shift = parameters[name + ".shift"] else {
            return tape.rectified(tape.convolution(x, weight, parameters[name + ".bias"]))
        }
        let statistics = parameters[name + ".mean"].flatMap { mean in
            parameters[name + ".variance"].map { (mean: mean, variance: $0) }
        }
        return tape.rectified(
            tape.normalised(tape.convolution(x, weight, nil), scale: scale, shift: shift, statistics: statistics))
    }

    /// Losses by head, with the gradient of their sum left in every parameter.
    func losses(_ batch: TrainingBatch, images: Int, side: Int, softDice: Double = 0) -> [Architecture.Head: Double] {
        for parameter in parameters.values { parameter.gradient = parameter.gradient.map { _ in 0 } }
        let (logits, tape) = forward(batch.input.map(Double.init), batch: images, side: side)
        var losses: [Architecture.Head: Double] = [:]
        for (head, logits) in logits {
            switch head {
            case .mask:
                let targets = batch.mask.map(Int.init)
                losses[head] =
                    crossEntropy(logits, targets) + softDice * softDiceLoss(logits, targets.map(Double.init), weight: softDice)
            case .contour: losses[head] = crossEntropy(logits, batch.contour.map(Int.init))
            case .distance: losses[head] = squaredError(logits, batch.distance.map(Double.init))
            case .classes: losses[head] = crossEntropy(logits, batch.classes.map(Int.init))
            case .cells, .frame: break
            }
        }
        tape.backward()
        return losses
    }

    /// Mean of −log softmax at the target, over everything but the second dimension.
    private func crossEntropy(_ logits: Variable, _ targets: [Int]) -> Double {
        let (classes, plane) = (logits.shape[1], logits.shape.dropFirst(2).reduce(1, *))
        var sum = 0.0
        for (i, target) in targets.enumerated() {
            let places = (0..<classes).map { (i / plane * classes + $0) * plane + i % plane }
            let exponentials = places.map { exp(logits.values[$0]) }
            let total = exponentials.reduce(0, +)
            sum -= log(exponentials[target] / total)
            for k in 0..<classes {
                logits.gradient[places[k]] += (exponentials[k] / total - (k == target ? 1 : 0)) / Double(targets.count)
            }
        }
        return sum / Double(targets.count)
    }

    /// Mean of (sigmoid − target)².
    private func squaredError(_ logits: Variable, _ targets: [Double]) -> Double {
        var sum = 0.0
        for (i, target) in targets.enumerated() {
            let value = 1 / (1 + exp(-logits.values[i]))
            sum += (value - target) * (value - target)
            logits.gradient[i] += 2 * (value - target) * value * (1 - value) / Double(targets.count)
        }
        return sum / Double(targets.count)
    }

    /// 1 − (2 Σ p t + 1) / (Σ p + Σ t + 1) over the whole batch, p the foreground's probability.
    private func softDiceLoss(_ logits: Variable, _ targets: [Double], weight: Double) -> Double {
        let plane = logits.shape[2] * logits.shape[3]
        let first = targets.indices.map { ($0 / plane * 2) * plane + $0 % plane }
        let p = first.map { 1 / (1 + exp(logits.values[$0] - logits.values[$0 + plane])) }
        let both = 2 * zip(p, targets).reduce(0) { $0 + $1.0 * $1.1 } + 1
        let union = p.reduce(0, +) + targets.reduce(0, +) + 1
        for i in targets.indices {
            let slope = weight * (both / (union * union) - 2 * targets[i] / union) * p[i] * (1 - p[i])
            logits.gradient[first[i]] -= slope
            logits.gradient[first[i] + plane] += slope
        }
        return 1 - both / union
    }
}
