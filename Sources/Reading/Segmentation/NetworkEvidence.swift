public import Imaging

/// What a network made of the view that a structure was measured in: what calibration and evaluation hold against the truth.
public struct NetworkEvidence: Sendable {
    /// The square of the original that was looked at, at the network's side.
    public let view: NetworkView
    /// S x S, 0...1, at the model's temperature.
    public let probability: Plane
    /// 1 - Dice between the two heads' regions; nil where the network has only one.
    public let disagreement: Double?
    /// Mean probability where it is above the structure's threshold; nil where it nowhere is.
    public let confidence: Double?

    /// - Parameter threshold: of the structure.
    init(_ look: NetworkAnswer, in view: NetworkView, threshold: Double) {
        self.view = view.resized(to: look.probability.width)
        probability = look.probability
        disagreement = look.disagreement(threshold: threshold)
        let region = look.probability.thresholded(Float(threshold))
        confidence = region.area > 0 ? look.probability.mean(over: region) : nil
    }
}
