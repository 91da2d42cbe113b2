internal import Glibc
public import Imaging
internal import Neural
internal import Screening
internal import Synchronization

/// A network's answer to one view: probabilities, and what its auxiliary head makes of the same region. S x S each.
struct NetworkAnswer: Sendable {
    /// Probability of the structure, 0...1.
    var probability: Plane
    /// The auxiliary head's region; nil where the network has none that encloses a region.
    var auxiliary: Mask?
    /// The distance map, 0...1; nil without a head of the signed one.
    var distance: Plane?
    /// Logits of whether there is something in a cell, S / 32 x S / 32; nil without that head.
    var cells: Plane?
    /// Logit of whether there is something in the view; nil without that head.
    var frame: Double?

    init(probability: Plane, auxiliary: Mask?) {
        self.probability = probability
        self.auxiliary = auxiliary
    }

    /// Turns logits of one image into probabilities and regions.
    ///
    /// - Parameters:
    ///   - logits: by head, maps x S x S.
    ///   - temperature: by which the mask's logits are divided (calibration).
    ///   - distanceMap: what the distance head was trained on; only `D3`, signed and 0.5 on the boundary, encloses a region.
    init(logits: [Architecture.Head: [Float]], side: Int, temperature: Double, distanceMap: String?) {
        probability = Self.foreground(logits[.mask] ?? [], side: side, temperature: temperature)
        if let distance = logits[.distance], distanceMap == "D3" {
            // The head ends in a sigmoid: below 0.5 is below 0 here.
            auxiliary = Plane(width: side, height: side, values: distance.map { -$0 }).thresholded(0)
            self.distance = Plane(width: side, height: side, values: distance.map { 1 / (1 + expf(-$0)) })
        } else if let contour = logits[.contour] {
            auxiliary = Self.enclosed(by: Self.foreground(contour, side: side, temperature: 1).thresholded(0.5))
        }
        cells = logits[.cells].map { Plane(width: side / 32, height: side / 32, values: $0) }
        frame = logits[.frame]?.first.map(Double.init)
    }

    /// 1 - Dice between the mask head's region and the auxiliary head's; 0 where both are empty, nil without an auxiliary head.
    func disagreement(threshold: Double) -> Double? {
        guard let auxiliary else { return nil }
        return 1 - Overlap(probability.thresholded(Float(threshold)), auxiliary).dice
    }

    /// Softmax over two maps, the second one's share: a sigmoid of their difference.
    private static func foreground(_ logits: [Float], side: Int, temperature: Double) -> Plane {
        let count = side * side
        guard logits.count == 2 * count else { return Plane(width: side, height: side, fill: 0) }
        let scale = Float(1 / temperature)
        return Plane(
            width: side, height: side, values: (0..<count).map { 1 / (1 + expf((logits[$0] - logits[count + $0]) * scale)) })
    }

    /// The region whose contour this is. Contours are trained dilated by 5 px at 256, so that the filled outline is too large by as much.
    private static func enclosed(by contour: Mask) -> Mask {
        let radius = max(1, 5 * Double(contour.width) / 256)
        var outside = contour.filledHoles()
        outside.pixels = outside.pixels.map { ~$0 }
        var region = outside.dilated(radius: radius)
        region.pixels = region.pixels.map { ~$0 }
        return region
    }
}

/// A network's evidence in the view that a structure was measured in: what calibration and evaluation hold against the truth.
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

/// A memory of networks' answers to views of some images, so that the same images can be read again under other thresholds or another
/// temperature without running the networks again. It holds as much as it is given: for an evaluation, not for a service.
public final class LookMemory: Sendable {
    /// One view of one image.
    struct Key: Hashable, Sendable {
        let image: String
        let task: ModelTask
        let view: NetworkView
        /// Mirror images whose answers were averaged.
        let mirrors: Int
    }

    private let answers = Mutex<[Key: [Architecture.Head: [Float]]]>([:])

    /// An empty memory. It belongs to one set of weights.
    public init() {}

    /// What was answered before, or what `run` answers now.
    func answer(_ key: Key, run: () async throws -> [Architecture.Head: [Float]]) async throws -> [Architecture.Head: [Float]] {
        if let known = answers.withLock({ $0[key] }) { return known }
        let answer = try await run()
        answers.withLock { $0[key] = answer }
        return answer
    }
}
