internal import OneDNN
internal import Screening

/// A convolution of the learner with what follows it: what is loaded, saved, averaged and brought back under one name.
protocol TrainedPart: AnyObject {
    /// As in the weights file.
    var name: String { get }
    var parameters: [Parameter] { get }
    func forward() throws(PapillaError)
    func backward() throws(PapillaError)
    /// Takes its kernel and bias, or its normalisation where the file has it still.
    func load(_ weights: Weights) throws(PapillaError)
    /// Puts its kernel and bias there, with the normalisation folded in.
    func store(in weights: inout Weights) throws(PapillaError)
    /// Random kernels need no scales to come back to.
    func startFresh()
    /// Moves the running averages of the statistics; the parameters' are the learner's business.
    func smooth(_ share: Float)
    func state() throws(PapillaError) -> [String: Weights.Tensor]
    /// - Parameter isFresh: whether the state is from before the first step: what the first batch decides is still to come.
    func restore(_ state: Weights, isFresh: Bool) throws(PapillaError)
}

/// An encoder in training.
protocol TrainedEncoder: AnyObject {
    /// In the order of the weights file.
    var parts: [any TrainedPart] { get }
    /// What the decoders' level 0...3 read, and the last maps: each has its gradient there before ``backward()``.
    var skips: [TrainedMaps] { get }
    var last: TrainedMaps { get }
    func forward() throws(PapillaError)
    func backward() throws(PapillaError)
}

/// Maps in training: their gradient (nil for the input) and how many of them the weights file counts.
struct TrainedMaps {
    let maps: Tensor
    let gradient: Tensor?
    let file: Int
    /// Whether others have left their share in the gradient already.
    var accumulates = false

    /// The same maps for a reader that adds to the gradient, or overwrites it.
    func read(accumulating: Bool) -> TrainedMaps {
        TrainedMaps(maps: maps, gradient: gradient, file: file, accumulates: accumulating)
    }
}
