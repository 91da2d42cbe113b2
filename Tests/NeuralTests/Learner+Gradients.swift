import Screening

@testable import Neural

extension Learner {
    /// The gradients of a batch by the names and shapes of the weights file (and NAME.scale, NAME.shift), with the losses.
    ///
    /// Adam's first moment after the first step is a tenth of the gradient; a rate of 0 leaves the weights as they are.
    func observedGradients(_ batch: TrainingBatch) throws -> (losses: Losses, gradients: [String: [Float]]) {
        let losses = try step(batch, rate: 0)
        return (losses, try unpacked(".first").mapValues { $0.map { $0 * 10 } })
    }

    /// The tensors of the state that end in `suffix` (none for the values themselves), by the names and in the shapes of the weights file.
    func unpacked(_ suffix: String) throws -> [String: [Float]] {
        var packed: [String: [Float]] = [:]
        for (name, tensor) in try state().tensors where name.hasSuffix(suffix) {
            packed[String(name.dropLast(suffix.count))] = tensor.values
        }
        let architecture = try Architecture(named: options.architecture)
        let plan = try Plan(architecture, width: options.width, side: options.side, batch: options.batch)
        var result: [String: [Float]] = [:]
        for (name, shape) in architecture.parameterShapes(width: options.width) {
            let unit = String(name.prefix { $0 != "." })
            if Architecture.Head(rawValue: unit) != nil { continue }
            let parts = name.split(separator: ".")
            let level = parts[0] == "encoder" ? Int(parts[1]) ?? 0 : Int(parts[2]) ?? 0
            let conv = parts.dropLast().joined(separator: ".")
            if name.hasSuffix(".bias") {
                result[name] = packed[name].map { Array($0.prefix(shape[0])) }
                if let both = packed[conv + ".normalisation"] {
                    result[conv + ".scale"] = Array(both.prefix(shape[0]))
                    result[conv + ".shift"] = Array(both[(both.count / 2)...].prefix(shape[0]))
                }
                continue
            }
            var inputs = [(file: plan.maps(level), memory: plan.blockedMaps(level))]
            if parts[0] == "decoder", parts.contains("conv1") {
                inputs.insert((plan.maps(level + 1), plan.blockedMaps(level + 1)), at: 0)
            }
            if parts[0] == "encoder", parts.contains("conv1") {
                inputs = [level == 0 ? (3, 3) : (plan.maps(level - 1), plan.blockedMaps(level - 1))]
            }
            let layout = KernelLayout(out: (shape[0], plan.blockedMaps(level)), inputs: inputs)
            var values = [Float](repeating: 0, count: shape.reduce(1, *))
            if let own = packed[name] { layout.store(own, as: inputs.count - 1, in: &values) }
            if let upsampled = packed[conv + ".upsampled.weight"] { layout.store(upsampled, as: 0, in: &values) }
            if let nine = packed[conv + ".products.weight"] { layout.store(nine: nine, as: 0, in: &values) }
            result[name] = values
        }
        result["classes.weight"] = packed["classes.weight"]
        result["classes.bias"] = packed["classes.bias"]
        for decoder in 0..<architecture.decoders {
            guard let weight = packed["heads.\(decoder).weight"], let bias = packed["heads.\(decoder).bias"] else { continue }
            let size = plan.blockedMaps(0) * 9
            for (head, at) in plan.heads(ofDecoder: decoder) {
                result[head.rawValue + ".bias"] = Array(bias[at..<at + head.maps])
                result[head.rawValue + ".weight"] = (at..<at + head.maps).flatMap {
                    weight[$0 * size..<$0 * size + options.width * 9]
                }
            }
        }
        return result
    }
}
