internal import CKernels
internal import OneDNN
internal import Screening

/// The paper's encoder in training: five levels of two convolutions with pooling between them.
final class TrainedPaperEncoder: TrainedEncoder {
    private let plan: Plan
    /// Level by level, two each.
    private var units: [[TrainedUnit]] = []
    private var pools: [(forward: Primitive, gradient: Tensor)] = []

    init(_ plan: Plan, _ input: Tensor, normalised: Bool, scratch: Scratch) throws(PapillaError) {
        self.plan = plan
        var source = TrainedMaps(maps: input, gradient: nil, file: 3)
        for level in 0..<5 {
            let first = try TrainedUnit(
                "encoder.\(level).conv1", plan, level, source: source, normalised: normalised, scratch: scratch)
            let second = try TrainedUnit(
                "encoder.\(level).conv2", plan, level, source: first.maps, normalised: normalised, scratch: scratch)
            units.append([first, second])
            guard level < 4 else { break }
            let pooled = try Tensor([plan.batch, plan.blockedMaps(level), plan.side(level + 1), plan.side(level + 1)], .blocked)
            let gradient = try Tensor(like: pooled)
            pools.append((try .maximumPooling(second.output, to: pooled, by: plan.factor(level)), gradient))
            source = .init(maps: pooled, gradient: gradient, file: plan.maps(level))
        }
    }

    var parts: [any TrainedPart] { units.flatMap { $0 } }
    var skips: [TrainedMaps] { units[..<4].map { $0[1].maps } }
    var last: TrainedMaps { units[4][1].maps }

    func forward() throws(PapillaError) {
        for (level, units) in units.enumerated() {
            for unit in units { try unit.forward() }
            if level < 4 { try pools[level].forward.run() }
        }
    }

    func backward() throws(PapillaError) {
        for level in (0..<5).reversed() {
            if level < 4 {
                let (unit, pool) = (units[level][1], pools[level])
                pool_backward_f32(
                    unit.output.pointer, pool.gradient.pointer, unit.gradient.pointer,
                    plan.batch * plan.blockedMaps(level) / Processor.block,
                    plan.side(level), plan.factor(level), Processor.block, plan.architecture.decoders > 0 ? 1 : 0)
            }
            for unit in units[level].reversed() { try unit.backward() }
        }
    }
}
