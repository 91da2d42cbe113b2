public import Neural
public import Screening

/// What the configuration asks the networks to run in.
public enum PrecisionChoice: String, Sendable, Codable, CaseIterable {
    /// The fastest that the model passed its check in and that this CPU has the instructions for.
    case auto
    /// 32-bit floating point.
    case fp32
    /// 16-bit floating point; not offered yet.
    case bf16
    /// Bytes, where the model passed its check.
    case int8
}

extension Model {
    /// The model in the precision that is asked for, or in fp32 with the reason why it is not the one asked for (or the fastest).
    /// - Parameter hasFastIntegers: whether this CPU has VNNI; without it int8 is no faster than fp32.
    public func chosen(
        _ choice: PrecisionChoice, hasFastIntegers: Bool = EngineInfo.hasFastIntegers
    ) -> (model: Model, reason: String?) {
        switch choice {
        case .fp32: return (self, nil)
        case .bf16: return (self, "bf16 is not offered yet")
        case .auto, .int8:
            guard let quantised = manifest.int8 else {
                return (self, "the model was not checked in int8: papilla models quantise \(manifest.name) --data DIR")
            }
            guard hasFastIntegers else { return (self, "this CPU has no VNNI (\(EngineInfo.isa)): int8 would be no faster") }
            do { return (try running(in: .int8, ranges: quantised.ranges), nil) } catch { return (self, error.description) }
        }
    }

    /// The model in another precision, whatever was checked.
    /// - Throws: `.damaged` if the ranges are not those of its architecture.
    public func running(in precision: Precision, ranges: ActivationRanges = ActivationRanges()) throws(PapillaError) -> Model {
        if precision == .int8 { try ranges.check(Architecture(named: manifest.architecture)) }
        var model = self
        (model.precision, model.ranges) = (precision, ranges)
        return model
    }
}
