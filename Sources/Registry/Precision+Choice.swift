public import Neural
public import Screening

/// The precision that the configuration asks the networks to run in.
public enum PrecisionChoice: String, Sendable, Codable, CaseIterable {
    /// The fastest that the model passed its check in and that this CPU has the instructions for.
    case auto
    /// 32-bit floating point.
    case fp32
    /// 16-bit floating point, where the model passed its check.
    case bf16
    /// Bytes, where the model passed its check.
    case int8
}

extension Model {
    /// The model in the precision that is asked for, or in fp32 with the reason why it is not the one asked for (or the fastest).
    /// - Parameters:
    ///   - hasFastIntegers: whether this CPU has VNNI; without it the paper's networks are no faster in int8 than in fp32.
    ///   - hasFastHalves: whether it has AMX; without it bf16 is no faster than fp32.
    public func chosen(
        _ choice: PrecisionChoice, hasFastIntegers: Bool = EngineInfo.hasFastIntegers,
        hasFastHalves: Bool = EngineInfo.hasFastHalves
    ) -> (model: Model, reason: String?) {
        func unchecked(_ precision: Precision) -> String {
            "the model was not checked in \(precision): papilla models quantise \(manifest.name) --precision \(precision) --data DIR"
        }
        func bytes() -> (Model, reason: String?) {
            guard let int8 = manifest.int8 else { return (self, unchecked(.int8)) }
            do {
                guard try Architecture(named: manifest.architecture).isFasterInBytes(hasFastIntegers: hasFastIntegers) else {
                    return (self, "this CPU has no VNNI (\(EngineInfo.isa)): int8 would be no faster")
                }
                return (try running(in: .int8, ranges: int8.ranges), nil)
            } catch { return (self, error.description) }
        }
        func halves() -> (Model, reason: String?) {
            guard manifest.bf16 != nil else { return (self, unchecked(.bf16)) }
            guard hasFastHalves else { return (self, "this CPU has no AMX (\(EngineInfo.isa)): bf16 would be no faster") }
            do { return (try running(in: .bf16), nil) } catch { return (self, error.description) }
        }
        switch choice {
        case .fp32: return (self, nil)
        case .bf16: return halves()
        case .int8: return bytes()
        case .auto:
            let (model, reason) = bytes()
            guard reason != nil, case let (other, nil) = halves() else { return (model, reason) }
            return (other, nil)
        }
    }

    /// The model in another precision, whatever was checked.
    /// - Throws: `.damaged` if the ranges are not those of its architecture.
    public func running(in precision: Precision, ranges: ActivationRanges = ActivationRanges()) throws(PapillaError) -> Model {
        if precision == .int8 { try ranges.check(Architecture(named: manifest.architecture)) }
        var model = self
        model.precision = precision
        model.ranges = ranges
        return model
    }
}
