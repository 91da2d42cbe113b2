public import Screening

extension Architecture {
    /// The architecture and base width that some weights are of, told by their tensors' names and the first bias.
    /// - Throws: `.badInput` where they are no network of ours; the weights are not checked further.
    public static func recognising(_ weights: Weights) throws(PapillaError) -> (Architecture, width: Int) {
        let names = weights.tensors.keys
        let decoders = Set(names.filter { $0.hasPrefix("decoder.") }.compactMap { $0.split(separator: ".").dropFirst().first })
            .count
        let heads = Head.allCases.filter { weights.tensors["\($0.rawValue).weight"] != nil }
        let encoder = weights.tensors["encoder.stem.weight"] == nil ? Encoder.paper : .lite0
        guard
            let found = known.first(where: { $0.encoder == encoder && $0.decoders == decoders && Set($0.heads) == Set(heads) }),
            let width = (weights.tensors["encoder.0.conv1.bias"] ?? weights.tensors["decoder.0.0.conv1.bias"])?.shape.first,
            (1...256).contains(width)
        else {
            throw PapillaError(
                .badInput, "The file is none of the known networks: \(decoders) decoders, heads \(heads.map(\.rawValue))",
                place: names.min(),
                hint:
                    "Expected the tensors of one of `papilla architectures`, named as PyTorch's state dict: encoder.0.conv1.weight, ..."
            )
        }
        return (found, width)
    }
}
