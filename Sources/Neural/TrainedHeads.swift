internal import CKernels
internal import Glibc
internal import OneDNN
internal import Screening

/// The heads of one decoder with their losses: one 3x3 convolution whose first maps are the heads', padded to a block.
final class TrainedHeads {
    let heads: [(head: Architecture.Head, at: Int)]
    private let plan: Plan
    private let logits: Tensor
    private let gradient: Tensor
    private let convolution: TrainedConvolution
    /// What the convolution gives, and its gradient, where the logits are that enlarged.
    private let small: (logits: Tensor, gradient: Tensor)?

    init(_ plan: Plan, decoder: Int, _ source: TrainedMaps, scratch: Scratch) throws(PapillaError) {
        self.plan = plan
        heads = plan.heads(ofDecoder: decoder)
        // One block wide, so that a pixel's logits lie side by side.
        logits = try Tensor([plan.batch, Processor.block, plan.side, plan.side], .blocked)
        gradient = try Tensor(like: logits)
        if plan.enlargement == 2 {
            let low = try Tensor([plan.batch, Processor.block, plan.side(0), plan.side(0)], .blocked)
            small = (low, try Tensor(like: low))
        } else {
            small = nil
        }
        convolution = try TrainedConvolution(
            "heads.\(decoder)", source.maps, to: small?.logits ?? logits, gradient: small?.gradient ?? gradient,
            sourceGradient: source.gradient, kernel: 3, rectified: false, biased: true, scratch: scratch)
    }

    var parameters: [Parameter] { convolution.parameters }

    func forward() throws(PapillaError) {
        try convolution.forward()
        guard let small else { return }
        double_f32(small.logits.pointer, logits.pointer, plan.batch, plan.side(0), Processor.block)
    }

    func backward() throws(PapillaError) {
        if let small { double_back_f32(gradient.pointer, small.gradient.pointer, plan.batch, plan.side(0), Processor.block) }
        try convolution.backward()
    }

    /// This process's share of the losses by head, means over pixels and batch; leaves the logits' gradient. Soft Dice is one more term of the mask.
    func losses(_ batch: TrainingBatch, softDice: Float) -> [Architecture.Head: Double] {
        var result: [Architecture.Head: Double] = [:]
        let pixels = plan.batch * plan.side * plan.side
        let all = plan.all * plan.side * plan.side
        let stride = Processor.block
        let scale = 1 / Float(all)
        for (head, at) in heads {
            switch head {
            case .mask:
                var sums = [0.0, 0.0, 0.0]
                let sum = nll_f32(logits.pointer, gradient.pointer, pixels, stride, at, batch.mask, scale, &sums)
                result[head] = sum / Double(all)
                if softDice > 0 {
                    // Of the whole batch; each rank counts its share of the term.
                    let share = Double(softDice) / Double(plan.ranks?.count ?? 1)
                    if let ranks = plan.ranks { sums = ranks.sum(sums) }
                    let (both, union) = (2 * sums[0] + 1, sums[1] + sums[2] + 1)
                    result[head, default: 0] += share * (1 - both / union)
                    let a = Double(softDice) * both / (union * union)
                    let b = 2 * Double(softDice) / union
                    dice_backward_f32(logits.pointer, gradient.pointer, pixels, stride, at, batch.mask, Float(a), Float(b))
                }
            case .contour:
                result[head] =
                    nll_f32(logits.pointer, gradient.pointer, pixels, stride, at, batch.contour, scale, nil) / Double(all)
            case .distance:
                result[head] = mse_f32(logits.pointer, gradient.pointer, pixels, stride, at, batch.distance, scale) / Double(all)
            case .classes, .cells, .frame: break
            }
        }
        return result
    }

    /// The mean of an image's highest probabilities of the mask.
    func peak(ofImage n: Int) -> Float {
        guard let mask = heads.first(where: { $0.head == .mask }) else { return 0 }
        let (source, plane) = (small?.logits ?? logits, plan.side(0) * plan.side(0))
        let first = source.pointer + n * plane * Processor.block + mask.at
        var margins = (0..<plane).map { first[$0 * Processor.block + 1] - first[$0 * Processor.block] }
        margins.sort(by: >)
        let most = margins.prefix(200 / (plan.enlargement * plan.enlargement))
        return most.reduce(0) { $0 + 1 / (1 + expf(-$1)) } / Float(max(1, most.count))
    }

    func load(_ weights: Weights) throws(PapillaError) {
        let layout = layout
        var kernel = heads.flatMap { weights["\($0.head.rawValue).weight"] }
        kernel = layout.part(0, of: kernel)
        try convolution.weights.value.load(kernel)
        try convolution.bias?.value.load(heads.flatMap { weights["\($0.head.rawValue).bias"] }.padded(to: Processor.block))
    }

    func store(in weights: inout Weights) throws(PapillaError) {
        let layout = layout
        var kernel = [Float](repeating: 0, count: layout.out.file * plan.width * 9)
        layout.store(try convolution.weights.smoothed.values(), as: 0, in: &kernel)
        let bias = try convolution.bias?.smoothed.values() ?? []
        for (head, at) in heads {
            let size = plan.width * 9
            weights.tensors["\(head.rawValue).weight"] = Weights.Tensor(
                shape: [head.maps, plan.width, 3, 3], values: Array(kernel[at * size..<(at + head.maps) * size]))
            weights.tensors["\(head.rawValue).bias"] = Weights.Tensor(
                shape: [head.maps], values: Array(bias[at..<at + head.maps]))
        }
    }

    private var layout: KernelLayout {
        KernelLayout(out: (heads.reduce(0) { $0 + $1.head.maps }, Processor.block), inputs: [(plan.width, plan.blockedMaps(0))])
    }
}
