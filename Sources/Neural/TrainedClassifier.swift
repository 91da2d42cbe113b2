internal import CKernels
internal import Glibc
internal import OneDNN
internal import Screening

/// The router's end while training: global average, fully connected layer, softmax cross-entropy.
final class TrainedClassifier {
    private let features: Tensor
    private let featuresGradient: Tensor?
    private let average: GlobalAverage
    private let weights: Parameter
    private let bias: Parameter
    private var averages: [Float] = []
    private let batch: Int
    /// Images of all ranks.
    private let all: Int

    init(_ plan: Plan, _ features: TrainedMaps) throws(PapillaError) {
        self.features = features.maps
        featuresGradient = features.gradient
        batch = plan.batch
        all = plan.all
        average = GlobalAverage(plan)
        weights = try Parameter("classes.weight", gradient: Tensor([Architecture.Head.classes.maps, plan.maps(4)]))
        bias = try Parameter("classes.bias", gradient: Tensor([Architecture.Head.classes.maps]))
    }

    var parameters: [Parameter] { [weights, bias] }

    /// This process's share of the mean cross-entropy over the batch; leaves the gradients of weights, bias and features.
    func losses(_ targets: [Int32]) throws(PapillaError) -> Double {
        averages = average.forward(features)
        let kernel = try weights.value.values()
        let biases = try bias.value.values()
        let logits = GlobalAverage.connect(averages, kernel, biases, batch: batch)
        let (classes, maps) = (biases.count, averages.count / batch)
        var gradient = [Float](repeating: 0, count: batch * classes)
        var loss = 0.0
        for n in 0..<batch {
            let row = logits[n * classes..<(n + 1) * classes]
            let most = row.max() ?? 0
            let sum = row.reduce(0) { $0 + exp($1 - most) }
            loss += Double(log(sum) + most - row[row.startIndex + Int(targets[n])])
            for k in 0..<classes {
                gradient[n * classes + k] =
                    (exp(row[row.startIndex + k] - most) / sum - (k == Int(targets[n]) ? 1 : 0)) / Float(all)
            }
        }
        var averagesGradient = [Float](repeating: 0, count: averages.count)
        for k in 0..<classes {
            bias.gradient.pointer[k] = (0..<batch).reduce(0) { $0 + gradient[$1 * classes + k] }
            for map in 0..<maps {
                var sum: Float = 0
                for n in 0..<batch {
                    sum += gradient[n * classes + k] * averages[n * maps + map]
                    averagesGradient[n * maps + map] += gradient[n * classes + k] * kernel[k * maps + map]
                }
                weights.gradient.pointer[k * maps + map] = sum
            }
        }
        if let featuresGradient { average.backward(averagesGradient, to: featuresGradient) }
        return loss / Double(all)
    }

    func load(_ source: Weights) throws(PapillaError) {
        try weights.value.load(source["classes.weight"])
        try bias.value.load(source["classes.bias"])
    }

    func store(in target: inout Weights) throws(PapillaError) {
        target.tensors["classes.weight"] = Weights.Tensor(shape: weights.value.dimensions, values: try weights.smoothed.values())
        target.tensors["classes.bias"] = Weights.Tensor(shape: bias.value.dimensions, values: try bias.smoothed.values())
    }
}
