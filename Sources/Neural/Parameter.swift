internal import CKernels
internal import OneDNN
internal import Screening

/// Values that training changes, with their gradient and Adam's two moments, all in one layout.
final class Parameter {
    let name: String
    let value: Tensor
    let gradient: Tensor
    /// Whether the gradient is that of all ranks' images as it comes.
    let isSummed: Bool
    private let first: Tensor
    private let second: Tensor
    /// Running average of the values, where the learner keeps one.
    private var average: Tensor?

    /// Zeros beside a gradient, in its layout.
    convenience init(_ name: String, gradient: Tensor) throws(PapillaError) {
        try self.init(name, value: try Tensor(like: gradient), gradient: gradient)
    }

    init(_ name: String, value: Tensor, gradient: Tensor, isSummed: Bool = false) throws(PapillaError) {
        self.name = name
        self.value = value
        self.gradient = gradient
        self.isSummed = isSummed
        first = try Tensor(like: gradient)
        second = try Tensor(like: gradient)
    }

    /// The sum of the squares of the gradient.
    var squares: Double { squares_f32(gradient.pointer, gradient.count) }

    /// What is saved: the running average where there is one.
    var smoothed: Tensor { average ?? value }

    /// Moves the running average by `share` of the way to the values; begins it at them.
    func smooth(_ share: Float) throws(PapillaError) {
        if let average { return average_f32(average.pointer, value.pointer, value.count, share) }
        let first = try Tensor(like: value)
        first.pointer.update(from: value.pointer, count: value.count)
        average = first
    }

    /// Step number `time` (from 1) of Adam.
    /// - Parameters:
    ///   - decay: how fast kernels shrink by themselves, times `rate`; biases and scales never do.
    ///   - scale: of the gradient.
    func step(_ time: Int, rate: Float, decay: Float = 0, scale: Float = 1) {
        var (c1, c2) = (1.0, 1.0)
        // Products, not `pow`: the same bits on every C library.
        for _ in 0..<min(time, 100_000) {
            c1 = c1 * 0.9
            c2 = c2 * 0.999
        }
        adam_f32(
            value.pointer, first.pointer, second.pointer, gradient.pointer, value.count, rate, Float(1 - c1), Float(1 - c2),
            value.dimensions.count == 4 ? decay : 0, scale)
    }

    /// Values, moments and running average, row-major with the engine's padding.
    func state() throws(PapillaError) -> [String: Weights.Tensor] {
        var result: [String: Weights.Tensor] = [:]
        for (suffix, tensor) in [("", value), (".first", first), (".second", second)] + (average.map { [(".average", $0)] } ?? [])
        {
            result[name + suffix] = Weights.Tensor(shape: tensor.dimensions, values: try tensor.values())
        }
        return result
    }

    func restore(_ state: Weights) throws(PapillaError) {
        average = state.tensors[name + ".average"] == nil ? nil : try Tensor(like: value)
        for (suffix, tensor) in [("", value), (".first", first), (".second", second)] + (average.map { [(".average", $0)] } ?? [])
        {
            guard let saved = state.tensors[name + suffix], saved.shape == tensor.dimensions else {
                throw PapillaError(
                    .badInput, "The snapshot does not fit this network: expected \(tensor.dimensions)", place: name + suffix,
                    hint: "Resume with the options and version that the run was started with, or begin anew with another --out")
            }
            try tensor.load(saved.values)
        }
    }
}
